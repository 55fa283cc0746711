// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CBackgroundSQLite
import Foundation

/// One row of `occurrences`, with what of its request matters.
struct OccurrenceRow: Equatable {
    var id: Int64
    var request: Int64
    var identifier: String
    var requirements: Int64
    var begun: Bool
    var instant: Int64
    var eligible: Int64
    var submitted: Int64
    /// 0 pending, 1 claimed, 2 waits for what it follows.
    var state: Int64
    var attempts: Int64
    var waiting: Int64
    /// Who holds it, by process identifier and owner number.
    var owner: Int64?
    var pid: Int32?
    var started: Int64?
    var cut: Int64?
    var stop: Int64?
    var starts: Int64
    /// Somebody made it due.
    var forced: Bool
    /// Of its request: what it was given as input, whether it recurs, and what it follows.
    var wish: Int?
    var recurring: Bool
    var follows: Int64?

    var isClaimed: Bool { state == 1 }
    var isHeld: Bool { state == 2 }
    /// The one of its request that the schedule goes on with.
    var isHead: Bool { starts == 0 && !forced }
}

/// One row of `history`.
struct HistoryRow: Equatable {
    var id: Int64
    var identifier: String?
    var outcome: Int64
    var reason: Int64?
    var attempt: Int64
    var pid: Int32
    var scheduled: Int64?
    var ended: Int64
    var detail: String
}

/// Reads the tables with SQL of its own: the model trusts nothing that the product says about its store.
final class StoreReader {
    private var connection: OpaquePointer?
    private var statements: [OpaquePointer] = []
    let path: String
    private let vfs: String?

    static let texts = [
        """
        SELECT o.id, o.request, r.identifier, r.requirements, r.begun, o.instant, o.eligible, o.submitted, o.state, \
        o.attempts, o.waiting, o.owner, w.pid, o.started, o.cut, o.stop, o.starts, o.forced, r.input, r.recurring, \
        r.follows FROM occurrences o \
        LEFT JOIN requests r ON r.id = o.request LEFT JOIN owners w ON w.id = o.owner ORDER BY o.id
        """,
        "SELECT id, identifier, outcome, reason, attempt, pid, scheduled, ended, detail FROM history WHERE id > ?1 ORDER BY id",
        """
        SELECT (SELECT count(*) FROM requests WHERE id NOT IN (SELECT request FROM occurrences)), \
        (SELECT value FROM meta WHERE key = 'zone')
        """,
        "SELECT max(id) FROM history",
        "SELECT pid FROM owners ORDER BY id",
        "BEGIN", "ROLLBACK",
    ]

    init(path: String, vfs: String?) {
        self.path = path
        self.vfs = vfs
    }

    deinit { close() }

