// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The reference model: what was accepted, what may become of it, and what must not.
///
/// It knows nothing of the machine, the runtime or the store's code. After each commit it is shown the tables, and every
/// difference from what it saw before has to be one that the promises allow.
struct Ledger {
    /// What a call into the product that is under way, or whose answer was lost, may still do.
    struct Intent: Equatable {
        enum What: Equatable {
            case submit(identifier: String, instant: Int64, recurs: Recurrence?)
            case cancel(identifier: String?)
            case makeDue(identifier: String)
        }
        var process: Int32
        var what: What
        var instant: Int64? { if case .submit(_, let instant, _) = what { instant } else { nil } }
        /// Whether it was seen in the store.
        var isDone = false
    }

    /// How a request recurs, in microseconds.
    enum Recurrence: Equatable {
        /// On a grid from its first instant.
        case every(Int64)
        /// So long after the end of each run.
        case after(Int64)
    }

    /// How a process ended.
    enum Death: Equatable { case killed, hostWentDown }

    // The codes as the store keeps them: part of its file format.
    enum Outcome {
        static let succeeded: Int64 = 1, failed: Int64 = 2, expired: Int64 = 3, interrupted: Int64 = 4
        static let abandoned: Int64 = 5, cancelled: Int64 = 6, replaced: Int64 = 7, gaveUp: Int64 = 8
        static let launchUnhandled: Int64 = 9, clockMoved: Int64 = 10, noHandler: Int64 = 11
    }
    /// Sleep, shutdown, a stop of the service, power lost, network lost.
    static let interruptions: Set<Int64> = [2, 3, 4, 5, 6]
    static let cancelledReason: Int64 = 7
    static let skipped: Int64 = 12

    static let maximumAttempts: Int64 = 5
    static let day: Int64 = 86_400_000_000

    private(set) var rows: [OccurrenceRow] = []
    private(set) var lastHistory: Int64 = 0
    /// The attempts that each occurrence has burnt, counted here.
    private var burnt: [Int64: Int64] = [:]
    /// The requests that recur, and the instant of the last occurrence of each.
    private var series: [Int64: (recurrence: Recurrence, last: Int64)] = [:]
    /// Their identifiers.
    private(set) var recurring: Set<String> = []
    /// Those of them that were set anew after a step of the clock.
    private var moved: Set<Int64> = []
    /// The highest occurrence that was ever seen.
    private var newest: Int64 = 0
    var intents: [Intent] = []
    var deaths: [Int32: Death] = [:]
    /// How many ends there were, by outcome.
    private(set) var ends = [Int](repeating: 0, count: 16)
    private(set) var claims = 0
    /// The runs that were told to stop because their time was taken away.
    var told: Set<Int64> = []
    /// Whether every write of the store succeeds.
    var isStoreSound = false

    /// Who did what is looked at; nil: a process that is dead, or nobody knows.
    struct Actor {
        var pid: Int32?
        var wall: Int64
        var isAlive: (Int32) -> Bool
        var hasHandler: (Int32, String) -> Bool
    }

    /// Compares the tables with what was seen last.
    mutating func see(
        _ new: [OccurrenceRow], _ history: [HistoryRow], orphans: Int64, by actor: Actor
    ) throws {
        if new == rows, history.isEmpty { return }
        var pool = history
        for (previous, next) in zip(history, history.dropFirst()) where next.id <= previous.id {
            throw Violation(promise: "+", what: "history is out of order")
        }
        if orphans > 0 { throw Violation(promise: "d", what: "\(orphans) requests have no occurrence") }
        try checkUnique(new)

        // Both are in the order of their numbers.
        var oldIndex = 0
        var newIndex = 0
        var born: [OccurrenceRow] = []
        while oldIndex < rows.count || newIndex < new.count {
            let old = oldIndex < rows.count ? rows[oldIndex] : nil
            let now = newIndex < new.count ? new[newIndex] : nil
            if let old, now == nil || (now.map { $0.id > old.id } ?? true) {
                try gone(old, &pool, actor)
                oldIndex += 1
            } else if let now, old == nil || (old.map { $0.id > now.id } ?? true) {
                born.append(now)
                newIndex += 1
            } else if let old, let now {
                if old != now { try changed(old, now, &pool, actor) }
                oldIndex += 1
                newIndex += 1
            }
        }
        for row in born { try appeared(row, &pool, actor) }
        for row in pool { try leftOver(row) }
        rows = new
        if let last = history.last { lastHistory = last.id }
    }

