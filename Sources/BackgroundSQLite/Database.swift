// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CBackgroundSQLite

/// One connection to one SQLite file, for one thread at a time; statements are prepared once and kept.
///
/// Not `Sendable`: its owner guards it. SQLite's own mutexes are off (SQLITE_OPEN_NOMUTEX).
package final class Database {
    /// How the file is opened.
    package enum Mode: Sendable {
        /// It must exist.
        case existing
        /// It is made when it is missing.
        case create
    }

    package let path: String
    private let connection: OpaquePointer
    private var statements: [String: Statement] = [:]
    /// Written by SQLite's hook after each commit, on the thread that commits.
    private let frames: UnsafeMutablePointer<Int32>

    /// Opens the file, through a VFS of another name if one is given.
    ///
    /// Nothing of the file is read yet: damage shows with the first statement. Checkpoints happen only when they are
    /// asked for, neither after a commit nor at the end.
    package init(path: String, mode: Mode = .create, vfs: String? = nil, busyTimeout: Duration) throws(SQLiteError) {
        var opened: OpaquePointer?
        let creating = mode == .create ? SQLITE_OPEN_CREATE : 0
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | creating
        let code = sqlite3_open_v2(path, &opened, flags, vfs)
        guard code == SQLITE_OK, let opened else {
            // "Resources associated with the database connection handle should be released by passing it to
            // sqlite3_close()" whether or not an error occurs (https://www.sqlite.org/c3ref/open.html).
            let error = SQLiteError(code: code, connection: opened, sql: "", doing: "open " + path)
            sqlite3_close_v2(opened)
            throw error
        }
        self.path = path
        connection = opened
        frames = .allocate(capacity: 1)
        frames.initialize(to: 0)
        setBusyTimeout(busyTimeout)
        _ = cbackground_sqlite_no_checkpoint_on_close(opened)
        // Taking the hook also turns the automatic checkpoint off (https://www.sqlite.org/c3ref/wal_hook.html).
        sqlite3_wal_hook(
            opened,
            { context, _, _, pages in
                context?.assumingMemoryBound(to: Int32.self).pointee = pages
                return SQLITE_OK
            }, frames)
    }

    deinit {
        statements.removeAll()
        sqlite3_close_v2(connection)
        frames.deallocate()
    }

    /// How long a call waits for another connection.
    package func setBusyTimeout(_ timeout: Duration) {
        let (seconds, attoseconds) = timeout.components
        let milliseconds = min(seconds, 1_000_000) * 1000 + attoseconds / 1_000_000_000_000_000
        sqlite3_busy_timeout(connection, Int32(max(0, milliseconds)))
    }

    // MARK: Statements

    /// The statement for this text: prepared at the first time, kept until the connection closes.
    package func statement(_ sql: String) throws(SQLiteError) -> Statement {
        if let kept = statements[sql] { return kept }
        let made = try Statement(sql, connection: connection)
        statements[sql] = made
        return made
    }

    /// The texts of the statements that are kept, for looking at their plans.
    package var preparedTexts: [String] { Array(statements.keys) }

    /// A statement that is not kept.
    package func prepare(_ sql: String) throws(SQLiteError) -> Statement {
        try Statement(sql, connection: connection)
    }

    /// Runs statements separated by semicolons, and ignores their rows.
    package func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(connection, sql, nil, nil, nil)
        guard code == SQLITE_OK else {
            throw SQLiteError(code: code, connection: connection, sql: sql, doing: "execute")
        }
    }

    /// The first column of the first row, as an integer.
    package func integer(_ sql: String) throws(SQLiteError) -> Int64? {
        let statement = try statement(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.optionalInteger(0) : nil
    }

    /// The first column of the first row, as text.
    package func text(_ sql: String) throws(SQLiteError) -> String? {
        let statement = try statement(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.optionalText(0) : nil
    }

    /// How many rows the latest INSERT, UPDATE or DELETE touched.
    package var changes: Int { Int(sqlite3_changes(connection)) }

    package var lastInsertedRow: Int64 { sqlite3_last_insert_rowid(connection) }

    // MARK: Transactions

    /// Runs `body` in one write transaction: committed when it returns, undone when it throws.
    ///
    /// BEGIN IMMEDIATE, so that waiting for another writer happens here and never in the middle.
    package func transaction<R>(_ body: () throws -> R) throws -> R {
        try statement("BEGIN IMMEDIATE").run()
        do {
            let result = try body()
            try commit()
            return result
        } catch {
            rollBack()
            throw error
        }
    }

    private func commit() throws(SQLiteError) {
        do throws(SQLiteError) {
            try statement("COMMIT").run()
        } catch {
            rollBack()
            if error.isInputOutput { overwriteFailedCommit() }
            throw error
        }
    }

    /// Some errors have rolled back already (https://www.sqlite.org/lang_transaction.html).
    private func rollBack() {
        if sqlite3_get_autocommit(connection) == 0 { try? statement("ROLLBACK").run() }
    }

    /// A commit whose sync failed is whole in the log, behind its end: who reads the log anew after our death would take
    /// it for done. The next commit overwrites it; so one that changes nothing is made at once, and tried once more where
    /// that fails too. If it is refused again, the next one does it.
    private func overwriteFailedCommit() {
        for _ in 0..<2 {
            guard let version = try? userVersion(), (try? execute("PRAGMA user_version = \(version)")) != nil else {
                rollBack()
                continue
            }
            // Only now it is known how long the log is.
            try? rewriteLog()
            return
        }
    }

    /// The kernel counts pages as written when their sync has failed, those of others as well: of a commit that a dead
    /// process left unsynced the disk may have nothing, and no later sync would write it; then a power cut would take all
    /// that was committed behind it. So the log is written once more, as it is.
    /// <https://www.kernel.org/doc/html/latest/filesystems/vfs.html#handling-errors-during-writeback>
    private func rewriteLog() throws {
        // Nobody else writes meanwhile.
        try statement("BEGIN IMMEDIATE").run()
        defer { rollBack() }
        var found: UnsafeMutablePointer<sqlite3_file>?
        let code = withUnsafeMutablePointer(to: &found) {
            sqlite3_file_control(connection, nil, SQLITE_FCNTL_JOURNAL_POINTER, $0)
        }
        guard code == SQLITE_OK, let file = found, let methods = file.pointee.pMethods?.pointee,
            let read = methods.xRead, let write = methods.xWrite, let sync = methods.xSync
        else { return }
        // The header of the log, and one before each page (https://www.sqlite.org/fileformat2.html#walformat).
        let page = Int(try integer("PRAGMA page_size") ?? 4096)
        let size = 32 + logPages * (24 + page)
        var chunk = [UInt8](repeating: 0, count: 24 + page)
        var offset = 0
        while offset < size {
            let count = Int32(min(chunk.count, size - offset))
            guard read(file, &chunk, count, sqlite3_int64(offset)) == SQLITE_OK,
                write(file, chunk, count, sqlite3_int64(offset)) == SQLITE_OK
            else { return }
            offset += Int(count)
        }
        _ = sync(file, SQLITE_SYNC_NORMAL)
    }

    /// Runs `body` on one snapshot, without writing.
    package func snapshot<R>(_ body: () throws -> R) throws -> R {
        try statement("BEGIN").run()
        defer { try? statement("ROLLBACK").run() }
        return try body()
    }

    /// The number that a schema keeps in the file for its own use.
    package func userVersion() throws(SQLiteError) -> Int64 { try integer("PRAGMA user_version") ?? 0 }

    package func setUserVersion(_ version: Int32) throws(SQLiteError) {
        try execute("PRAGMA user_version = \(version)")
    }

    /// A number that differs after another connection has committed.
    package func dataVersion() throws(SQLiteError) -> Int64 { try integer("PRAGMA data_version") ?? 0 }

    // MARK: The write-ahead log

    /// How many pages the log held after this connection's latest commit.
    package var logPages: Int { Int(frames.pointee) }

    /// Copies the log's pages into the database, and waits at most `patience` for writers and readers. Without effect on
    /// a connection that has not read or written yet: it has not opened the log.
    ///
    /// FULL, not PASSIVE: it holds the writer's lock meanwhile. Before SQLite 3.51.3 a writer that starts the log anew
    /// beside a checkpoint can lose pages (https://www.sqlite.org/wal.html#walresetbug).
    package func checkpoint(patience: Duration, thenBusyTimeout: Duration) throws(SQLiteError) {
        setBusyTimeout(patience)
        defer { setBusyTimeout(thenBusyTimeout) }
        let code = sqlite3_wal_checkpoint_v2(connection, nil, SQLITE_CHECKPOINT_FULL, nil, nil)
        guard code == SQLITE_OK || code & 0xff == SQLITE_BUSY else {
            throw SQLiteError(code: code, connection: connection, sql: "", doing: "checkpoint")
        }
    }
}
