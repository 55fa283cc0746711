// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore
import TransfersStore

@Suite("Rows follow the clock when it is set")
struct ClockTests {
    let state = try! TemporaryTransfers()

    private func begin(
        _ store: TransfersStore, _ identifier: String, created: WallTime, _ rest: TransferCheckpoint.State
    )
        throws -> Int64
    {
        var intent = upload(identifier)
        intent.created = created
        intent.deadline = created.advanced(by: .seconds(1000))
        let id = try store.start(intent).id
        try store.update(id, checkpoint(rest), durably: true)
        return id
    }

    private func deadline(_ store: TransfersStore, _ id: Int64) throws -> WallTime? {
        try store.transfer(id)?.intent.deadline
    }

    @Test(
        "waits that count from the past and deadlines move; dates, pauses and ends do not, nor what another clock made")
    func moved() throws {
        let store = try state.store()
        let owned = try #require(try store.own("s"))
        try store.takeOver(owned, now: t(0), clock: 0)
        let retry = try begin(store, "retry", created: t(0), .waiting(until: t(50), reason: .retry))
        let date = try begin(store, "date", created: t(0), .waiting(until: t(60), reason: .notBefore))
        let hook = try begin(store, "hook", created: t(0), .waiting(until: .distantFuture, reason: .network))
        let paused = try begin(store, "paused", created: t(0), .paused)
        let ended = try begin(store, "ended", created: t(0), .running)
        try store.finish(ended, TransferResult(.succeeded, ended: t(1)))
        // The clock read another time when these were begun: later than it does now; and since it was set.
        let ahead = try begin(store, "ahead", created: t(5000), .waiting(until: t(5010), reason: .retry))
        let young = try begin(store, "young", created: t(10_012), .waiting(until: t(10_020), reason: .retry))
        let other = try store.start(upload("x", session: "other")).id
        let before = try deadline(store, ended)

        try store.clockMoved(session: "s", by: .seconds(10_000), now: t(10_012), clock: 10_000_000_000)
        let due = Dictionary(uniqueKeysWithValues: try store.list().map { ($0.id, $0.due) })
        #expect(
            due[retry] == t(10_050) && due[date] == t(60) && due[hook] == .distantFuture && due[paused] == .some(nil))
        #expect(due[ahead] == t(5010) && due[young] == t(10_020))
        #expect(try deadline(store, retry) == t(11_000) && deadline(store, paused) == t(11_000))
        #expect(try deadline(store, ended) == before && deadline(store, other) == t(1000))
        #expect(try deadline(store, ahead) == t(6000) && deadline(store, young) == t(11_012))

        // And back, while nobody lives: the next owner finds it by boot time.
        owned.release()
        let heir = try state.store(pid: 2)
        let inherited = try #require(try heir.own("s"))
        try heir.takeOver(inherited, now: t(13), clock: 0)
        #expect(try heir.list().first { $0.id == retry }?.due == t(50) && deadline(heir, retry) == t(1000))
        #expect(try heir.list().first { $0.id == retry }?.created == t(0))
        inherited.release()
        // Another boot: nobody knows what its clock has to do with this one's.
        let rebooted = try state.store(boot: "b2", pid: 3)
        let again = try #require(try rebooted.own("s"))
        try rebooted.takeOver(again, now: t(14), clock: 77_000_000_000)
        #expect(try rebooted.list().first { $0.id == retry }?.due == t(50))
    }
}
