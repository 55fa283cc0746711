// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

extension SchedulingStore {
    /// Writes all requests, or none, in one durable commit.
    ///
    /// A pending occurrence of the same identifier that was never started is replaced, and history says so; one that
    /// runs, or ran and is to be tried again, stays as it is. Of two requests in one call with the same identifier the
    /// later one stays.
    ///
    /// - Throws: `tooManyPending` when the requests that were never started would exceed a limit.
    package func submit(
        _ requests: [NewRequest], limits: RequestLimits, now: WallTime, relying: WakeupReliance
    ) throws(SchedulingFailure) -> SubmitResult {
        if requests.isEmpty { return .submitted }
        // What follows another task is woken by that one's end.
        let earliest = requests.lazy.filter { $0.follows == nil }.map(\.eligible).min()
        // What stays as it is needs no wake-up but its own: programs submit their schedules at each start.
        let mayStay = requests.contains { $0.conflict == .keep || $0.terms.schedule != nil && !$0.hasEarliest }
        do {
            try write("submit requests to the store", rings: true) { _ in
                if !mayStay, let earliest { try rely(on: relying, earliest: earliest, now: now) }
                let needed = try insert(requests, now: now)
                if mayStay { try rely(on: relying, earliest: needed, now: now) }
                if !limits.isUnlimited { try check(limits, for: requests) }
            }
        } catch let failure where failure == Self.notCovered {
            return .notCovered
        }
        return .submitted
    }

    /// Leaves the transaction; never seen outside.
    private static let notCovered = SchedulingFailure(
        .noWakeup, doing: "submit", subject: "", cause: "not covered", remedy: "")

    private func rely(on reliance: WakeupReliance, earliest: WallTime?, now: WallTime) throws {
        switch reliance {
        case .armed(var armed):
            // While this process was stopped, somebody whose patience ended may have come in between, with nothing armed.
            if let pending = try presentOutlook().earliest,
                armed.instant > max(pending, now).advanced(by: armed.slack + .seconds(1))
            {
                armed.generation = ""
            }
            try keep(armed)
        case .recorded(let generation, let launching):
            guard let earliest else { return }
            guard let kept = try keptWakeup(),
                kept.covers(earliest, now: now, generation: generation, isLaunching: kept.name == launching)
            else { throw Self.notCovered }
        case .none:
            // Nothing was armed for these: who comes next must not take a later wake-up for one that covers them.
            let statement = try database.statement("UPDATE wakeup SET generation = '' WHERE instant > ?1")
            try statement.bind(earliest, at: 1)
            try statement.run()
        }
    }

    /// Returns the earliest instant that a wake-up has to serve for them.
    private func insert(_ requests: [NewRequest], now: WallTime) throws -> WallTime? {
        var earliest: WallTime?
        var next = try takeNumbers(requests.count, now: now)
        // The unique index finds a request to replace without a query for each row.
        let request = try database.statement(
            """
            INSERT OR IGNORE INTO requests \
            (id, identifier, kind, requirements, has_earliest, terms, input, recurring, replaces) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
            """)
        let occurrence = try database.statement(
            "INSERT INTO occurrences (id, request, instant, eligible, submitted, waiting) VALUES (?1, ?1, ?2, ?3, ?4, ?5)"
        )
        try occurrence.bind(now, at: 4)
        var following: [(request: Int64, new: NewRequest)] = []
        for new in requests {
            defer { next += 1 }
            try request.bind(next, at: 1)
            try request.bind(new.identifier, at: 2)
            try request.bind(Int64(new.kind.rawValue), at: 3)
            try request.bind(Int64(new.requirements.rawValue), at: 4)
            try request.bind(new.hasEarliest ? 1 : 0, at: 5)
            try request.bind(try StoredTerms.encode(new.terms), at: 6)
            try request.bind(new.input, at: 7)
            try request.bind(new.terms.schedule == nil ? 0 : 1, at: 8)
            try request.bind(new.terms.overlap == .replace ? 1 : 0, at: 9)
            try request.run()
            if database.changes == 0 {
                guard try makeWay(for: new, number: next, now: now) else {
                    let kept = try eligible(new.identifier)
                    earliest = min(earliest ?? kept, kept)
                    continue
                }
                try request.run()
            }
            try occurrence.bind(next, at: 1)
            try occurrence.bind(new.instant, at: 2)
            try occurrence.bind(new.eligible, at: 3)
            try occurrence.bind(Int64(new.waiting.rawValue), at: 5)
            try occurrence.run()
            if new.kind != .transfers { recording.add(.submitted(new, run: next)) }
            if new.follows != nil {
                following.append((next, new))
            } else {
                earliest = min(earliest ?? new.eligible, new.eligible)
            }
        }
        for (number, new) in following { try chain(number, new) }
        return earliest
    }