    private func checkUnique(_ rows: [OccurrenceRow]) throws {
        var running: Set<String> = []
        for row in rows where row.isClaimed && !running.insert(row.identifier).inserted {
            throw Violation(promise: "c", what: "two occurrences of \(row.identifier) are claimed at once")
        }
        for (one, other) in zip(rows, rows.dropFirst()) where one.request == other.request && series[one.request] == nil
        {
            throw Violation(promise: "d", what: "request \(one.request) has two occurrences")
        }
    }

    /// Takes the row of history that tells of an end.
    private func take(
        _ outcomes: Set<Int64>, of row: OccurrenceRow, from pool: inout [HistoryRow]
    ) -> HistoryRow? {
        let index = pool.firstIndex {
            $0.identifier == row.identifier && $0.scheduled == row.instant && outcomes.contains($0.outcome)
        }
        return index.map { pool.remove(at: $0) }
    }

    // MARK: Gone

    private mutating func gone(_ row: OccurrenceRow, _ pool: inout [HistoryRow], _ actor: Actor) throws {
        if row.isClaimed {
            let ended: Set = [Outcome.succeeded, Outcome.failed, Outcome.expired, Outcome.cancelled]
            // Given up: the row of the last attempt, and the row that says so.
            if let last = take([Outcome.gaveUp], of: row, from: &pool) {
                guard take([Outcome.abandoned, Outcome.expired], of: row, from: &pool) != nil else {
                    throw Violation(promise: "b", what: "\(describe(row)) was given up without a last attempt")
                }
                ends[Int(last.outcome)] += 1
                let attempts = burnt[row.id, default: 0] + 1
                guard attempts >= Self.maximumAttempts else {
                    throw Violation(promise: "g", what: "\(describe(row)) was given up after \(attempts) attempts")
                }
                burnt[row.id] = nil
                return
            }
            guard let end = take(ended, of: row, from: &pool) else {
                throw Violation(promise: "b", what: "\(describe(row)) is gone without an end in history")
            }
            if end.outcome == Outcome.cancelled, row.stop != Self.cancelledReason, row.cut != Self.cancelledReason {
                throw Violation(promise: "b", what: "\(describe(row)) was cancelled, and nobody asked for that")
            }
            ends[Int(end.outcome)] += 1
        } else {
            guard let end = take([Outcome.cancelled, Outcome.replaced], of: row, from: &pool) else {
                throw Violation(promise: "b", what: "\(describe(row)) is gone without a row in history")
            }
            let isAsked =
                end.outcome == Outcome.cancelled
                ? intents.contains {
                    if case .cancel(let name) = $0.what { name ?? row.identifier == row.identifier } else { false }
                }
                : intents.contains { if case .submit(row.identifier, _, _) = $0.what { true } else { false } }
            if !isAsked {
                throw Violation(
                    promise: "b", what: "\(describe(row)) was \(end.outcome == 6 ? "cancelled" : "replaced") by nobody")
            }
            if end.outcome == Outcome.replaced, row.begun {
                throw Violation(promise: "b", what: "\(describe(row)) was replaced although it had begun")
            }
            ends[Int(end.outcome)] += 1
        }
        burnt[row.id] = nil
    }

    // MARK: Born

    private mutating func appeared(_ row: OccurrenceRow, _ pool: inout [HistoryRow], _ actor: Actor) throws {
        guard row.id > newest else {
            throw Violation(promise: "d", what: "\(describe(row)) has a number that was used before")
        }
        newest = row.id
        guard !row.isClaimed, row.attempts == 0, row.eligible == row.instant else {
            throw Violation(promise: "d", what: "\(describe(row)) did not begin as pending")
        }
        if let known = series[row.request] { return try recurred(row, known.recurrence, known.last, &pool, actor) }
        func matches(_ intent: Intent) -> Bool {
            guard case .submit(let identifier, let instant, _) = intent.what else { return false }
            return !intent.isDone && identifier == row.identifier && instant == row.instant
        }
        // Who died may have wanted the same.
        let own = intents.firstIndex { $0.process == actor.pid && matches($0) }
        guard let index = own ?? intents.firstIndex(where: matches) else {
            throw Violation(promise: "d", what: "\(describe(row)) was submitted by nobody")
        }
        intents[index].isDone = true
        if case .submit(_, _, let recurrence?) = intents[index].what {
            series[row.request] = (recurrence, row.instant)
            recurring.insert(row.identifier)
        }
    }

