// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
internal import BackgroundSurroundings
import Synchronization

/// Lets some time pass, for tests that do something at a moment which nobody knows; none waits in this way for anything.
package func randomMoment(within milliseconds: ClosedRange<Int64>) async {
    let clocks = SystemClocks()
    let kept = Mutex<(any Alarm)?>(nil)
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
        let alarm = clocks.makeAlarm { continuation.resume() }
        kept.withLock { $0 = alarm }
        alarm.set(wall: nil, awake: clocks.now().awake(after: .milliseconds(Int64.random(in: milliseconds))))
    }
    kept.withLock { $0 = nil }
}
