// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransfersCore
import TransfersStore

@Suite("Who moves the transfers of a session")
struct OwningTests {
    let state = try! TemporaryTransfers()

    @Test("one owner at a time; the sessions of one store are apart")
    func one() throws {
        let (first, second) = (try state.store(pid: 1), try state.store(pid: 2))
        let owned = try #require(try first.own("s"))
        #expect(try second.own("s") == nil)
        #expect(try second.own("other") != nil)
        try first.takeOver(owned, now: t(0))
        #expect(try second.owner(of: "s") == 1 && second.owner(of: "none") == nil)
        owned.release()
        #expect(try second.owner(of: "s") == nil)
        #expect(try second.own("s") != nil)
    }

    @Test("an ownership ends with its last reference")
    func references() throws {
        let store = try state.store()
        var owned = try store.own("s")
        #expect(try owned != nil && store.own("s") == nil)
        owned = nil
        #expect(try store.own("s") != nil)
    }

    @Test(
        "who waits for a session gets it when it is let go, and a cancelled wait does not keep it",
        .timeLimit(.minutes(5)))
    func waits() async throws {
        let (first, second, third) = (try state.store(pid: 1), try state.store(pid: 2), try state.store(pid: 3))
        let owned = try #require(try first.own("s"))
        let cancelled = Atomic(false)
        let idle = try third.whenFree("s") { _ in cancelled.store(true, ordering: .relaxed) }
        idle.cancel()
        let (had, having) = AsyncStream.makeStream(of: SessionOwnership.self)
        let wait = try second.whenFree("s") { having.yield($0) }
        defer { wait.cancel() }
        owned.release()
        var iterator = had.makeAsyncIterator()
        let next = await iterator.next()
        #expect(next?.session == "s")
        #expect(try first.own("s") == nil)
        let wasCalled = cancelled.load(ordering: .relaxed)
        #expect(!wasCalled)
    }

    @Test("what the former owner ran may run at once, with its place and its attempts; the rest stays as it is")
    func interrupted() throws {
        let (dead, heir) = (try state.store(pid: 1), try state.store(pid: 2))
        let owned = try #require(try dead.own("s"))
        try dead.takeOver(owned, now: t(0))
        let ids = try ["a", "b", "c"].map { try dead.start(upload($0)).id }
        let other = try dead.start(upload("x", session: "other")).id
        try dead.update(ids[0], checkpoint(.running, 40, of: 300, position: [9], attempts: 2), durably: true)
        try dead.update(ids[1], checkpoint(.paused, 10), durably: true)
        try dead.update(ids[2], checkpoint(.waiting(until: t(50), reason: .retry)), durably: true)
        try dead.update(other, checkpoint(.running), durably: true)
        owned.release()
        let inherited = try #require(try heir.own("s"))
        #expect(try heir.takeOver(inherited, now: t(7)) == [ids[0]])
        #expect(
            try heir.transfer(ids[0])?.checkpoint
                == checkpoint(.waiting(until: t(7), reason: .turn), 40, of: 300, position: [9], attempts: 2))
        #expect(try heir.list(session: "s").map(\.state) == [.waiting, .paused, .waiting])
        #expect(try heir.list(session: "s")[2].due == t(50))
        #expect(try heir.transfer(other)?.checkpoint.state == .running)
        #expect(try heir.owner(of: "s") == 2)
    }

    @Test("any identifier of a session has a name of its own that can be a file's")
    func names() {
        let sessions = [
            "a", "A", ".", "..", "a/b", "a_2fb", "a b", "ä", "_", "%", "\u{7f}", "com.example.app",
            String(repeating: "é", count: 500), String(repeating: "é", count: 499) + "e",
            String(repeating: "x", count: 200), String(repeating: "x", count: 201), String(repeating: "x", count: 1024),
        ]
        let names = sessions.map(SessionLock.name)
        #expect(Set(names).count == sessions.count)
        for name in names {
            #expect(name.utf8.count <= 255 && name.hasPrefix("s-") && !name.contains("/"))
            #expect(name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
        }
        #expect(SessionLock.name(of: "com.example.app") == "s-com.example.app")
    }
}
