// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CBackgroundSQLite

/// What SQLite refused: its codes and words, and what was being done with which statement.
package struct SQLiteError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The extended result code (https://www.sqlite.org/rescode.html).
    package let extendedCode: Int32
    /// SQLite's own words.
    package let message: String
    /// The statement, if there was one.
    package let sql: String
    /// What was being done: "open", "prepare", "step".
    package let doing: String
    /// The system call's errno behind an input or output error; 0 if there was none.
    package let systemError: Int32

    package init(extendedCode: Int32, message: String, sql: String, doing: String, systemError: Int32 = 0) {
        self.extendedCode = extendedCode
        self.message = message
        self.sql = sql
        self.doing = doing
        self.systemError = systemError
    }

    /// Takes the words from the connection, which keeps those of its latest call only.
    init(code: Int32, connection: OpaquePointer?, sql: String, doing: String) {
        let words = connection.flatMap { sqlite3_errmsg($0) } ?? sqlite3_errstr(code)
        let extended = connection.map { sqlite3_extended_errcode($0) } ?? code
        self.init(
            extendedCode: extended & 0xff == code & 0xff ? extended : code,
            message: words.map { String(cString: $0) } ?? "",
            sql: sql, doing: doing,
            systemError: connection.map { sqlite3_system_errno($0) } ?? 0)
    }

    /// The primary result code.
    package var code: Int32 { extendedCode & 0xff }

    package var description: String {
        let statement = sql.isEmpty ? "" : " (\(sql))"
        return "SQLite could not \(doing): \(message), code \(extendedCode)\(statement)"
    }
}

extension SQLiteError {
    /// Somebody else held the database for longer than the busy timeout.
    package var isBusy: Bool { code == SQLITE_BUSY || code == SQLITE_LOCKED }
    /// What the file holds is not a sound database.
    package var isDamage: Bool { code == SQLITE_CORRUPT || code == SQLITE_NOTADB }
    /// There is no room: on the disk, or under the configured page limit.
    package var isFull: Bool { code == SQLITE_FULL }
    /// The file cannot be opened or written by us.
    package var isAccess: Bool {
        code == SQLITE_READONLY || code == SQLITE_CANTOPEN || code == SQLITE_PERM || code == SQLITE_AUTH
    }
    /// A call to the file system failed.
    package var isInputOutput: Bool { code == SQLITE_IOERR }
    /// A uniqueness or other constraint refused the row.
    package var isConstraint: Bool { code == SQLITE_CONSTRAINT }
}