    /// When what there is of an identifier is looked at. For what runs any wake-up will do, but it has to be this manager's:
    /// of one before, only the record is left.
    private func eligible(_ identifier: String) throws -> WallTime {
        let statement = try database.statement(
            """
            SELECT min(o.eligible) FROM requests r CROSS JOIN occurrences o ON o.request = r.id \
            WHERE r.identifier = ?1 AND o.state = 0
            """)
        try statement.bind(identifier, at: 1)
        return try statement.rows { $0.optionalTime(0) }.first?.flatMap(\.self) ?? .distantFuture
    }

    /// The first of so many numbers that were never used before.
    func takeNumbers(_ count: Int, now: WallTime) throws -> Int64 {
        let statement = try database.statement(
            "UPDATE sequence SET next = next + ?1, latest = max(latest, ?2) RETURNING next")
        try statement.bind(Int64(count), at: 1)
        try statement.bind(now, at: 2)
        return try statement.rows { $0.integer(0) }.first.map { $0 - Int64(count) } ?? 1
    }

    /// Counts once, after the inserts; too many undo them all.
    private func check(_ limits: RequestLimits, for requests: [NewRequest]) throws {
        let statement = try database.statement("SELECT kind, count(*) FROM requests WHERE begun = 0 GROUP BY kind")
        let counts = try statement.rows { ($0.integer(0), Int($0.integer(1))) }.filter {
            $0.0 != TaskKind.transfers.rawValue
        }
        for kind in TaskKind.allCases where requests.contains(where: { $0.kind.limitedAs == kind }) {
            let count = counts.reduce(0) { sum, row in
                TaskKind(rawValue: Int(row.0))?.limitedAs == kind ? sum + row.1 : sum
            }
            if let limit = limits.limit(for: kind), count > limit { throw tooMany("\(kind) requests", count, limit) }
        }
        let total = counts.reduce(0) { $0 + $1.1 }
        if let limit = limits.total, total > limit { throw tooMany("requests", total, limit) }
    }

    private func tooMany(_ what: String, _ count: Int, _ limit: Int) -> SchedulingFailure {
        SchedulingFailure(
            .tooManyPending, doing: "submit requests to the store", subject: directory.path,
            cause: "\(count) \(what) would be pending, and the limit is \(limit)",
            remedy: "Cancel requests that are no longer needed, wait until some have run, or configure other limits.")
    }

    // MARK: The wake-up

    /// The wake-up that was recorded last.
    package func wakeup() throws(SchedulingFailure) -> ArmedWakeup? {
        try read("read the wake-up") { _ in try keptWakeup() }
    }

    /// What the next wake-up has to serve.
    package func outlook() throws(SchedulingFailure) -> Outlook {
        try read("look at what is pending") { _ in try presentOutlook() }
    }

    /// Records the wake-up (nil: none is armed) in one transaction with the look at what it has to serve; writes nothing
    /// and returns false if `check` refuses that.
    package func recordWakeup(
        _ armed: ArmedWakeup?, ifOutlookIs check: (Outlook) -> Bool
    ) throws(SchedulingFailure) -> Bool {
        try write("record the wake-up") { _ in
            guard check(try presentOutlook()) else { return false }
            if let armed {
                try keep(armed)
            } else {
                try database.statement("DELETE FROM wakeup").run()
            }
            return true
        }
    }

    private func keptWakeup() throws -> ArmedWakeup? {
        try database.statement("SELECT name, instant, generation, slack FROM wakeup").rows {
            ArmedWakeup(
                name: $0.text(0), instant: $0.time(1), generation: $0.text(2), slack: .microseconds($0.integer(3)))
        }.first
    }

    private func keep(_ armed: ArmedWakeup) throws {
        let statement = try database.statement(
            "INSERT OR REPLACE INTO wakeup (id, name, instant, generation, slack) VALUES (1, ?1, ?2, ?3, ?4)")
        try statement.bind(armed.name, at: 1)
        try statement.bind(armed.instant, at: 2)
        try statement.bind(armed.generation, at: 3)
        try statement.bind(armed.slack.clampedMicroseconds, at: 4)
        try statement.run()
    }

    private func presentOutlook() throws -> Outlook {
        let earliest = try database.statement(
            """
            SELECT o.eligible FROM occurrences o INDEXED BY occurrences_pending CROSS JOIN requests r ON r.id = o.request \
            WHERE o.state = 0 AND r.identifier NOT IN (\(Self.runningIdentifiers)) ORDER BY o.eligible LIMIT 1
            """
        ).rows { $0.time(0) }.first
        let claimed =
            try database.integer(
                "SELECT count(*) FROM occurrences INDEXED BY occurrences_claimed WHERE state = 1") ?? 0
        return Outlook(earliest: earliest, claimed: Int(claimed))
    }

    /// The identifiers of what is claimed by anyone: few.
    static let runningIdentifiers = """
        SELECT q.identifier FROM occurrences c INDEXED BY occurrences_claimed CROSS JOIN requests q \
        ON q.id = c.request WHERE c.state = 1
        """
}
