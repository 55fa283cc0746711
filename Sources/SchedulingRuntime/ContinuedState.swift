// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore
import Synchronization

/// What a continued task shows of itself: its progress, its title and its subtitle.
package final class ContinuedState: Sendable {
    package let progress = Progress(totalUnitCount: 0)
    private let texts: Mutex<(title: String, subtitle: String)>

    init(title: String, subtitle: String) { texts = Mutex((title, subtitle)) }

    package var title: String { texts.withLock(\.title) }
    package var subtitle: String { texts.withLock(\.subtitle) }
    func update(title: String, subtitle: String) { texts.withLock { $0 = (title, subtitle) } }

    func snapshot(_ identifier: String, pid: Int32) -> ContinuedProgress {
        let (title, subtitle) = texts.withLock { $0 }
        return ContinuedProgress(
            identifier: identifier, title: title, subtitle: subtitle,
            completedUnitCount: progress.completedUnitCount, totalUnitCount: progress.totalUnitCount,
            processIdentifier: pid)
    }
}
