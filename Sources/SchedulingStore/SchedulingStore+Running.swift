// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

extension SchedulingStore {
    /// What can be claimed now, the earliest first: pending, eligible, and nothing of its identifier is running, or it may
    /// have that make room; and the next instant after `now` at which something pending becomes eligible.
    ///
    /// `includingWaiting`: also what waits for a condition and is looked at again only later, the earliest `limit` of those
    /// that could start by what `filter` knows.
    package func look(
        now: WallTime, includingWaiting: Bool, limit: Int, leavingOut filter: LookFilter = LookFilter()
    ) throws(SchedulingFailure) -> (due: [Occurrence], next: WallTime?, coming: [Occurrence]) {
        try read("look for what is due") { _ in
            var due = try occurrences(Self.eligible, now, limit) { !filter.overdue.contains($0) }
            if includingWaiting, due.count < limit {
                due += try occurrences(Self.waiting, now, limit - due.count, unmet: filter.unmet) { identifier in
                    filter.handled?.contains(identifier) ?? true && !filter.overdue.contains(identifier)
                }
            }
            let coming = try coming(now)
            return (due, coming.first?.eligible, coming)
        }
    }

    /// All that is required by what waits for its conditions; nil where more waits than is looked at.
    package func waitingRequirements() throws(SchedulingFailure) -> Requirement? {
        try read("look for what waits") { _ in
            let limit = 256
            // The low bits of `waiting` are conditions; others are marks.
            let statement = try database.statement(
                """
                SELECT r.requirements FROM occurrences o INDEXED BY occurrences_waiting \
                CROSS JOIN requests r ON r.id = o.request \
                WHERE o.state = 0 AND o.waiting <> 0 AND (o.waiting & 65535) <> 0 LIMIT ?1
                """)
            try statement.bind(Int64(limit + 1), at: 1)
            let rows = try statement.rows { Requirement(rawValue: Int($0.integer(0))) }
            return rows.count > limit ? nil : rows.reduce([]) { $0.union($1) }
        }
    }

    /// The earliest few that are due later.
    private func coming(_ now: WallTime) throws -> [Occurrence] {
        let statement = try database.statement(
            """
            SELECT \(Occurrence.columns) FROM occurrences o INDEXED BY occurrences_pending \
            CROSS JOIN requests r ON r.id = o.request \
            WHERE o.state = 0 AND o.eligible > ?1 ORDER BY o.eligible, o.id LIMIT 4
            """)
        try statement.bind(now, at: 1)
        return try statement.rows { Occurrence(row: $0) }
    }

    private static let eligible = occurrences(
        from: "occurrences_pending", where: "o.eligible <= ?1 AND o.instant <= ?1")
    private static let waiting = occurrences(
        from: "occurrences_waiting",
        where: "o.waiting <> 0 AND (o.forced OR (r.requirements & ?2) = 0) AND o.eligible > ?1 AND o.instant <= ?1")

    private static func occurrences(from index: String, where condition: String) -> String {
        """
        SELECT \(Occurrence.columns) FROM occurrences o INDEXED BY \(index) \
        CROSS JOIN requests r ON r.id = o.request \
        WHERE o.state = 0 AND \(condition) AND (r.replaces OR r.identifier NOT IN (\(runningIdentifiers))) \
        ORDER BY o.eligible, o.id
        """
    }

    /// Row by row, so that what is left out takes no room.
    private func occurrences(
        _ query: String, _ now: WallTime, _ limit: Int, unmet: Requirement? = nil, where isWanted: (String) -> Bool
    ) throws -> [Occurrence] {
        let statement = try database.statement(query)
        try statement.bind(now, at: 1)
        if let unmet { try statement.bind(Int64(unmet.rawValue), at: 2) }
        defer { statement.reset() }
        var found: [Occurrence] = []
        while found.count < limit, try statement.step() {
            if isWanted(statement.text(2)) { found.append(Occurrence(row: statement)) }
        }
        guard found.contains(where: { $0.terms.overlap == .replace }) else { return found }
        let running = Set(try database.statement(Self.runningIdentifiers).rows { $0.text(0) })
        return found.map { occurrence in
            var occurrence = occurrence
            occurrence.isBlocked = running.contains(occurrence.identifier)
            return occurrence
        }
    }