    struct Failure: Error, CustomStringConvertible {
        var code: Int32
        var words: String
        var isTransient: Bool { [SQLITE_BUSY, SQLITE_PROTOCOL].contains(code & 0xff) }
        var isMissing: Bool { code & 0xff == SQLITE_CANTOPEN }
        var description: String { "the store cannot be read: \(words), code \(code)" }
    }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE else {
            throw Failure(code: code, words: String(cString: sqlite3_errmsg(connection)))
        }
    }

    var exists: Bool { access(path, F_OK) == 0 }

    func open() throws {
        guard connection == nil else { return }
        // SQLite would make one.
        guard exists else { throw Failure(code: SQLITE_CANTOPEN, words: "there is none") }
        try check(sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, vfs))
        for text in Self.texts {
            var statement: OpaquePointer?
            do {
                try check(sqlite3_prepare_v2(connection, text, -1, &statement, nil))
            } catch {
                close()
                throw error
            }
            if let statement { statements.append(statement) }
        }
    }

    func close() {
        for statement in statements { sqlite3_finalize(statement) }
        statements = []
        // It never checkpoints: that is the product's to do.
        if let connection {
            _ = cbackground_sqlite_no_checkpoint_on_close(connection)
            sqlite3_close_v2(connection)
        }
        connection = nil
    }

    private func rows(_ statement: OpaquePointer, _ body: (OpaquePointer) -> Void) throws {
        defer { sqlite3_reset(statement) }
        while true {
            let code = sqlite3_step(statement)
            try check(code)
            if code != SQLITE_ROW { return }
            body(statement)
        }
    }

    private static func text(_ row: OpaquePointer, _ column: Int32) -> String? {
        sqlite3_column_text(row, column).map { String(cString: $0) }
    }

    private static func number(_ row: OpaquePointer, _ column: Int32) -> Int64? {
        sqlite3_column_type(row, column) == SQLITE_NULL ? nil : sqlite3_column_int64(row, column)
    }

    struct Snapshot {
        var occurrences: [OccurrenceRow] = []
        var history: [HistoryRow] = []
        /// Requests without an occurrence.
        var orphans: Int64 = 0
        /// The host's time zone when local schedules were counted last.
        var zone: String?
    }

    /// Everything that is not done, and the history after a row; one snapshot.
    func read(after last: Int64) throws -> Snapshot {
        try open()
        try rows(statements[5]) { _ in }
        defer { try? rows(statements[6]) { _ in } }
        var occurrences: [OccurrenceRow] = []
        try rows(statements[0]) { row in
            func at(_ column: Int32) -> Int64 { sqlite3_column_int64(row, column) }
            occurrences.append(
                OccurrenceRow(
                    id: at(0), request: at(1), identifier: Self.text(row, 2) ?? "(no request)", requirements: at(3),
                    begun: at(4) != 0, instant: at(5), eligible: at(6), submitted: at(7), state: at(8),
                    attempts: at(9), waiting: at(10), owner: Self.number(row, 11),
                    pid: Self.number(row, 12).map { Int32(truncatingIfNeeded: $0) },
                    started: Self.number(row, 13), cut: Self.number(row, 14), stop: Self.number(row, 15),
                    starts: at(16),
                    forced: at(17) != 0, wish: Self.text(row, 18).flatMap { Int($0) }, recurring: at(19) != 0,
                    follows: Self.number(row, 20)))
        }
        var history: [HistoryRow] = []
        sqlite3_bind_int64(statements[1], 1, last)
        try rows(statements[1]) { row in
            history.append(
                HistoryRow(
                    id: sqlite3_column_int64(row, 0), identifier: Self.text(row, 1),
                    outcome: sqlite3_column_int64(row, 2), reason: Self.number(row, 3),
                    attempt: sqlite3_column_int64(row, 4),
                    pid: Int32(truncatingIfNeeded: sqlite3_column_int64(row, 5)),
                    scheduled: Self.number(row, 6), ended: sqlite3_column_int64(row, 7),
                    detail: Self.text(row, 8) ?? ""))
        }
        var snapshot = Snapshot(occurrences: occurrences, history: history)
        try rows(statements[2]) {
            snapshot.orphans = sqlite3_column_int64($0, 0)
            snapshot.zone = Self.text($0, 1)
        }
        return snapshot
    }

    /// The newest row of history.
    func lastHistory() throws -> Int64 {
        try open()
        var last: Int64 = 0
        try rows(statements[3]) { last = sqlite3_column_int64($0, 0) }
        return last
    }

    /// The process identifiers of the owners that are not forgotten.
    func owners() throws -> [Int32] {
        try open()
        var pids: [Int32] = []
        try rows(statements[4]) { pids.append(Int32(truncatingIfNeeded: sqlite3_column_int64($0, 0))) }
        return pids
    }

    /// What SQLite finds wrong with the file; nil: nothing.
    func damage() throws -> String? {
        try open()
        var statement: OpaquePointer?
        try check(sqlite3_prepare_v2(connection, "PRAGMA integrity_check(1)", -1, &statement, nil))
        defer { sqlite3_finalize(statement) }
        guard let statement else { return nil }
        var words: String?
        try rows(statement) { words = Self.text($0, 0) }
        return words == "ok" ? nil : words
    }
}
