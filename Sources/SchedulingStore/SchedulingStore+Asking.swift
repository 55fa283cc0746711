// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

extension SchedulingStore {
    /// The requests that were never started, and those that recur, in the order of their submission.
    package func pending() throws(SchedulingFailure) -> [PendingRequest] {
        try read("list pending requests") { _ in
            try database.statement(
                """
                SELECT r.identifier, r.kind, \
                coalesce(min(CASE WHEN o.state <> 1 AND o.starts = 0 AND o.forced = 0 THEN o.instant END), min(o.instant)), \
                r.has_earliest, r.requirements, r.terms, f.identifier, r.input \
                FROM requests r CROSS JOIN occurrences o ON o.request = r.id LEFT JOIN requests f ON f.id = r.follows \
                WHERE r.begun = 0 GROUP BY r.id ORDER BY r.id
                """
            ).rows {
                PendingRequest(
                    identifier: $0.text(0), kind: TaskKind(rawValue: Int($0.integer(1))) ?? .processing,
                    instant: $0.time(2), hasEarliest: $0.integer(3) != 0,
                    requirements: Requirement(rawValue: Int(truncatingIfNeeded: $0.integer(4))),
                    terms: $0.optionalText(5).flatMap(StoredTerms.decode) ?? .plain, follows: $0.optionalText(6),
                    input: $0.optionalBlob(7))
            }
        }
    }

    /// Everything that is not done, of one identifier or of all, in the order of their eligible instants.
    package func occurrences(identifier: String?) throws(SchedulingFailure) -> [LiveOccurrence] {
        try read("list occurrences") { state in
            let statement = try database.statement(
                """
                SELECT \(Occurrence.columns), o.waiting, o.started, o.owner, w.pid, f.identifier FROM requests r \
                CROSS JOIN occurrences o ON o.request = r.id LEFT JOIN owners w ON w.id = o.owner \
                LEFT JOIN requests f ON f.id = r.follows \
                \(identifier == nil ? "" : "WHERE r.identifier = ?1") ORDER BY o.eligible, o.id
                """)
            if let identifier { try statement.bind(identifier, at: 1) }
            var alive: [Int64: Bool] = [:]
            let next = Occurrence.columnCount
            return try statement.rows { row in
                let owner = row.optionalInteger(next + 2).map { owner in
                    let lives = alive[owner] ?? isAlive(owner, state)
                    alive[owner] = lives
                    return (pid: Int32(truncatingIfNeeded: row.integer(next + 3)), alive: lives)
                }
                return LiveOccurrence(
                    occurrence: Occurrence(row: row), waiting: Requirement(rawValue: Int(row.integer(next))),
                    owner: owner, startedAt: row.optionalTime(next + 1), follows: row.optionalText(next + 4))
            }
        }
    }

    /// Cancels one identifier, or all: what is pending goes, and history says so; what runs is asked to stop. Returns
    /// how many running ones were asked.
    package func cancel(identifier: String?, now: WallTime) throws(SchedulingFailure) -> Int {
        try write("cancel requests", rings: true) { _ in
            let chosen =
                identifier == nil
                ? " AND request NOT IN (SELECT id FROM requests WHERE kind = \(TaskKind.transfers.rawValue))"
                : " AND request IN (SELECT id FROM requests WHERE identifier = ?1)"
            // More rows than history keeps would be trimmed at once: they are not written.
            let newest = recording.isWanted ? try presentNewestRecord() : nil
            let history = try database.statement(
                """
                INSERT INTO history (\(HistoryEntry.columns)) \
                SELECT * FROM (SELECT r.identifier, \(Outcome.cancelled.rawValue), NULL, 0, '', ?2, o.instant, NULL, ?3 \
                FROM occurrences o JOIN requests r ON r.id = o.request \
                WHERE o.state <> 1\(chosen) ORDER BY o.id DESC LIMIT ?4)
                """)
            if let identifier { try history.bind(identifier, at: 1) }
            try history.bind(Int64(pid), at: 2)
            try history.bind(now, at: 3)
            try history.bind(historyLimit, at: 4)
            try history.run()
            let added = database.changes
            if let newest {
                for row in try presentRecords(after: newest, limit: added) { recording.add(.history(row)) }
            }
            try trimHistory(added: added)
            try change("DELETE FROM occurrences WHERE state <> 1\(chosen)", identifier)
            try removeCancelled(identifier, now: now)
            return try change(
                "UPDATE occurrences SET stop = \(ExpirationReason.cancelled.rawValue) WHERE state = 1\(chosen)",
                identifier)
        }
    }

    /// Removes what is pending under this identifier without a word in history; a run stays.
    package func withdraw(identifier: String) throws(SchedulingFailure) {
        try write("withdraw a request", rings: true) { _ in
            try change(
                "DELETE FROM occurrences WHERE state <> 1 AND request IN (SELECT id FROM requests WHERE identifier = ?1)",
                identifier)
            try change(
                "DELETE FROM requests WHERE identifier = ?1 AND NOT EXISTS (SELECT 1 FROM occurrences WHERE request = requests.id)",
                identifier)
        }
    }

    private func removeCancelled(_ identifier: String?, now: WallTime) throws {
        let statement = try database.statement(
            """
            DELETE FROM requests WHERE \(identifier == nil ? "kind <> \(TaskKind.transfers.rawValue)" : "identifier = ?1") AND \
            NOT EXISTS (SELECT 1 FROM occurrences WHERE request = requests.id) RETURNING id, identifier
            """)
        if let identifier { try statement.bind(identifier, at: 1) }
        let gone = try statement.rows { ($0.integer(0), $0.text(1)) }
        for (request, name) in gone { try drop(followersOf: request, identifier: name, now: now) }
        // What recurs and runs ends with its run.
        try change(
            "UPDATE requests SET recurring = 0, begun = id WHERE recurring = 1\(identifier == nil ? "" : " AND identifier = ?1")",
            identifier)
    }

