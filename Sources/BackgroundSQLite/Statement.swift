// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CBackgroundSQLite

/// One prepared statement; columns count from 0 and parameters from 1, as in SQLite.
///
/// Used under its database's rule: one thread at a time. Whoever steps it resets it.
package final class Statement {
    package let sql: String
    private let connection: OpaquePointer
    private let handle: OpaquePointer

    /// "persistent" tells SQLite that the statement is kept (https://www.sqlite.org/c3ref/c_prepare_persistent.html).
    init(_ sql: String, connection: OpaquePointer) throws(SQLiteError) {
        var made: OpaquePointer?
        var text = sql
        let code = text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) {
                sqlite3_prepare_v3(
                    connection, $0.baseAddress, Int32($0.count), UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
            }
        }
        guard code == SQLITE_OK, let made else {
            throw SQLiteError(code: code, connection: connection, sql: sql, doing: "prepare")
        }
        self.sql = sql
        self.connection = connection
        handle = made
    }

    deinit { sqlite3_finalize(handle) }

    // MARK: Parameters

    package func bind(_ value: Int64, at index: Int32) throws(SQLiteError) {
        try check(sqlite3_bind_int64(handle, index, value))
    }

    package func bind(_ value: Int64?, at index: Int32) throws(SQLiteError) {
        guard let value else { return try bindNull(at: index) }
        try bind(value, at: index)
    }

    package func bind(_ text: String, at index: Int32) throws(SQLiteError) {
        var text = text
        try check(
            text.withUTF8 { bytes in
                // An empty string may have no address, and a nil address would bind NULL.
                guard let base = bytes.baseAddress else { return cbackground_sqlite_bind_text(handle, index, "", 0) }
                return base.withMemoryRebound(to: CChar.self, capacity: bytes.count) {
                    cbackground_sqlite_bind_text(handle, index, $0, Int32(bytes.count))
                }
            })
    }

    package func bind(_ text: String?, at index: Int32) throws(SQLiteError) {
        guard let text else { return try bindNull(at: index) }
        try bind(text, at: index)
    }

    package func bind(_ bytes: [UInt8]?, at index: Int32) throws(SQLiteError) {
        guard let bytes else { return try bindNull(at: index) }
        try check(
            bytes.withUnsafeBytes { bytes in
                // As for text: no bytes are not the same as none.
                guard let base = bytes.baseAddress else { return sqlite3_bind_zeroblob(handle, index, 0) }
                return cbackground_sqlite_bind_blob(handle, index, base, Int32(bytes.count))
            })
    }

    package func bind(real value: Double, at index: Int32) throws(SQLiteError) {
        try check(sqlite3_bind_double(handle, index, value))
    }

    package func bindNull(at index: Int32) throws(SQLiteError) {
        try check(sqlite3_bind_null(handle, index))
    }

    private func check(_ code: Int32) throws(SQLiteError) {
        guard code == SQLITE_OK else {
            throw SQLiteError(code: code, connection: connection, sql: sql, doing: "bind")
        }
    }

    // MARK: Running

    /// Goes to the next row; false when there is none. After an error the statement is reset.
    package func step() throws(SQLiteError) -> Bool {
        let code = sqlite3_step(handle)
        if code == SQLITE_ROW { return true }
        if code == SQLITE_DONE { return false }
        let error = SQLiteError(code: code, connection: connection, sql: sql, doing: "step")
        sqlite3_reset(handle)
        throw error
    }

    /// Runs it to its end, whatever rows it yields, and resets it.
    package func run() throws(SQLiteError) {
        while try step() {}
        sqlite3_reset(handle)
    }

    /// Makes it ready for the next run; parameters stay as they are.
    package func reset() { sqlite3_reset(handle) }

    // MARK: Columns of the present row

    package func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(handle, column) }

    package func real(_ column: Int32) -> Double { sqlite3_column_double(handle, column) }

    package func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

    package func text(_ column: Int32) -> String { optionalText(column) ?? "" }

    package func optionalText(_ column: Int32) -> String? {
        // The text first, then its length: the order that the manual asks for
        // (https://www.sqlite.org/c3ref/column_blob.html).
        guard let bytes = sqlite3_column_text(handle, column) else { return nil }
        let count = Int(sqlite3_column_bytes(handle, column))
        return String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    }

    package func optionalBlob(_ column: Int32) -> [UInt8]? {
        if isNull(column) { return nil }
        let bytes = sqlite3_column_blob(handle, column)
        return Array(UnsafeRawBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))))
    }

    package func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
}
