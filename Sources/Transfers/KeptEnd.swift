// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Synchronization

/// An end between its telling and its acknowledgement, for those who wait in a Swift task.
final class KeptEnd: Sendable {
    private let kept = Mutex<(String, TransferEnd)?>(nil)

    func put(_ identifier: String, _ end: TransferEnd) { kept.withLock { $0 = (identifier, end) } }

    var end: (String, TransferEnd)? { kept.withLock { $0 } }
}
