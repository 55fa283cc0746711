// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Schedules that go on, and chains: each instant is scheduled once, or counted as skipped.
extension Ledger {
    /// The next occurrence of a schedule.
    mutating func succeeded(_ row: OccurrenceRow, _ wish: Wish, _ commit: inout Commit) throws {
        if case .after(let delay) = wish.schedule {
            guard let ended = commit.concluded.removeValue(forKey: row.request), row.instant == ended + delay else {
                throw Violation(promise: "d", what: "\(describe(row)) does not come \(delay) µs after a run")
            }
            return
        }
        guard let (instant, manner, now) = commit.departures.removeValue(forKey: row.request),
            let grid = wish.grid(through: instant, local: commit.actor.local)
        else { throw Violation(promise: "d", what: "\(describe(row)) comes although nothing was left behind") }
        // The zone may have been another one then.
        if commit.actor.pid == nil, wish.isLocal { return commit.pool.removeAll { isMissed($0, row) } }
        let expected = wish.successor(of: instant, on: grid, now: now, manner)
        let isTaken = rows.contains { $0.request == row.request && $0.instant == expected && !$0.forced }
        if isTaken, row.instant > expected { return commit.pool.removeAll { isMissed($0, row) } }
        guard row.instant == expected else {
            throw Violation(
                promise: "f", what: "\(describe(row)) follows \(instant), left behind at \(now): not \(expected)")
        }
        let missed = grid.count(after: instant, through: row.instant - 1)
        let told = commit.pool.firstIndex { isMissed($0, row) }
        guard missed > 0 else {
            if told != nil { throw Violation(promise: "b", what: "nothing was missed before \(describe(row))") }
            return
        }
        guard let told, commit.pool[told].scheduled == grid.next(after: instant),
            commit.pool[told].detail.hasPrefix("\(missed) missed")
        else {
            let words = told.map { commit.pool[$0].detail } ?? "nothing"
            throw Violation(
                promise: "b", what: "\(missed) were missed before \(describe(row)), and history says \(words)")
        }
        commit.pool.remove(at: told)
    }

    private func isMissed(_ entry: HistoryRow, _ row: OccurrenceRow) -> Bool {
        entry.outcome == Outcome.skipped && entry.identifier == row.identifier && entry.detail.contains(" missed")
    }

    /// After all of a commit: every schedule goes on, as its request says.
    mutating func checkSchedules(_ commit: inout Commit) throws {
        for (request, departure) in commit.departures {
            // What a clock that was set has put at the same instant goes on by itself.
            if commit.new.contains(where: { $0.request == request && $0.isHead }) { continue }
            throw Violation(
                promise: "b", what: "the schedule of request \(request) ends after \(departure.instant)")
        }
        for (request, ended) in commit.concluded {
            guard let wish = wishes[request], case .after = wish.schedule else { continue }
            // Who cancels or replaces it while it runs ends it.
            let last = rows.last { $0.request == request }
            if last?.recurring == true, !commit.new.contains(where: { $0.request == request }) {
                throw Violation(promise: "b", what: "request \(request) ends with the run that ended at \(ended)")
            }
        }
        try checkOverlaps(commit)
        try checkZone(commit)
    }

    private func checkOverlaps(_ commit: Commit) throws {
        for (late, at) in commit.overlapped {
            let isBeside = commit.ended.contains { run, ended in
                run.request == late.request && ended == at && late.instant > run.started ?? .max
                    && late.eligible <= ended
            }
            guard isBeside, wishes[late.request]?.overlap == .skip else {
                throw Violation(promise: "b", what: "\(describe(late)) was skipped beside no run")
            }
        }
        for (run, ended) in commit.ended where wishes[run.request]?.overlap == .skip {
            if let late = commit.new.first(where: {
                $0.request == run.request && $0.isHead && !$0.isClaimed && $0.instant > run.started ?? .max
                    && $0.eligible <= ended
            }) {
                throw Violation(promise: "b", what: "\(describe(late)) came due beside \(describe(run)), and stays")
            }
        }
    }

    /// The host's time zone is another one than when local schedules were counted last.
    private func checkZone(_ commit: Commit) throws {
        guard commit.isZoneNew, commit.actor.pid != nil else { return }
        let wall = commit.actor.wall
        for old in rows where old.isHead && !old.isClaimed {
            guard let wish = wishes[old.request], wish.isLocal else { continue }
            guard let new = commit.new.first(where: { $0.id == old.id }), !new.isClaimed else { continue }
            let from = max(wall, earliest[old.request] ?? wall)
            let first = old.instant > wall ? wish.first(from: from, local: commit.actor.local) : old.instant
            let isTaken = rows.contains { $0.request == old.request && $0.id != old.id && $0.instant == first }
            if new.instant != first, !(isTaken && new.instant == old.instant) {
                throw Violation(
                    promise: "f", what: "\(describe(new)) was counted for another time zone: \(first) is next")
            }
        }
    }

    // MARK: Chains

    /// What waits for another waits for one that is there; once that has succeeded, it does not wait.
    func checkChains(_ commit: Commit) throws {
        for (old, new) in commit.freed {
            guard let leader = old.follows, new.state == 0, let at = commit.succeeded[leader] else {
                throw Violation(promise: "b", what: "\(describe(old)) may run, and what it follows did not succeed")
            }
            guard new.instant == max(old.instant, at), new.eligible == max(old.eligible, at) else {
                throw Violation(promise: "e", what: "\(describe(old)) was set free as \(describe(new))")
            }
        }
        for row in commit.dropped where row.follows.map({ commit.succeeded[$0] != nil }) ?? true {
            throw Violation(promise: "b", what: "\(describe(row)) was skipped, and what it follows has succeeded")
        }
        for row in commit.new where row.isHeld {
            guard let leader = row.follows, let wish = wishes[row.request] else {
                throw Violation(promise: "b", what: "\(describe(row)) waits for nothing")
            }
            guard commit.succeeded[leader] == nil else {
                throw Violation(promise: "b", what: "\(describe(row)) waits on, and what it follows has succeeded")
            }
            guard let first = commit.new.first(where: { $0.request == leader }), first.identifier == wish.follows else {
                throw Violation(promise: "b", what: "\(describe(row)) waits for a request that is gone")
            }
            let before = rows.first { $0.id == row.id }
            let newest = commit.new.filter { $0.identifier == wish.follows }.map(\.request).max()
            if before?.follows != leader, newest != leader {
                throw Violation(promise: "b", what: "\(describe(row)) does not follow the newest \(first.identifier)")
            }
        }
    }

    /// What it follows is gone without a success.
    func takeDrop(of row: OccurrenceRow, _ commit: inout Commit) -> HistoryRow? {
        guard !commit.new.contains(where: { $0.request == row.follows }),
            let index = commit.pool.firstIndex(where: {
                $0.outcome == Outcome.skipped && $0.identifier == row.identifier && $0.scheduled == nil
            })
        else { return nil }
        commit.dropped.append(row)
        return commit.pool.remove(at: index)
    }
}
