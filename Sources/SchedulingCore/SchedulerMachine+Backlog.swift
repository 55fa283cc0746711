// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

extension SchedulerMachine {
    /// What would be claimed next without a look, as far as there is room; a guess, for those who read ahead.
    package var claimedNext: [Int64] {
        backlog.prefix(max(0, policy.maximumConcurrentTasks - runs.count)).map(\.id)
    }

    /// What to do instead of a look.
    package enum Shortcut: Hashable, Sendable {
        /// What the latest look found and had no room for, or saw coming, is claimed now.
        case claim([Int64])
        /// There is no room; an end looks again.
        case wait
    }

    /// Spares a look where the latest one knows what to start. Nil: look.
    ///
    /// A claim judges anew what it is asked for, so one that was taken meanwhile, or is gone, does no harm.
    package mutating func shortcut(at now: Moment) -> Shortcut? {
        guard mayStart, !isClaiming, !isFinished, !backlog.isEmpty else { return nil }
        let free = policy.maximumConcurrentTasks - runs.count
        guard free > 0 else { return .wait }
        var busy = busyIdentifiers
        var ready: [Int64] = []
        while ready.count < free, let occurrence = backlog.popFirst() {
            guard runs[occurrence.id] == nil, occurrence.instant <= now.wall, occurrence.eligible <= now.wall,
                judge(occurrence, busy: busy, now) == .ready
            else {
                // A look decides what becomes of it.
                backlog = []
                break
            }
            busy.insert(occurrence.identifier)
            ready.append(occurrence.id)
        }
        guard !ready.isEmpty else { return nil }
        isClaiming = true
        isClaimFromBacklog = true
        return .claim(ready)
    }
}
