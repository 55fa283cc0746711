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
            case submit(Wish)
            case cancel(identifier: String?)
            case makeDue(identifier: String)
        }
        var process: Int32
        var what: What
        var wish: Wish? { if case .submit(let wish) = what { wish } else { nil } }
        /// Whether it was seen in the store.
        var isDone = false
    }

    /// How a process ended.
    enum Death: Equatable { case killed, hostWentDown }

    /// How a schedule leaves one of its instants behind.
    enum Manner { case claimed, tooLate, overlapped }

    // The codes as the store keeps them: part of its file format.
    enum Outcome {
        static let succeeded: Int64 = 1, failed: Int64 = 2, expired: Int64 = 3, interrupted: Int64 = 4
        static let abandoned: Int64 = 5, cancelled: Int64 = 6, replaced: Int64 = 7, gaveUp: Int64 = 8
        static let launchUnhandled: Int64 = 9, clockMoved: Int64 = 10, noHandler: Int64 = 11, skipped: Int64 = 12
    }
    enum Reason {
        /// Sleep, shutdown, a stop of the service, power lost, network lost.
        static let interruptions: Set<Int64> = [2, 3, 4, 5, 6]
        static let cancelled: Int64 = 7, replaced: Int64 = 10
    }
    /// What `waiting` holds while the window of a schedule is open.
    static let window: Int64 = 1 << 30

    static let maximumAttempts: Int64 = 5
    static let second: Int64 = 1_000_000
    static let day: Int64 = 86_400_000_000

    private(set) var rows: [OccurrenceRow] = []
    private(set) var lastHistory: Int64 = 0
    private(set) var zone: String?
    /// The attempts that each occurrence has burnt, counted here.
    var burnt: [Int64: Int64] = [:]
    /// What each request was submitted with.
    var wishes: [Int64: Wish] = [:]
    /// What each run began with: the same schedule may be submitted again, with other terms, while it goes on.
    var begunWith: [Int64: Wish] = [:]
    /// The earliest instant that its submitter named, of a calendar: it moves with the clock.
    var earliest: [Int64: Int64] = [:]
    /// How long after its instant an occurrence may start at the earliest, and what it was for a task's jitter before.
    var leads: [Int64: Int64] = [:]
    /// Those that what they follow has set free.
    var setFree: Set<Int64> = []
    var jitters: [String: Int64] = [:]
    /// The identifiers that have recurred.
    var recurring: Set<String> = []
    /// The highest occurrence that was ever seen.
    var newest: Int64 = 0
    var intents: [Intent] = []
    var deaths: [Int32: Death] = [:]
    /// How many ends there were, by outcome.
    var ends = [Int](repeating: 0, count: 16)
    var claims = 0
    /// The runs that were told to stop because their time was taken away.
    var told: Set<Int64> = []
    /// The runs whose handlers asked for another try, and after which time.
    var asked: [Int64: Int64] = [:]
    /// Whether every write of the store succeeds.
    var isStoreSound = false

    /// Who did what is looked at; nil: a process that is dead, or nobody knows.
    struct Actor {
        var pid: Int32?
        var wall: Int64
        /// The host's time zone.
        var local: Int
        /// Whether no look was possible since an earlier commit: of one who died in it, or was interrupted after it.
        var isLate: Bool
        /// Whether who holds it lives, and has not let go of it.
        var isHolding: (OccurrenceRow) -> Bool
        var hasHandler: (Int32, String) -> Bool
    }

    /// One difference between what was seen before and what is seen now.
    struct Commit {
        /// The rows of history that nothing explains yet.
        var pool: [HistoryRow]
        var actor: Actor
        var new: [OccurrenceRow]
        var isZoneNew = false
        /// The schedules that left an instant behind, by request.
        var departures: [Int64: (instant: Int64, manner: Manner, now: Int64)] = [:]
        /// The runs that ended for good, by request: a schedule that counts from there goes on.
        var concluded: [Int64: Int64] = [:]
        /// The requests of which a run succeeded, and when.
        var succeeded: [Int64: Int64] = [:]
        /// What waited for another, and may run now, or never will.
        var freed: [(old: OccurrenceRow, new: OccurrenceRow)] = []
        var dropped: [OccurrenceRow] = []
        /// The runs that their own process ended.
        var ended: [(row: OccurrenceRow, at: Int64)] = []
        /// What was passed over because of one of these.
        var overlapped: [(row: OccurrenceRow, at: Int64)] = []

        /// Takes the row of history that tells of an end.
        mutating func take(_ outcomes: Set<Int64>, of row: OccurrenceRow) -> HistoryRow? {
            let index = pool.firstIndex {
                $0.identifier == row.identifier && $0.scheduled == row.instant && outcomes.contains($0.outcome)
            }
            return index.map { pool.remove(at: $0) }
        }
    }

    /// Compares the tables with what was seen last.
    mutating func see(_ seen: StoreReader.Snapshot, by actor: Actor) throws {
        let new = seen.occurrences
        if new == rows, seen.history.isEmpty, seen.zone == zone { return }
        for (previous, next) in zip(seen.history, seen.history.dropFirst()) where next.id <= previous.id {
            throw Violation(promise: "+", what: "history is out of order")
        }
        if seen.orphans > 0 { throw Violation(promise: "d", what: "\(seen.orphans) requests have no occurrence") }
        var commit = Commit(pool: seen.history, actor: actor, new: new)
        commit.isZoneNew = seen.zone != zone

        // Both are in the order of their numbers.
        var oldIndex = 0
        var newIndex = 0
        var born: [OccurrenceRow] = []
        while oldIndex < rows.count || newIndex < new.count {
            let old = oldIndex < rows.count ? rows[oldIndex] : nil
            let now = newIndex < new.count ? new[newIndex] : nil
            if let old, now == nil || (now.map { $0.id > old.id } ?? true) {
                try gone(old, &commit)
                oldIndex += 1
            } else if let now, old == nil || (old.map { $0.id > now.id } ?? true) {
                born.append(now)
                newIndex += 1
            } else if let old, let now {
                if old != now { try changed(old, now, &commit) }
                oldIndex += 1
                newIndex += 1
            }
        }
        for row in born { try appeared(row, &commit) }
        try checkUnique(new)
        try checkSchedules(&commit)
        try checkChains(commit)
        for row in commit.pool { try leftOver(row) }
        rows = new
        zone = seen.zone
        if let last = seen.history.last { lastHistory = last.id }
    }

    private func checkUnique(_ rows: [OccurrenceRow]) throws {
        var running: Set<String> = []
        for row in rows where row.isClaimed && !running.insert(row.identifier).inserted {
            throw Violation(promise: "c", what: "two occurrences of \(row.identifier) are claimed at once")
        }
        var heads: Set<Int64> = []
        for row in rows where row.isHead {
            guard heads.insert(row.request).inserted else {
                throw Violation(
                    promise: "d", what: "request \(row.request) has two occurrences that were never started")
            }
        }
        for (index, row) in rows.enumerated() {
            for other in rows[(index + 1)...] where other.request == row.request {
                if wishes[row.request]?.schedule == nil {
                    throw Violation(promise: "d", what: "request \(row.request) has two occurrences")
                }
                if other.instant == row.instant {
                    throw Violation(promise: "d", what: "\(describe(row)) is scheduled twice")
                }
            }
        }
    }

    private mutating func changed(_ old: OccurrenceRow, _ new: OccurrenceRow, _ commit: inout Commit) throws {
        guard old.request == new.request, old.identifier == new.identifier else {
            throw Violation(promise: "d", what: "\(describe(old)) became another request's")
        }
        if old.wish != new.wish { try amended(old, new) }
        switch (old.isClaimed, new.isClaimed) {
        case (false, false): try stillPending(old, new, &commit)
        case (false, true): try claimed(old, new, &commit)
        case (true, true):
            guard old.owner == new.owner, old.started == new.started, old.attempts == new.attempts,
                old.instant == new.instant
            else { throw Violation(promise: "c", what: "\(describe(old)) changed hands while it was held") }
            if old.stop == Reason.cancelled, new.stop != Reason.cancelled {
                throw Violation(promise: "b", what: "the cancellation of \(describe(old)) was undone")
            }
        case (true, false): try released(old, new, &commit)
        }
    }

    private func leftOver(_ row: HistoryRow) throws {
        switch row.outcome {
        case Outcome.noHandler, Outcome.launchUnhandled: break
        // Of several occurrences of one request that are set anew, one that would meet another stays; history has it all
        // the same.
        case Outcome.clockMoved where row.identifier.map(recurring.contains) ?? false: break
        // One that lies ahead all the same stays.
        case Outcome.clockMoved where rows.contains { $0.identifier == row.identifier && $0.instant == row.scheduled }:
            break
        default:
            throw Violation(
                promise: "b",
                what: "history has an end (outcome \(row.outcome), \(row.identifier ?? "")) of nothing: \(row.detail)")
        }
    }

    func describe(_ row: OccurrenceRow) -> String {
        "\(row.identifier)#\(row.id) at \(row.instant)" + (row.isHeld ? ", held back" : "")
            + (row.pid.map { ", held by \($0)" } ?? "")
    }
}
