// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import SchedulingStore

/// Instants follow the wall clock and the time zone when somebody sets them.
extension Runner {
    /// The wall clock was set, or the system's time zone.
    func clockWasSet() {
        state.withLock { $0.isClockNew = true }
        send(.rang)
    }

    /// Whether instants had to follow a clock or a zone that was set since the last look. A wake-up comes at such a setting,
    /// but not into a launch that is under way, nor one that was armed only after it.
    func clocksMoved() throws(SchedulingFailure) -> Bool {
        let now = environment.time.now().wall
        guard try store.hasInstantsToMove(now: now, implausible: policy.implausible) else { return false }
        state.withLock { $0.isClockNew = true }
        try followClocks(now)
        return true
    }

    /// Once at the start, and after every setting of the clock or the zone.
    func followClocks(_ now: WallTime) throws(SchedulingFailure) {
        guard state.withLock(\.isClockNew) else { return }
        if try store.hasInstantsToMove(now: now, implausible: policy.implausible) {
            try keeper.watch { () throws(SchedulingFailure) in
                for entry in try store.reanchor(now: now, implausible: policy.implausible) {
                    environment.logRecorded("\(entry.identifier ?? ""): \(entry.outcome) \(entry.detail)")
                }
                _ = try store.rezone(now: now)
            }
        } else {
            _ = try store.rezone(now: now)
        }
        state.withLock { $0.isClockNew = false }
    }
}
