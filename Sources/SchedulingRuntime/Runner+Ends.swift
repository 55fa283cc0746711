// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import SchedulingStore

/// Ends are recorded together: those that came in during one commit in the next one, and with what is claimed then.
extension Runner {
    /// Closes the run; its end is recorded with the next claim, or when those that came with it are.
    func note(_ end: SchedulerMachine.RunEnd) {
        state.withLock { state in
            let run = state.runs.removeValue(forKey: end.occurrence)
            run?.close()
            // Its instant lies ahead of the clock, which was set back while it ran: it may lie as far as the year 2200.
            if let run, let again = end.again, again < run.occurrence.instant { state.isClockNew = true }
            state.unrecorded.append(
                RunEnd(
                    occurrence: end.occurrence, outcome: end.outcome, reason: end.reason, detail: end.detail,
                    started: end.started, ended: end.ended, again: end.again, givesUp: end.givesUp))
            state.hasNewEnds = true
        }
    }

    func recordNewEnds() throws(SchedulingFailure) {
        if state.withLock(\.hasNewEnds) { try recordEnds() }
    }

    /// Records the ends that are not recorded yet: new ones, and those that the store refused before.
    func recordEnds() throws(SchedulingFailure) {
        let ends = takeEnds()
        if ends.isEmpty { return }
        try store.finish(ends, rings: false)
        recorded(ends)
    }

    /// The ends and the claim in one commit.
    func claim(_ ids: [Int64], _ now: WallTime) throws(SchedulingFailure) -> [Occurrence] {
        let ends = takeEnds()
        let claimed = try store.claim(ids, after: ends, now: now)
        if !ends.isEmpty { recorded(ends) }
        return claimed
    }

    private func takeEnds() -> [RunEnd] {
        state.withLock { state in
            state.hasNewEnds = false
            return state.unrecorded
        }
    }

    private func recorded(_ ends: [RunEnd]) {
        state.withLock { state in
            state.unrecorded.removeFirst(ends.count)
            state.later.ringLater()
        }
        CrashPoint.pass(.afterFinish)
    }

    /// The doorbell rang, maybe for ends of our own.
    func heard() {
        if let stamp = try? store.stamp() {
            let isKnown = state.withLock { state in
                defer { state.heard = stamp }
                return state.heard == stamp
            }
            if isKnown { return }
        }
        rang()
    }
}
