// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import Glibc
import Testing

/// A database file of a test's own.
private final class Scratch {
    let path: String

    init() {
        path = temporaryDirectory() + "/test.sqlite"
    }

    deinit {
        for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
        rmdir(String(path[..<path.lastIndex(of: "/")!]))
    }

    func open(_ mode: Database.Mode = .create) throws(SQLiteError) -> Database {
        try Database(path: path, mode: mode, busyTimeout: .milliseconds(20))
    }
}

@Suite("The SQLite wrapper")
struct DatabaseTests {
    private let scratch = Scratch()

    @Test("integers, text and null come back as they were bound, NUL and emoji included")
    func values() throws {
        let database = try scratch.open()
        let statement = try database.prepare("SELECT ?1, ?2, ?3, ?4, ?5")
        try statement.bind(Int64.min, at: 1)
        try statement.bind("a\0b 🚀", at: 2)
        try statement.bind("", at: 3)
        try statement.bind(nil as Int64?, at: 4)
        try statement.bind(nil as String?, at: 5)
        #expect(try statement.step())
        #expect(statement.integer(0) == .min)
        #expect(statement.text(1) == "a\0b 🚀")
        #expect(statement.optionalText(2) == "")
        #expect(statement.optionalInteger(3) == nil)
        #expect(statement.optionalText(4) == nil)
        #expect(try !statement.step())
    }

    @Test("a statement is prepared once for its text")
    func cached() throws {
        let database = try scratch.open()
        #expect(try database.statement("SELECT 1") === database.statement("SELECT 1"))
        #expect(try database.statement("SELECT 1") !== database.statement("SELECT 2"))
    }

    @Test("an error says what was being done, to which statement, and why")
    func errors() throws {
        let database = try scratch.open()
        let error = #expect(throws: SQLiteError.self) { try database.prepare("SELECT nonsense") }
        #expect(error?.doing == "prepare")
        #expect(error?.sql == "SELECT nonsense")
        #expect(error?.message.contains("nonsense") == true)

        try database.execute("CREATE TABLE one (id INTEGER PRIMARY KEY); INSERT INTO one VALUES (1)")
        let conflict = #expect(throws: SQLiteError.self) { try database.statement("INSERT INTO one VALUES (1)").run() }
        #expect(conflict?.isConstraint == true)
        #expect(conflict?.extendedCode == 1555, "SQLITE_CONSTRAINT_PRIMARYKEY")
    }

    @Test("a file that must exist is not made")
    func missing() {
        let error = #expect(throws: SQLiteError.self) { try scratch.open(.existing) }
        #expect(error?.isAccess == true)
    }

    @Test("an unknown VFS is refused by name")
    func unknownVFS() {
        let error = #expect(throws: SQLiteError.self) {
            try Database(path: scratch.path, vfs: "nobody", busyTimeout: .zero)
        }
        #expect(error?.message.contains("nobody") == true)
    }

    @Test("a transaction whose body throws leaves nothing behind, and the next one works")
    func rollback() throws {
        struct Stop: Error {}
        let database = try scratch.open()
        try database.execute("CREATE TABLE one (id INTEGER PRIMARY KEY)")
        #expect(throws: Stop.self) {
            try database.transaction {
                try database.execute("INSERT INTO one VALUES (1)")
                throw Stop()
            }
        }
        #expect(try database.integer("SELECT count(*) FROM one") == 0)
        try database.transaction { try database.execute("INSERT INTO one VALUES (2)") }
        #expect(try database.integer("SELECT count(*) FROM one") == 1)
    }

    @Test("a second writer is told that the database is busy, before its body runs")
    func busy() throws {
        let (first, second) = (try scratch.open(), try scratch.open())
        try first.execute("PRAGMA journal_mode = WAL; CREATE TABLE one (id)")
        try first.transaction {
            var ran = false
            let error = #expect(throws: SQLiteError.self) { try second.transaction { ran = true } }
            #expect(error?.isBusy == true)
            #expect(!ran)
        }
        try second.transaction {}
    }

    @Test("a full database is told apart, and nothing of the transaction stays")
    func full() throws {
        let database = try scratch.open()
        try database.execute("CREATE TABLE one (text); PRAGMA max_page_count = 3")
        let error = #expect(throws: SQLiteError.self) {
            try database.transaction {
                for _ in 0..<100 { try database.execute("INSERT INTO one VALUES (zeroblob(1000))") }
            }
        }
        #expect(error?.isFull == true)
        #expect(try database.integer("SELECT count(*) FROM one") == 0)
    }

    @Test("the data version differs after another connection's commit, not after one's own")
    func dataVersion() throws {
        let (first, second) = (try scratch.open(), try scratch.open())
        try first.execute("PRAGMA journal_mode = WAL; CREATE TABLE one (id)")
        let before = try first.dataVersion()
        try first.execute("INSERT INTO one VALUES (1)")
        #expect(try first.dataVersion() == before)
        try second.execute("INSERT INTO one VALUES (2)")
        #expect(try first.dataVersion() != before)
    }

    @Test("the user version is kept in the file")
    func userVersion() throws {
        try scratch.open().setUserVersion(7)
        #expect(try scratch.open().userVersion() == 7)
    }

    @Test("the log is copied only when asked, not after commits and not at the end")
    func checkpoint() throws {
        var database: Database? = try scratch.open()
        try database?.execute("PRAGMA journal_mode = WAL; CREATE TABLE one (text)")
        for _ in 0..<1200 { try database?.statement("INSERT INTO one VALUES (zeroblob(3000))").run() }
        #expect(try #require(database).logPages > 1000)
        #expect(size(scratch.path) < 100_000)
        database = nil
        #expect(size(scratch.path) < 100_000)
        #expect(size(scratch.path + "-wal") > 1_000_000)
        let again = try scratch.open()
        #expect(try again.integer("SELECT count(*) FROM one") == 1200)
        try again.checkpoint(patience: .zero, thenBusyTimeout: .zero)
        #expect(size(scratch.path) > 1_000_000)
    }
}

private func temporaryDirectory() -> String {
    let template = strdup("/tmp/background-sqlite-XXXXXX")!
    defer { free(template) }
    #expect(mkdtemp(template) != nil)
    return String(cString: template)
}

private func size(_ path: String) -> Int {
    var about = stat()
    return lstat(path, &about) == 0 ? about.st_size : 0
}
