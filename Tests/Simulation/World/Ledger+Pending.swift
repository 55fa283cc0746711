// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Occurrences that come, wait and are claimed.
extension Ledger {
    // MARK: Born

    mutating func appeared(_ row: OccurrenceRow, _ commit: inout Commit) throws {
        guard row.id > newest else {
            throw Violation(promise: "d", what: "\(describe(row)) has a number that was used before")
        }
        newest = row.id
        guard !row.isClaimed, row.attempts == 0, row.starts == 0 else {
            throw Violation(promise: "d", what: "\(describe(row)) did not begin as pending")
        }
        if let wish = wishes[row.request] {
            if row.forced { return try appearedBeside(row, wish, commit) }
            try succeeded(row, wish, &commit)
            return try checkWindow(row, wish)
        }
        func matches(_ intent: Intent) -> Bool {
            guard let wish = intent.wish, !intent.isDone, wish.identifier == row.identifier else { return false }
            return row.wish.map { $0 == wish.number } ?? (wish.isPlain && wish.start == row.instant)
        }
        // Who died may have wanted the same.
        let own = intents.firstIndex { $0.process == commit.actor.pid && matches($0) }
        guard let index = own ?? intents.firstIndex(where: matches), let wish = intents[index].wish else {
            throw Violation(promise: "d", what: "\(describe(row)) was submitted by nobody")
        }
        intents[index].isDone = true
        wishes[row.request] = wish
        if wish.schedule != nil { recurring.insert(row.identifier) }
        if wish.date != nil { earliest[row.request] = wish.start }
        guard row.isHeld == (wish.follows != nil) else {
            throw Violation(promise: "b", what: "\(describe(row)) is to follow \(wish.follows ?? "nothing")")
        }
        guard row.instant == wish.first(from: wish.start, local: commit.actor.local) || commit.actor.pid == nil else {
            throw Violation(promise: "d", what: "\(describe(row)) is not at the first instant of \(wish)")
        }
        try checkWindow(row, wish)
    }

    /// One that somebody made due, beside its schedule.
    private func appearedBeside(_ row: OccurrenceRow, _ wish: Wish, _ commit: Commit) throws {
        guard wish.isGrid, intents.contains(where: { $0.what == .makeDue(identifier: row.identifier) }),
            commit.actor.pid == nil || row.instant <= commit.actor.wall
        else { throw Violation(promise: "d", what: "\(describe(row)) was made due by nobody") }
    }

    /// It is looked at when its window ends, and after its jitter, which is the same each time.
    private mutating func checkWindow(_ row: OccurrenceRow, _ wish: Wish) throws {
        let spread = row.eligible - row.instant - wish.flex
        let key = "\(wish.identifier) \(wish.jitter)"
        let before = jitters[key]
        guard spread == 0 && wish.jitter == 0 || (0..<wish.jitter).contains(spread), before ?? spread == spread,
            row.waiting == (wish.flex > 0 ? Self.window : 0)
        else { throw Violation(promise: "e", what: "\(describe(row)) is looked at \(spread) µs after its window") }
        jitters[key] = spread
        leads[row.id] = wish.flex > 0 ? 0 : spread
    }

    /// A schedule was submitted again: when it runs stays as it is.
    mutating func amended(_ old: OccurrenceRow, _ new: OccurrenceRow) throws {
        guard let before = wishes[old.request] else { return }
        if before.number == new.wish { return }  // by another of its occurrences
        let index = intents.firstIndex { $0.wish?.number == new.wish }
        guard let index, let wish = intents[index].wish, wish.identifier == new.identifier, isSame(wish, before),
            wish.conflict == .replace
        else { throw Violation(promise: "b", what: "\(describe(old)) has other terms, and nobody submitted them") }
        intents[index].isDone = true
        wishes[old.request] = wish
    }

    // MARK: Waiting

