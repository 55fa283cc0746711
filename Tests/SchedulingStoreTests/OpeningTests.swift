// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundSurroundings
import Glibc
import SchedulingCore
import Testing

@testable import SchedulingStore

@Suite("Opening the store, and what is wrong with it")
struct OpeningTests {
    let state = try! TemporaryState()

    private func refusal(machine: String = "m1") -> SchedulingFailure? {
        #expect(throws: SchedulingFailure.self) { try state.store(machine: machine) }
    }

    @Test("commits are durable on every connection: write-ahead log, synchronous FULL, no checkpoint behind our back")
    func durable() throws {
        for store in [try state.store(), try state.store()] {
            #expect(try store.database.text("PRAGMA journal_mode") == "wal")
            #expect(try store.database.integer("PRAGMA synchronous") == 2)
            #expect(try store.database.integer("PRAGMA wal_autocheckpoint") == 0)
        }
    }

    @Test("each call busy elsewhere waits as long as it was told")
    func busyTimeout() throws {
        let store = try state.store(busyTimeout: .milliseconds(1234))
        #expect(try store.database.integer("PRAGMA busy_timeout") == 1234)
        let usual = try SchedulingStore(directory: state.directory, machine: "m1", boot: "b", pid: 1)
        #expect(try usual.database.integer("PRAGMA busy_timeout") == 5000)
    }

    @Test("a new store has its final name only when it is complete")
    func complete() throws {
        _ = try state.store()
        #expect(!state.names.contains { $0.contains(".new") })
        #expect(try state.connection().userVersion() == StoreSchema.version)
    }

    @Test("what an interrupted making left behind does not matter")
    func leftovers() throws {
        #expect(mkdir(state.directory.path, 0o700) == 0)
        for suffix in [".new", ".new-wal", ".new-journal"] { write("half", to: state.database + suffix) }
        try state.store().submit(request("a"))
    }

    @Test("what was submitted is there after the store was closed and opened again")
    func reopened() throws {
        try state.store().submit(request("a"))
        #expect(try state.store().pending().map(\.identifier) == ["a"])
    }

    // MARK: Damage

    private func expectSetAside(_ names: [String]) throws {
        let failure = refusal()
        #expect(failure?.code == .storeCorrupt)
        for name in names { #expect(failure?.cause.contains("/" + name) == true) }
        #expect(state.names.filter { $0.contains("damaged") } == names)
        // The next one begins with an empty store.
        #expect(try state.store().pending().isEmpty)
    }

    @Test("a file that is no database is set aside under a name that the error tells")
    func noDatabase() throws {
        _ = try state.store()
        write(String(repeating: "garbage", count: 1000), to: state.database)
        unlink(state.database + "-wal")
        unlink(state.database + "-shm")
        try expectSetAside(["scheduling.sqlite.damaged-1"])
        write(String(repeating: "garbage", count: 1000), to: state.database)
        #expect(refusal()?.cause.contains("damaged-2") == true)
    }

    @Test("a truncated database is set aside", arguments: [0, 100, 4096, 8192])
    func truncated(length: Int) throws {
        try {
            let store = try state.store()
            try store.submit(request("a"))
            try store.database.checkpoint(patience: .zero, thenBusyTimeout: .zero)
        }()
        unlink(state.database + "-wal")
        unlink(state.database + "-shm")
        #expect(truncate(state.database, length) == 0)
        let failure = refusal()
        #expect(failure?.code == .storeCorrupt)
        #expect(failure?.cause.contains("/scheduling.sqlite.damaged-1") == true)
        #expect(size(state.database + ".damaged-1") == length)
        #expect(try state.store().pending().isEmpty)
    }

    @Test("the log and its index are set aside with the database")
    func companions() throws {
        let store = try state.store()
        try store.submit(request("a"))
        #expect(truncate(state.database, 0) == 0)
        try expectSetAside(
            ["scheduling.sqlite.damaged-1", "scheduling.sqlite.damaged-1-shm", "scheduling.sqlite.damaged-1-wal"])
        withExtendedLifetime(store) {}
    }

    @Test("a log whose database is gone is set aside, not replayed into a new one")
    func orphanedLog() throws {
        let store = try state.store()
        try store.submit(request("a"))
        unlink(state.database)
        try expectSetAside(["scheduling.sqlite.damaged-1-shm", "scheduling.sqlite.damaged-1-wal"])
        withExtendedLifetime(store) {}
    }

    @Test("damage that shows only later sets the file aside too, and that store object is done")
    func laterDamage() throws {
        try {
            let store = try state.store()
            try store.submit(request("a"))
            try store.database.checkpoint(patience: .zero, thenBusyTimeout: .zero)
        }()
        unlink(state.database + "-wal")
        unlink(state.database + "-shm")
        let root = try #require(
            try state.connection().integer("SELECT rootpage FROM sqlite_schema WHERE name = 'occurrences'"))
        let file = open(state.database, O_WRONLY)
        defer { close(file) }
        let zeroes = [UInt8](repeating: 0xFF, count: 4096)
        #expect(pwrite(file, zeroes, zeroes.count, Int((root - 1) * 4096)) == 4096)

        let store = try state.store()
        let failure = #expect(throws: SchedulingFailure.self) { try store.occurrences(identifier: nil) }
        #expect(failure?.code == .storeCorrupt)
        #expect(failure?.cause.contains("scheduling.sqlite.damaged-1") == true)
        let known = try #require(failure)
        #expect(throws: known) { try store.wakeup() }
        #expect(try state.store().pending().isEmpty)
    }

