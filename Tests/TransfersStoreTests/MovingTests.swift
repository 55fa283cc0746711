// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransfersCore
import TransfersStore

@Suite("Transfers as they move")
struct MovingTests {
    let state = try! TemporaryTransfers()

    @Test("a checkpoint that is written is read back whole, in every state")
    func checkpoints() throws {
        let store = try state.store()
        let id = try store.start(upload("a")).id
        for state in [
            TransferCheckpoint.State.running, .paused, .waiting(until: t(7), reason: .serverBusy),
            .waiting(until: .distantFuture, reason: .authorizer),
        ] {
            let written = checkpoint(state, 12, of: 99, position: Array(0...255), attempts: 3)
            #expect(try store.update(id, written, durably: true))
            #expect(try self.state.store().transfer(id)?.checkpoint == written)
        }
    }

    @Test("ticks are kept until they are flushed, the latest of each, and cost one commit and few pages")
    func ticks() throws {
        let store = try state.store()
        let ids = try store.begin((0..<20).map { upload("t\($0)") }).map { outcome in
            guard case .began(let began) = outcome else { throw Wrong() }
            return began.id
        }
        // A position as large as that of ten thousand parts.
        let position = [UInt8](repeating: 7, count: 400_000)
        for id in ids { try store.update(id, checkpoint(.running, of: 1000, position: position), durably: true) }
        let looker = try state.store(pid: 2)
        let before = (version: try looker.dataVersion(), size: try size(state.database + "-wal"))
        for tick in 1...100 {
            for id in ids {
                try store.update(id, checkpoint(.running, Int64(tick), of: 1000, position: position), durably: false)
            }
        }
        #expect(try looker.dataVersion() == before.version)
        #expect(try looker.list().allSatisfy { $0.acknowledged == 0 })
        #expect(try store.flush())
        #expect(try !store.flush())
        #expect(try looker.dataVersion() == before.version + 1)
        #expect(try looker.list().allSatisfy { $0.acknowledged == 100 && $0.total == 1000 })
        #expect(try size(state.database + "-wal") - before.size < 3 * 4200)
        #expect(try looker.transfer(ids[3])?.checkpoint.position == position)
    }

    @Test("nothing older comes after something newer: a durable checkpoint takes the ticks along")
    func order() throws {
        let store = try state.store()
        let (a, b) = (try store.start(upload("a")).id, try store.start(upload("b")).id)
        try store.update(a, checkpoint(.running, 1), durably: false)
        try store.update(b, checkpoint(.running, 2), durably: false)
        try store.update(a, checkpoint(.paused, 3), durably: true)
        #expect(try state.store().list().map(\.acknowledged) == [3, 2])
        #expect(try !store.flush())
        #expect(try state.store().list().map(\.state) == [.paused, .running])
    }

    @Test("what has ended or was removed takes no checkpoint, and no second end")
    func ended() throws {
        let store = try state.store()
        let (a, b) = (try store.start(upload("a")).id, try store.start(upload("b")).id)
        try store.update(a, checkpoint(.running, 50, of: 300), durably: false)
        #expect(try store.finish(a, TransferResult(.cancelled, ended: t(3))))
        #expect(try !store.update(a, checkpoint(.running, 60), durably: true))
        #expect(try !store.finish(a, TransferResult(.succeeded, ended: t(4))))
        let kept = try #require(try store.transfer(a))
        #expect(kept.checkpoint.state == .ended && kept.checkpoint.acknowledged == 50)
        #expect(kept.result?.outcome == .cancelled)
        #expect(try store.outlook(session: "s").counts == TransferCounts(waiting: 1, ended: 1))
        #expect(try state.store(pid: 9).remove(b))
        #expect(try !store.update(b, checkpoint(.running), durably: true))
        try store.update(b, checkpoint(.running, 5), durably: false)
        #expect(try store.flush())
        #expect(try store.transfer(b) == nil && store.list().count == 1)
    }