    /// Cancels every identifier of which a request carries this tag; returns how many running ones were asked to stop.
    package func cancel(tag: String, now: WallTime) throws(SchedulingFailure) -> Int {
        let tagged = try read("look for a tag") { _ in
            try database.statement("SELECT identifier, terms FROM requests WHERE terms IS NOT NULL").rows {
                ($0.text(0), $0.optionalText(1).flatMap(StoredTerms.decode)?.tags ?? [])
            }
        }
        var stopped = 0
        for identifier in Set(tagged.filter { $0.1.contains(tag) }.map(\.0)).sorted() {
            stopped += try cancel(identifier: identifier, now: now)
        }
        return stopped
    }

    /// Makes what is pending under this identifier due now, without its conditions. False if nothing is pending.
    package func makeDue(identifier: String, now: WallTime) throws(SchedulingFailure) -> Bool {
        try write("make a request due", rings: true) { _ in
            // One of a schedule comes beside its grid, which does not move.
            let extra = try database.statement(
                """
                SELECT min(id), terms FROM requests WHERE identifier = ?1 AND recurring = 1 GROUP BY identifier
                """)
            try extra.bind(identifier, at: 1)
            let recurring = try extra.rows { ($0.integer(0), $0.optionalText(1).flatMap(StoredTerms.decode)) }.first
            if let (request, terms) = recurring, terms?.schedule?.isGrid == true {
                return try insertForced(request, now: now)
            }
            let statement = try database.statement(
                """
                UPDATE OR IGNORE occurrences SET instant = min(instant, ?2), eligible = min(eligible, ?2), waiting = 0, \
                forced = 1 WHERE state = 0 AND request IN (SELECT id FROM requests WHERE identifier = ?1)
                """)
            try statement.bind(identifier, at: 1)
            try statement.bind(now, at: 2)
            try statement.run()
            return database.changes > 0
        }
    }

    private func insertForced(_ request: Int64, now: WallTime) throws -> Bool {
        let statement = try database.statement(
            """
            INSERT OR IGNORE INTO occurrences (id, request, instant, eligible, submitted, forced) \
            SELECT ?1, ?2, ?3, ?3, ?3, 1 WHERE NOT EXISTS \
            (SELECT 1 FROM occurrences WHERE request = ?2 AND forced = 1 AND state = 0)
            """)
        try statement.bind(try takeNumbers(1, now: now), at: 1)
        try statement.bind(request, at: 2)
        try statement.bind(now, at: 3)
        try statement.run()
        if database.changes > 0 { return true }
        // The instant may be one of the schedule's: this one comes beside it.
        try statement.bind(now.advanced(by: .microseconds(-1)), at: 3)
        try statement.run()
        return true
    }

    /// Asks what runs under this identifier to stop, and returns how many that were. A cancellation is never undone.
    ///
    /// `next`: the pending occurrence that they make room for; if it is not pending any more, they have.
    package func requestStop(
        identifier: String, reason: ExpirationReason, toMakeRoomFor next: Int64? = nil
    ) throws(SchedulingFailure) -> Int {
        try write("ask runs to stop", rings: true) { _ in
            if let next, try pending(next) == nil { return 0 }
            return try change(
                """
                UPDATE occurrences SET stop = CASE stop WHEN \(ExpirationReason.cancelled.rawValue) THEN stop \
                ELSE \(reason.rawValue) END \
                WHERE state = 1 AND request IN (SELECT id FROM requests WHERE identifier = ?1)
                """, identifier)
        }
    }

    @discardableResult
    private func change(_ sql: String, _ identifier: String?) throws -> Int {
        let statement = try database.statement(sql)
        if let identifier { try statement.bind(identifier, at: 1) }
        try statement.run()
        return database.changes
    }

    /// What this owner holds and was asked to stop.
    package func stopRequests() throws(SchedulingFailure) -> [(occurrence: Int64, reason: ExpirationReason)] {
        try read("look for stop requests") { state in
            guard let owner = state.owner else { return [] }
            let statement = try database.statement(
                """
                SELECT id, stop FROM occurrences INDEXED BY occurrences_claimed \
                WHERE state = 1 AND owner = ?1 AND stop IS NOT NULL ORDER BY id
                """)
            try statement.bind(owner, at: 1)
            return try statement.rows { (occurrence: $0.integer(0), reason: $0.reason(1) ?? .simulated) }
        }
    }

    /// Adds one row of history, in a commit of its own.
    package func note(_ entry: HistoryEntry) throws(SchedulingFailure) {
        try write("record history", rings: true) { _ in try record(entry) }
    }

    /// The newest rows of history first, of one identifier or of all.
    package func history(identifier: String?, limit: Int) throws(SchedulingFailure) -> [HistoryEntry] {
        try read("read the history") { _ in
            let statement = try database.statement(
                """
                SELECT \(HistoryEntry.columns) FROM history \(identifier == nil ? "" : "WHERE identifier = ?1") \
                ORDER BY id DESC LIMIT ?2
                """)
            if let identifier { try statement.bind(identifier, at: 1) }
            try statement.bind(Int64(max(0, limit)), at: 2)
            return try statement.rows(HistoryEntry.init(row:))
        }
    }
}