    mutating func stillPending(_ old: OccurrenceRow, _ new: OccurrenceRow, _ commit: inout Commit) throws {
        let actor = commit.actor
        guard new.attempts == old.attempts, new.starts == old.starts else {
            throw Violation(promise: "g", what: "\(describe(old)) burnt an attempt while it was pending")
        }
        guard new.eligible >= new.instant else {
            throw Violation(promise: "e", what: "\(describe(new)) is eligible before its instant")
        }
        let isMadeDue = intents.contains { $0.what == .makeDue(identifier: old.identifier) }
        if new.forced != old.forced, !isMadeDue || old.forced {
            throw Violation(promise: "f", what: "\(describe(old)) was made due by nobody")
        }
        // It was due, jitter and all, and was put off: what is set anew later does not wait for its jitter again.
        if let lead = leads[old.id], new.eligible > old.eligible, new.instant == old.instant,
            actor.wall >= old.instant + lead
        {
            leads[old.id] = 0
        }
        if old.isHeld != new.isHeld {
            commit.freed.append((old, new))
            leads[old.id] = new.eligible - new.instant
            setFree.insert(old.id)
        } else if commit.take([Outcome.clockMoved], of: old) != nil {
            try setAnew(old, new, actor)
            // It keeps its distance from when it was set free, and what jitter is left of that after its instant.
            if setFree.contains(old.id), let lead = leads[old.id] {
                leads[old.id] = min(lead, new.eligible - new.instant)
            }
        } else if new.instant != old.instant || new.submitted != old.submitted {
            if let wish = wishes[old.request], wish.isLocal, commit.isZoneNew, old.isHead {
                return  // judged with all of its kind
            }
            // One that somebody made due gives way to the schedule's own.
            if old.forced, new.instant == old.instant - 1 { return }
            guard isMadeDue, new.instant < old.instant, new.submitted == old.submitted,
                actor.pid == nil || new.instant <= actor.wall
            else { throw Violation(promise: "f", what: "\(describe(old)) moved to \(describe(new))") }
        }
    }

    /// The clock was far ahead when it was submitted: it keeps its distance from then, or is counted anew.
    private mutating func setAnew(_ old: OccurrenceRow, _ new: OccurrenceRow, _ actor: Actor) throws {
        // One that was put off, or set free, by the wrong clock only.
        if new.submitted == old.submitted {
            guard new.instant == old.instant || new.instant < old.instant && new.instant <= actor.wall,
                new.eligible <= old.eligible
            else { throw Violation(promise: "f", what: "\(describe(old)) was set anew to \(describe(new))") }
            return
        }
        let wish = wishes[old.request]
        var planned: Int64?
        if old.starts > 0, wish?.schedule != nil {
            planned = new.submitted
        } else if case .calendar? = wish?.schedule, let wish, !old.forced {
            let distance = earliest[old.request].map { max(0, $0 - old.submitted) }
            earliest[old.request] = distance.map { new.submitted + $0 }
            planned = wish.first(from: new.submitted + (distance ?? 0), local: actor.local)
        }
        // A few microseconds tell those apart that would meet.
        let shift = (new.instant - new.submitted) - (old.instant - old.submitted)
        guard old.submitted > new.submitted + Self.day, new.submitted <= actor.wall || actor.pid == nil,
            new.instant == planned || (0...1024).contains(shift)
        else {
            throw Violation(promise: "f", what: "\(describe(old)) was set anew to \(describe(new)), against the rule")
        }
    }

    // MARK: Claimed

    mutating func claimed(_ old: OccurrenceRow, _ new: OccurrenceRow, _ commit: inout Commit) throws {
        guard let started = new.started, let pid = new.pid else {
            throw Violation(promise: "c", what: "\(describe(new)) is claimed by nobody")
        }
        guard !old.isHeld else {
            throw Violation(promise: "b", what: "\(describe(new)) was claimed before what it follows has succeeded")
        }
        guard started >= new.instant else {
            throw Violation(
                promise: "e", what: "\(describe(new)) was claimed \(new.instant - started) µs before its instant")
        }
        guard new.attempts == old.attempts, new.instant == old.instant, new.starts == old.starts + 1 else {
            throw Violation(promise: "g", what: "\(describe(old)) changed when it was claimed")
        }
        if old.starts == 0, !old.forced, let wish = wishes[old.request] {
            let lead = leads[old.id] ?? 0
            guard started >= new.instant + lead else {
                throw Violation(
                    promise: "e", what: "\(describe(new)) was claimed \(new.instant + lead - started) µs too early")
            }
            if let latest = wish.latestStart, started > new.instant + latest {
                throw Violation(promise: "b", what: "\(describe(new)) was claimed after its start deadline")
            }
            if wish.isGrid { commit.departures[old.request] = (old.instant, .claimed, started) }
        }
        claims += 1
        begunWith[new.id] = wishes[new.request]
        try claimed(new, by: pid, commit.actor)
    }

    private func claimed(_ new: OccurrenceRow, by pid: Int32, _ actor: Actor) throws {
        guard let acting = actor.pid else {
            // It appears after the death of who claimed it.
            if actor.isHolding(new), !actor.isLate {
                throw Violation(promise: "c", what: "\(describe(new)) was claimed by a sleeper")
            }
            return
        }
        guard acting == pid else {
            // Nobody can say whose it is.
            if actor.isLate { return }
            throw Violation(promise: "c", what: "\(describe(new)) was claimed by process \(acting) for another")
        }
        guard actor.wall >= new.instant else {
            throw Violation(
                promise: "e", what: "\(describe(new)) was claimed \(new.instant - actor.wall) µs before its instant")
        }
        guard actor.hasHandler(pid, new.identifier) else {
            throw Violation(promise: "b", what: "\(describe(new)) was claimed by a process without a handler for it")
        }
    }
}