    /// Takes pending occurrences for this owner, in one commit; returns those it holds now.
    ///
    /// Left out: what another took or put off, what is gone, what lies ahead of `now`, and what has an occurrence of the
    /// same identifier running. `ends`: what ended before, recorded in the same commit, as by `finish`; it does not ring.
    package func claim(
        _ ids: [Int64], after ends: [RunEnd] = [], now: WallTime
    ) throws(SchedulingFailure) -> [Occurrence] {
        if ids.isEmpty {
            try finish(ends, rings: false)
            return []
        }
        return try write("claim runs", isUrgent: true) { state in
            let owner = try Self.owner(state, "claim runs in")
            try finish(ends, owner: owner)
            var running = Set(try database.statement(Self.runningIdentifiers).rows { $0.text(0) })
            let take = try database.statement(Self.take)
            let begin = try database.statement(Self.begin)
            var claimed: [Occurrence] = []
            for id in ids {
                guard let found = try claimable(id, now), running.insert(found.identifier).inserted else { continue }
                try take.bind(id, at: 1)
                try take.bind(owner, at: 2)
                try take.bind(now, at: 3)
                try take.run()
                try begin.bind(found.request, at: 1)
                try begin.run()
                if found.starts == 0, !found.isForced { try advance(found, now: now, .claimed) }
                claimed.append(found)
            }
            return claimed
        }
    }

    private static let take =
        "UPDATE occurrences SET state = 1, owner = ?2, started = ?3, waiting = 0, starts = starts + 1 WHERE id = ?1"
    private static let begin = "UPDATE requests SET begun = id WHERE id = ?1 AND begun = 0 AND recurring = 0"

    private func claimable(_ id: Int64, _ now: WallTime) throws -> Occurrence? {
        let statement = try database.statement(
            """
            SELECT \(Occurrence.columns), r.input FROM occurrences o JOIN requests r ON r.id = o.request \
            WHERE o.id = ?1 AND o.state = 0 AND o.instant <= ?2 AND (o.eligible <= ?2 OR o.waiting <> 0)
            """)
        try statement.bind(id, at: 1)
        try statement.bind(now, at: 2)
        let next = Occurrence.columnCount
        return try statement.rows { row in
            var occurrence = Occurrence(row: row)
            occurrence.input = row.optionalBlob(next)
            return occurrence
        }.first
    }

    /// Reads what a claim of these will read, so that the claim finds it at hand: a processor that slept, and pages that were
    /// not looked at for long, cost more than the claim itself. What fails here fails then.
    package func readAhead(_ ids: [Int64]) {
        _ = try? read("read ahead in") { _ in
            _ = try database.statement(Self.runningIdentifiers).rows { $0.text(0) }
            for id in ids { _ = try claimable(id, .distantFuture) }
            _ = try (database.statement(Self.take), database.statement(Self.begin))
        }
    }

    /// Records how runs of this owner ended, in one commit: done, or due again.
    ///
    /// An end that failed or expired burns an attempt; one that was interrupted does not. A run that was cancelled
    /// meanwhile is not tried again. Ends of what this owner does not hold are passed over.
    package func finish(_ ends: [RunEnd], rings: Bool = true) throws(SchedulingFailure) {
        if ends.isEmpty { return }
        try write("record how runs ended", rings: rings) { state in
            try finish(ends, owner: try Self.owner(state, "record the end of runs in"))
        }
    }

    private func finish(_ ends: [RunEnd], owner: Int64) throws {
        if ends.isEmpty { return }
        let look = try database.statement(Self.held)
        for end in ends {
            try look.bind(end.occurrence, at: 1)
            try look.bind(owner, at: 2)
            let rows = try look.rows { (Occurrence(row: $0), $0.reason(Occurrence.columnCount)) }
            if let (occurrence, stop) = rows.first { try finish(occurrence, end, stop: stop) }
        }
    }

