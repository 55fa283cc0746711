// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

extension Occurrence {
    /// What `init(row:)` reads, of `occurrences o` joined with `requests r`.
    static let columns = """
        o.id, o.request, r.identifier, r.kind, o.instant, o.eligible, o.attempts, o.postponements, \
        CASE o.forced WHEN 0 THEN r.requirements ELSE 0 END, o.submitted, o.starts, r.terms, o.forced
        """

    /// How many columns `columns` names: the next one's number.
    static let columnCount: Int32 = 13

    init(row: Statement) {
        self.init(
            id: row.integer(0), request: row.integer(1), identifier: row.text(2),
            kind: TaskKind(rawValue: Int(row.integer(3))) ?? .processing,
            instant: row.time(4), eligible: row.time(5), attempts: row.count(6),
            postponements: Int(row.integer(7)), requirements: Requirement(rawValue: Int(row.integer(8))),
            submitted: row.time(9), starts: row.count(10))
        isForced = row.integer(12) != 0
        guard let text = row.optionalText(11) else { return }
        if let terms = StoredTerms.decode(text) { self.terms = terms } else { isUnreadable = true }
    }
}

extension HistoryEntry {
    static let columns = "identifier, outcome, reason, attempt, detail, pid, scheduled, started, ended"

    /// How many columns `columns` names: the next one's number.
    static let columnCount: Int32 = 9

    init(row: Statement) {
        self.init(
            identifier: row.optionalText(0), outcome: Outcome(rawValue: Int(row.integer(1))) ?? .failed,
            reason: row.reason(2), attempt: Int(row.integer(3)), detail: row.text(4),
            processIdentifier: Int32(truncatingIfNeeded: row.integer(5)), scheduled: row.optionalTime(6),
            started: row.optionalTime(7), ended: row.time(8))
    }
}

extension Statement {
    func reason(_ column: Int32) -> ExpirationReason? {
        optionalInteger(column).flatMap { ExpirationReason(rawValue: Int($0)) }
    }
}

extension SchedulingStore {
    /// Adds one row of history. Inside a write transaction. `run`, `again`: what only those who listen are told.
    func record(_ entry: HistoryEntry, run: Int64? = nil, again: WallTime? = nil) throws {
        let statement = try database.statement(
            "INSERT INTO history (\(HistoryEntry.columns)) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")
        try statement.bind(entry.identifier, at: 1)
        try statement.bind(Int64(entry.outcome.rawValue), at: 2)
        try statement.bind(entry.reason.map { Int64($0.rawValue) }, at: 3)
        try statement.bind(Int64(entry.attempt), at: 4)
        try statement.bind(entry.detail, at: 5)
        try statement.bind(Int64(entry.processIdentifier), at: 6)
        try statement.bind(entry.scheduled, at: 7)
        try statement.bind(entry.started, at: 8)
        try statement.bind(entry.ended, at: 9)
        try statement.run()
        recording.add(
            .history(RecordedEntry(row: database.lastInsertedRow, entry: entry, run: run, again: again)))
        try trimHistory(added: 1)
    }

    /// Keeps the newest rows, in one range delete each time the row numbers pass a multiple of a chunk.
    func trimHistory(added: Int) throws {
        guard added > 0 else { return }
        let last = database.lastInsertedRow
        let chunk = max(1, min(256, historyLimit / 4))
        guard last % chunk < Int64(added) else { return }
        let statement = try database.statement("DELETE FROM history WHERE id <= ?1")
        try statement.bind(last - historyLimit, at: 1)
        try statement.run()
    }

    /// A claimed occurrence is pending again. Never eligible before its instant, so that what is due can be claimed.
    func release(occurrence: Int64, eligible: WallTime, attempts: Int, now: WallTime) throws {
        let statement = try database.statement(
            """
            UPDATE occurrences SET state = 0, eligible = max(?2, instant), attempts = ?3, postponements = 0, \
            waiting = 0, owner = NULL, started = NULL, cut = NULL, stop = NULL, since = ?4 WHERE id = ?1
            """)
        try statement.bind(occurrence, at: 1)
        try statement.bind(eligible, at: 2)
        try statement.bind(Int64(attempts), at: 3)
        try statement.bind(now, at: 4)
        try statement.run()
        try remember(now)
    }

    /// What was counted now shows that the clock was moved back, if it is.
    func remember(_ now: WallTime) throws {
        let statement = try database.statement("UPDATE sequence SET latest = ?1 WHERE latest < ?1")
        try statement.bind(now, at: 1)
        try statement.run()
    }
}