    @Test("a result keeps head, body and file, is delivered as often as it is marked, and goes when it is acknowledged")
    func outbox() throws {
        let store = try state.store()
        let ids = try ["a", "b", "c"].map { try store.start(download($0)).id }
        var result = TransferResult(
            .failed(
                TransferFailure(.tls, doing: "get", subject: "x", cause: "y", remedy: "z")),
            head: ResponseHead(url: "u", status: 500, fields: HeaderFields([.init("A", "b")])), ended: t(9))
        result.body = Array(repeating: 0xAB, count: 65_536)
        result.file = "/there"
        #expect(try store.finish(ids[1], result))
        #expect(try store.finish(ids[2], TransferResult(.succeeded, ended: t(10))))
        let other = try state.store(pid: 9)
        #expect(try other.results(session: "s").map(\.result) == [result, TransferResult(.succeeded, ended: t(10))])
        #expect(try other.results(session: "s", limit: 1).map(\.id) == [ids[1]])
        #expect(try other.results(session: "s", after: ids[1]).map(\.id) == [ids[2]])
        #expect(try other.results(session: "else").isEmpty && other.results(session: "s", limit: -1).isEmpty)
        try other.markDelivered([ids[1], ids[0]])
        try other.markDelivered([ids[1]])
        #expect(try store.results(session: "s").map(\.deliveries) == [2, 0])
        // What has not ended cannot be acknowledged.
        #expect(try store.acknowledge([ids[0], ids[1], 4711]) == [ids[1]])
        #expect(try other.acknowledge([ids[1]]) == [])
        #expect(try other.results(session: "s").map(\.id) == [ids[2]])
        #expect(try other.counts(session: "s") == TransferCounts(waiting: 1, ended: 1))
        let progress = try state.connection().integer("SELECT count(*) FROM progress")
        #expect(progress == 2)
    }

    @Test("what a session writes at one time is one commit: checkpoints, ends delivered with it, and what goes")
    func turn() throws {
        let store = try state.store()
        let ids = try ["a", "b", "c", "d"].map { try store.start(download($0)).id }
        try store.finish(ids[3], TransferResult(.succeeded, ended: t(1)))
        try store.update(ids[1], checkpoint(.running, 7, of: 9), durably: false)
        let looker = try state.store(pid: 2)
        let before = try looker.dataVersion()
        var turn = TransferTurn(ends: [
            TransferTurn.End(id: ids[1], result: TransferResult(.cancelled, ended: t(2)), isDelivered: true),
            TransferTurn.End(id: ids[2], result: TransferResult(.succeeded, ended: t(3))),
            TransferTurn.End(id: ids[3], result: TransferResult(.cancelled, ended: t(4))),
        ])
        turn.checkpoints = [(ids[0], checkpoint(.running, 5, of: 10))]
        // The first has not ended.
        turn.acknowledged = [ids[0], ids[3]]
        #expect(try store.write(turn) == [ids[1], ids[2]])
        #expect(try looker.dataVersion() == before + 1)
        #expect(try looker.list().map(\.state) == [.running, .ended, .ended])
        #expect(try looker.list().map(\.acknowledged) == [5, 7, 0])
        #expect(try looker.list().map(\.deliveries) == [0, 1, 0])
        #expect(try !store.flush())
    }

    @Test("what another process asks for stays until it was obeyed, the latest alone, and not with what has ended")
    func orders() throws {
        let (owner, other) = (try state.store(), try state.store(pid: 9))
        let (a, b) = (try owner.start(upload("a")).id, try owner.start(upload("b")).id)
        #expect(try other.ask(.pause, of: a) && other.ask(.cancel, of: a) && other.ask(.resume, of: b))
        #expect(try other.list().map(\.order) == [.cancel, .resume])
        let orders = try owner.orders(session: "s")
        #expect(orders.map(\.id) == [a, b] && orders.map(\.order) == [.cancel, .resume])
        // It stays until it was obeyed, and what was asked since stays on.
        #expect(try other.ask(.pause, of: b))
        try owner.forget([a: .cancel, b: .resume])
        #expect(try owner.orders(session: "s").map(\.order) == [.pause])
        try owner.finish(a, TransferResult(.cancelled, ended: t(1)))
        #expect(try !other.ask(.cancel, of: a) && !other.ask(.cancel, of: 4711))
    }

    @Test("every commit rings for other processes", .timeLimit(.minutes(5)))
    func rings() async throws {
        let (owner, other) = (try state.store(), try state.store(pid: 9))
        let (heard, hearing) = AsyncStream.makeStream(of: Void.self)
        let watch = try #require(other.watch { hearing.yield() })
        defer { watch.stop() }
        var bells = heard.makeAsyncIterator()
        let id = try owner.start(upload("a")).id
        await bells.next()
        // By now everything that rang was heard, or is heard as a further ring of the one that follows.
        try owner.update(id, checkpoint(.running, 1), durably: false)
        try owner.flush()
        await bells.next()
        while try other.transfer(id)?.checkpoint.acknowledged != 1 { await bells.next() }
        try owner.finish(id, TransferResult(.succeeded, ended: t(1)))
        while try other.results(session: "s").isEmpty { await bells.next() }
    }

    struct Wrong: Error {}
}

func size(_ path: String) throws -> Int {
    try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
}