    private static let held = """
        SELECT \(Occurrence.columns), o.stop FROM occurrences o JOIN requests r ON r.id = o.request \
        WHERE o.id = ?1 AND o.state = 1 AND o.owner = ?2
        """

    private func finish(_ occurrence: Occurrence, _ end: RunEnd, stop: ExpirationReason?) throws {
        let cancelled = end.again != nil && stop == .cancelled
        func entry(_ outcome: Outcome, _ reason: ExpirationReason?, _ detail: String) -> HistoryEntry {
            HistoryEntry(
                identifier: occurrence.identifier, outcome: outcome, reason: reason,
                attempt: end.outcome == .noHandler ? 0 : occurrence.attempts + 1, detail: detail,
                processIdentifier: pid,
                scheduled: occurrence.instant, started: end.started, ended: end.ended)
        }
        try record(
            entry(cancelled ? .cancelled : end.outcome, cancelled ? .cancelled : end.reason, end.detail),
            run: occurrence.id, again: cancelled ? nil : end.again)
        if let again = end.again, !cancelled {
            let attempts = occurrence.attempts + (end.outcome.burnsAttempt ? 1 : 0)
            try release(occurrence: occurrence.id, eligible: again, attempts: attempts, now: end.ended)
        } else {
            if end.givesUp {
                try record(entry(.gaveUp, nil, "after \(occurrence.attempts + 1) attempts"), run: occurrence.id)
            }
            let isCancelled = stop == .cancelled || end.outcome == .cancelled
            try conclude(
                occurrence, end.outcome == .succeeded ? .succeeded : isCancelled ? .cancelled : .failed, now: end.ended)
        }
        try skipOverlapped(by: occurrence, started: end.started, ended: end.ended)
    }

    /// Puts pending occurrences off, in one commit, and returns which. Those that are no longer pending are passed over.
    @discardableResult
    package func postpone(_ items: [Postponement], now: WallTime) throws(SchedulingFailure) -> Set<Int64> {
        if items.isEmpty { return [] }
        return try write("put runs off") { _ in
            var done: Set<Int64> = []
            let statement = try database.statement(
                """
                UPDATE occurrences SET eligible = max(?2, instant), waiting = ?3, since = ?5, \
                postponements = min(postponements + 1, 1000000) \
                WHERE id = ?1 AND state = 0 AND postponements = coalesce(?4, postponements)
                """)
            for item in items {
                try statement.bind(item.occurrence, at: 1)
                try statement.bind(item.until, at: 2)
                try statement.bind(Int64(item.waiting.rawValue), at: 3)
                try statement.bind(item.seen.map(Int64.init), at: 4)
                try statement.bind(now, at: 5)
                try statement.run()
                if database.changes > 0 { done.insert(item.occurrence) }
            }
            if !done.isEmpty { try remember(now) }
            return done
        }
    }

    /// Notes that these runs of this owner are about to be told to stop, so that a death from now on is our doing.
    package func markCut(_ ids: [Int64], reason: ExpirationReason) throws(SchedulingFailure) {
        if ids.isEmpty { return }
        try write("note that runs are cut") { state in
            let statement = try database.statement(
                "UPDATE occurrences SET cut = ?3 WHERE id = ?1 AND state = 1 AND owner = ?2")
            try statement.bind(try Self.owner(state, "cut runs in"), at: 2)
            try statement.bind(Int64(reason.rawValue), at: 3)
            for id in ids {
                try statement.bind(id, at: 1)
                try statement.run()
            }
        }
    }
}

extension Outcome {
    /// Whether such an end counts against the attempts when it is tried again.
    fileprivate var burnsAttempt: Bool {
        switch self {
        case .failed, .expired, .abandoned: true
        case .succeeded, .interrupted, .cancelled, .replaced, .gaveUp, .launchUnhandled, .clockMoved, .noHandler,
            .skipped:
            false
        }
    }
}