    /// The next occurrence of a request that recurs: each instant once, none without a word.
    private mutating func recurred(
        _ row: OccurrenceRow, _ recurrence: Recurrence, _ last: Int64, _ pool: inout [HistoryRow], _ actor: Actor
    ) throws {
        if intents.contains(where: { $0.what == .makeDue(identifier: row.identifier) }), row.instant <= actor.wall {
            return  // one beside the schedule
        }
        if moved.contains(row.request) {
            pool.removeAll { $0.outcome == Self.skipped && $0.identifier == row.identifier }
            return
        }
        switch recurrence {
        case .after: break  // The clock may read anything since the run ended.
        case .every(let interval):
            guard row.instant > last else {
                throw Violation(promise: "d", what: "\(describe(row)) was scheduled before: the last was at \(last)")
            }
            guard (row.instant - last).isMultiple(of: interval) else {
                throw Violation(promise: "f", what: "\(describe(row)) is not on the grid of \(interval) from \(last)")
            }
            let missed = (row.instant - last) / interval - 1
            let told = pool.firstIndex {
                $0.outcome == Self.skipped && $0.identifier == row.identifier && $0.scheduled == last + interval
            }
            guard (missed > 0) == (told != nil) else {
                throw Violation(promise: "b", what: "\(missed) instants before \(describe(row)) were missed")
            }
            if let told { pool.remove(at: told) }
            // Late once, never again and again: what comes is the newest that has passed, or else the next from now.
            let newest = actor.wall - interval < row.instant
            let isNext = row.instant <= max(actor.wall, last) + interval
            guard actor.pid == nil || newest && isNext else {
                throw Violation(promise: "f", what: "\(describe(row)) is not what the missed-run policy says")
            }
        }
        series[row.request] = (recurrence, row.instant)
    }

    // MARK: Changed

    private mutating func changed(
        _ old: OccurrenceRow, _ new: OccurrenceRow, _ pool: inout [HistoryRow], _ actor: Actor
    ) throws {
        guard old.request == new.request, old.identifier == new.identifier else {
            throw Violation(promise: "d", what: "\(describe(old)) became another request's")
        }
        switch (old.isClaimed, new.isClaimed) {
        case (false, false): try stillPending(old, new, &pool, actor)
        case (false, true): try claimed(old, new, actor)
        case (true, true):
            guard old.owner == new.owner, old.started == new.started, old.attempts == new.attempts,
                old.instant == new.instant
            else { throw Violation(promise: "c", what: "\(describe(old)) changed hands while it was held") }
            if old.stop == Self.cancelledReason, new.stop != Self.cancelledReason {
                throw Violation(promise: "b", what: "the cancellation of \(describe(old)) was undone")
            }
        case (true, false): try released(old, new, &pool, actor)
        }
    }

    private mutating func stillPending(
        _ old: OccurrenceRow, _ new: OccurrenceRow, _ pool: inout [HistoryRow], _ actor: Actor
    ) throws {
        guard new.attempts == old.attempts else {
            throw Violation(promise: "g", what: "\(describe(old)) burnt an attempt while it was pending")
        }
        guard new.eligible >= new.instant else {
            throw Violation(promise: "e", what: "\(describe(new)) is eligible before its instant")
        }
        if new.submitted != old.submitted {
            guard take([Outcome.clockMoved], of: old, from: &pool) != nil else {
                throw Violation(promise: "f", what: "\(describe(old)) was set anew, and history does not say so")
            }
            guard old.submitted > new.submitted + Self.day, new.submitted <= actor.wall || actor.pid == nil,
                new.instant - new.submitted == old.instant - old.submitted
                    // A run of a schedule that is to be tried again is due at once.
                    || old.starts > 0 && !old.begun && new.instant == new.submitted
            else {
                throw Violation(
                    promise: "f", what: "\(describe(old)) was set anew to \(describe(new)), against the rule")
            }
            // Where several occurrences of it were moved, their grids differ.
            if series[old.request] != nil { moved.insert(old.request) }
        } else if new.instant != old.instant {
            let isAsked = intents.contains { $0.what == .makeDue(identifier: old.identifier) }
            guard isAsked, new.instant < old.instant, actor.pid == nil || new.instant <= actor.wall else {
                throw Violation(promise: "f", what: "\(describe(old)) moved to \(describe(new))")
            }
        }
    }

