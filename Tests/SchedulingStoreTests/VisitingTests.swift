// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import Glibc
import SchedulingCore
import Testing

@testable import SchedulingStore

@Suite("A tool that looks in leaves the store as it is")
struct VisitingTests {
    let state = try! TemporaryState()

    private func visitor(machine: String = "m1") throws(SchedulingFailure) -> SchedulingStore {
        try SchedulingStore(
            directory: state.directory, machine: machine, boot: "b1", pid: 7, busyTimeout: .milliseconds(50),
            lockPatience: .milliseconds(50), as: .visitor)
    }

    private func refusal(machine: String = "m1") -> SchedulingFailure? {
        #expect(throws: SchedulingFailure.self) { try visitor(machine: machine) }
    }

    @Test("where there is no store, none is made, and no directory")
    func nothing() {
        #expect(refusal()?.code == .stateUnusable)
        #expect(access(state.directory.path, F_OK) != 0)
        #expect(mkdir(state.directory.path, 0o700) == 0)
        #expect(refusal()?.cause == "there is none")
        #expect(state.names.isEmpty)
    }

    @Test("reading makes no commit, and no owner")
    func reading() throws {
        let app = try state.owner()
        try app.submit(request("a"))
        let version = try app.stamp()
        let visitor = try visitor()
        #expect(try visitor.occurrences(identifier: nil).map(\.occurrence.identifier) == ["a"])
        #expect(try visitor.history(identifier: nil, limit: 10).isEmpty)
        #expect(try visitor.liveOwners() == [100])
        #expect(try app.stamp() == version)
        #expect(try state.connection().integer("SELECT count(*) FROM owners") == 1)
    }

    @Test("it may give orders, which the app hears")
    func orders() throws {
        let app = try state.store()
        try app.submit(request("a"))
        let version = try app.stamp()
        _ = try visitor().cancel(identifier: "a", now: t(1))
        #expect(try app.stamp() != version)
        #expect(try app.pending().isEmpty)
    }

    @Test("while another process writes, it reads on, and an order is refused in the end")
    func inUse() throws {
        try state.store().submit(request("a"))
        let visitor = try visitor()
        let other = try state.connection()
        try other.execute("BEGIN IMMEDIATE")
        #expect(try visitor.occurrences(identifier: nil).count == 1)
        let failure = #expect(throws: SchedulingFailure.self) { try visitor.cancel(identifier: "a", now: t(1)) }
        #expect(failure?.code == .storeBusy)
        try other.execute("ROLLBACK")
    }

    @Test("a damaged store is told of and not set aside, also when the damage shows late")
    func damaged() throws {
        _ = try state.store()
        let names = state.names
        let file = open(state.database, O_WRONLY)
        #expect(pwrite(file, "garbage garbage!", 16, 0) == 16)
        close(file)
        #expect(refusal()?.code == .storeCorrupt)
        #expect(state.names == names)
    }

    @Test("a store of a newer library or another machine is refused, as to the app")
    func foreign() throws {
        try state.store().submit(request("a"))
        #expect(refusal(machine: "m2")?.code == .storeForeign)
        try state.connection().setUserVersion(99)
        #expect(refusal()?.code == .storeTooNew)
    }

    @Test("the store of an app with an older library is read, and stays as it is; orders are refused")
    func older() throws {
        try makeOlder()
        let visitor = try visitor()
        #expect(try visitor.occurrences(identifier: nil).map(\.occurrence.identifier) == ["old"])
        let failure = #expect(throws: SchedulingFailure.self) { try visitor.cancel(identifier: "old", now: t(1)) }
        #expect(failure?.cause.contains("older library") == true)
        #expect(try state.connection().userVersion() == 2)
        #expect(try state.connection().integer("SELECT count(*) FROM occurrences") == 1)
    }

    /// A store as schema 2 had it.
    private func makeOlder() throws {
        _ = try state.store()
        let database = try state.connection()
        try database.execute(
            """
            DROP INDEX requests_follows;
            ALTER TABLE requests DROP COLUMN terms; ALTER TABLE requests DROP COLUMN input;
            ALTER TABLE requests DROP COLUMN follows; ALTER TABLE requests DROP COLUMN recurring;
            ALTER TABLE requests DROP COLUMN replaces; ALTER TABLE occurrences DROP COLUMN starts;
            ALTER TABLE occurrences DROP COLUMN since;
            ALTER TABLE occurrences DROP COLUMN forced;
            INSERT INTO requests VALUES (1, 'old', 2, 0, 1, 0);
            INSERT INTO occurrences (id, request, instant, eligible, submitted) VALUES (1, 1, 5, 5, 1);
            """)
        try database.setUserVersion(2)
    }

    @Test("a directory that others may write to, or that is a link, is refused")
    func directories() throws {
        _ = try state.store()
        #expect(chmod(state.directory.path, 0o777) == 0)
        #expect(refusal()?.cause.contains("others may write to it") == true)
        #expect(chmod(state.directory.path, 0o700) == 0)
        #expect(rename(state.directory.path, state.root + "/elsewhere") == 0)
        #expect(symlink(state.root + "/elsewhere", state.directory.path) == 0)
        #expect(refusal()?.cause == "it is a symbolic link")
    }

    @Test("a mark of a launch is counted while nobody holds it, and stays")
    func marks() throws {
        _ = try state.store()
        let marker = try #require(LaunchMarker(directory: state.directory, instance: "a-1"))
        #expect(LaunchMarker.abandoned(in: state.directory) == 0)
        withExtendedLifetime(marker) {}
        _ = consume marker
        #expect(LaunchMarker.abandoned(in: state.directory) == 1)
        #expect(LaunchMarker.abandoned(in: state.directory) == 1)
    }

    @Test("only the library's own files count as its own")
    func ownFiles() throws {
        let app = try state.owner()
        try app.withArmingLock { () throws(SchedulingFailure) in }
        _ = LaunchMarker(directory: state.directory, instance: "a-1")
        #expect(state.names.allSatisfy(StateDirectory.isOurs))
        #expect(!StateDirectory.isOurs("notes") && !StateDirectory.isOurs("library.sqlite"))
    }
}