    // MARK: Not ours to touch

    @Test("a newer schema is refused and left alone")
    func newer() throws {
        try state.store().submit(request("a"))
        try state.connection().setUserVersion(99)
        let before = state.names
        #expect(refusal()?.code == .storeTooNew)
        #expect(refusal()?.cause.contains("99") == true)
        #expect(state.names == before)
        try state.connection().setUserVersion(Int32(StoreSchema.version))
        #expect(try state.store().pending().count == 1)
    }

    @Test("a database of another machine is refused and left alone; an unknown machine is not compared")
    func foreign() throws {
        try state.store(machine: "m1").submit(request("a"))
        let failure = refusal(machine: "m2")
        #expect(failure?.code == .storeForeign)
        #expect(failure?.cause.contains("m1") == true && failure?.cause.contains("m2") == true)
        #expect(try state.store(machine: "").pending().count == 1)
        #expect(try state.store(machine: "m1").pending().count == 1)
    }

    @Test("a store that was made where the machine was unknown belongs to the first that knows itself")
    func adopted() throws {
        _ = try state.store(machine: "")
        _ = try state.store(machine: "m1")
        #expect(refusal(machine: "m2")?.code == .storeForeign)
    }

    @Test("a SQLite database of something else is refused and left alone")
    func somethingElse() throws {
        #expect(mkdir(state.directory.path, 0o700) == 0)
        try Database(path: state.database, busyTimeout: .zero).execute("CREATE TABLE theirs (id)")
        #expect(refusal()?.code == .stateUnusable)
        #expect(try state.connection().integer("SELECT count(*) FROM theirs") == 0)
    }

    @Test("a database that is a symbolic link or a directory is refused")
    func notAFile() throws {
        #expect(mkdir(state.directory.path, 0o700) == 0)
        #expect(symlink("/tmp/elsewhere", state.database) == 0)
        #expect(refusal()?.code == .stateUnusable)
        unlink(state.database)
        #expect(mkdir(state.database, 0o700) == 0)
        #expect(refusal()?.code == .stateUnusable)
    }

    // MARK: Trouble while it is open

    @Test("a database that another connection holds is busy after the timeout, and works afterwards")
    func locked() throws {
        let store = try state.store(busyTimeout: .milliseconds(10))
        let other = try state.connection()
        try other.transaction {
            let failure = #expect(throws: SchedulingFailure.self) { try store.submit(request("a")) }
            #expect(failure?.code == .storeBusy)
            let pending = try store.pending()
            #expect(pending.isEmpty, "reading goes on")
        }
        try store.submit(request("a"))
    }

    @Test("a full disk is told, and nothing of the call stays")
    func full() throws {
        let store = try state.store()
        try store.submit(request("before"))
        let pages = try #require(try store.database.integer("PRAGMA page_count"))
        _ = try store.database.integer("PRAGMA max_page_count = \(pages + 2)")
        let many = (0..<10_000).map { request("task.\($0)") }
        let failure = #expect(throws: SchedulingFailure.self) {
            try store.submit(many, limits: .unlimited, now: t(0), relying: .none)
        }
        #expect(failure?.code == .diskFull)
        #expect(try store.pending().map(\.identifier) == ["before"])
        _ = try store.database.integer("PRAGMA max_page_count = 100000")
        try store.submit(request("after"))
    }

    @Test("the log does not grow without bound")
    func boundedLog() throws {
        let store = try state.owner()
        _ = try store.submit(
            (0..<60_000).map { request("task.\($0)") }, limits: .unlimited, now: t(0), relying: .none)
        #expect(size(state.database) > 1_000_000, "the long log was copied")
        for number in 0..<500 { try store.submit((0..<20).map { request("more.\(number).\($0)") }) }
        #expect(size(state.database + "-wal") < 12_000_000)
        #expect(store.database.logPages < 2 * SchedulingStore.checkpointPages)
    }

    @Test("a reader that never ends does not stop commits, and the log is copied after it")
    func longReader() throws {
        let store = try state.owner()
        let reader = try state.connection()
        try reader.snapshot {
            _ = try reader.integer("SELECT count(*) FROM requests")
            for number in 0..<60 { try store.submit((0..<100).map { request("task.\(number).\($0)") }) }
        }
        for number in 0..<60 { try store.submit((0..<100).map { request("more.\(number).\($0)") }) }
        #expect(store.database.logPages < 4 * SchedulingStore.checkpointPages)
    }
}

extension SchedulingStore {
    fileprivate func submit(_ requests: [NewRequest]) throws {
        _ = try submit(requests, limits: .unlimited, now: t(0), relying: .none)
    }
}

private func write(_ text: String, to path: String) {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    defer { close(file) }
    #expect(write(file, text, text.utf8.count) == text.utf8.count)
}