    private mutating func claimed(_ old: OccurrenceRow, _ new: OccurrenceRow, _ actor: Actor) throws {
        guard let started = new.started, let pid = new.pid else {
            throw Violation(promise: "c", what: "\(describe(new)) is claimed by nobody")
        }
        guard started >= new.instant else {
            throw Violation(
                promise: "e", what: "\(describe(new)) was claimed \(new.instant - started) µs before its instant")
        }
        guard new.attempts == old.attempts, new.instant == old.instant else {
            throw Violation(promise: "g", what: "\(describe(old)) changed when it was claimed")
        }
        claims += 1
        guard let acting = actor.pid else {
            // It appears after the death of who claimed it.
            if actor.isAlive(pid) { throw Violation(promise: "c", what: "\(describe(new)) was claimed by a sleeper") }
            return
        }
        guard acting == pid else {
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

    private mutating func released(
        _ old: OccurrenceRow, _ new: OccurrenceRow, _ pool: inout [HistoryRow], _ actor: Actor
    ) throws {
        defer { told.remove(old.id) }
        guard new.instant == old.instant, new.eligible >= new.instant, new.owner == nil else {
            throw Violation(promise: "f", what: "\(describe(old)) moved when it was given back")
        }
        let reported = take(
            [Outcome.interrupted, Outcome.abandoned, Outcome.expired, Outcome.failed], of: old, from: &pool)
        guard let end = reported else {
            throw Violation(promise: "b", what: "\(describe(old)) was given back, and history does not say so")
        }
        ends[Int(end.outcome)] += 1
        let burns = new.attempts - old.attempts
        if end.outcome == Outcome.interrupted {
            guard burns == 0 else {
                throw Violation(promise: "g", what: "\(describe(old)) was interrupted and burnt an attempt")
            }
        } else {
            guard burns == 1 else {
                throw Violation(promise: "g", what: "\(describe(old)) died and burnt \(burns) attempts")
            }
            burnt[old.id, default: 0] += 1
            guard new.attempts < Self.maximumAttempts else {
                throw Violation(promise: "g", what: "\(describe(new)) is tried once too often")
            }
        }
        guard new.attempts == burnt[old.id, default: 0] else {
            throw Violation(promise: "g", what: "\(describe(new)) counts other attempts than happened")
        }
        if end.pid != actor.pid || end.outcome == Outcome.abandoned { try recovered(old, end, actor) }
    }

    /// Somebody ended the run of another process: it has to be dead, and how it died decides what it costs.
    private func recovered(_ old: OccurrenceRow, _ end: HistoryRow, _ actor: Actor) throws {
        guard let pid = old.pid, !actor.isAlive(pid) else {
            throw Violation(promise: "c", what: "\(describe(old)) was taken from a process that lives")
        }
        let isNoted = old.cut.map { Self.interruptions.contains($0) } ?? false
        let wasCut = isNoted || isStoreSound && told.contains(old.id)
        let isFree = wasCut || deaths[pid] == .hostWentDown
        if isFree != (end.outcome == Outcome.interrupted) {
            throw Violation(
                promise: "g",
                what: "\(describe(old)) ended as \(end.outcome) although "
                    + (wasCut ? "we cut it" : isFree ? "the host went down" : "its process died by itself"))
        }
    }

    private func leftOver(_ row: HistoryRow) throws {
        switch row.outcome {
        case Outcome.noHandler, Outcome.launchUnhandled: break
        // Of several occurrences of one request that are set anew, one that would meet another stays; history has it all
        // the same.
        case Outcome.clockMoved where row.identifier.map(recurring.contains) ?? false: break
        default:
            throw Violation(
                promise: "b", what: "history has an end (outcome \(row.outcome), \(row.identifier ?? "")) of nothing")
        }
    }

    func describe(_ row: OccurrenceRow) -> String {
        "\(row.identifier)#\(row.id) at \(row.instant)" + (row.pid.map { ", held by \($0)" } ?? "")
    }
}
