// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Testing
import TransfersCore
import TransfersStore

@Suite("Which transfer is next")
struct TurnTests {
    let state = try! TemporaryTransfers()

    private func priority(_ priority: Float, _ change: (inout TransferPolicy) -> Void = { _ in }) -> TransferPolicy {
        var policy = TransferPolicy()
        policy.priority = priority
        change(&policy)
        return policy
    }

    private func names(_ transfers: [StoredTransfer]) -> [String] { transfers.map(\.intent.identifier) }

    @Test("of each host by priority, then by instant; what is not due, paused, running or ended stays out")
    func order() throws {
        let store = try state.store()
        try store.start(upload("late", policy: priority(0.5), earliest: t(8)))
        try store.start(upload("early", policy: priority(0.5), earliest: t(2)))
        try store.start(upload("high", policy: priority(0.9), earliest: t(9)))
        try store.start(upload("future", policy: priority(1), earliest: t(11)))
        for (name, state) in [("p", TransferCheckpoint.State.paused), ("r", .running)] {
            try store.update(try store.start(upload(name)).id, checkpoint(state), durably: true)
        }
        try store.finish(try store.start(upload("e")).id, TransferResult(.succeeded, ended: t(0)))
        #expect(names(try store.candidates(session: "s", now: t(10), limit: 9)) == ["high", "early", "late"])
        #expect(names(try store.candidates(session: "s", now: t(10), limit: 2)) == ["high", "early"])
        #expect(names(try store.candidates(session: "s", now: t(10), limit: 9, perHost: 1)) == ["high"])
        #expect(try store.candidates(session: "s", now: t(1), limit: 9).isEmpty)
        #expect(try store.candidates(session: "s", now: t(10), limit: -3).isEmpty)
        #expect(try store.candidates(session: "other", now: t(10), limit: 9).isEmpty)
        let outlook = try store.outlook(session: "s")
        #expect(outlook.ready == t(2) && outlook.blocked == nil)
        #expect(outlook.counts == TransferCounts(waiting: 4, running: 1, paused: 1, ended: 1))
        #expect(outlook.counts.alive == 6)
    }

    @Test("hosts come in turn: ten thousand for one do not stand before one for another")
    func hosts() throws {
        let store = try state.store()
        _ = try store.begin((0..<300).map { upload("a\($0)", url: "https://a.example/x", policy: priority(1)) })
        try store.start(upload("b", url: "http://b.example:81/x", policy: priority(0)))
        try store.start(upload("c", url: "https://C.example", policy: priority(0)))
        #expect(names(try store.candidates(session: "s", now: t(0), limit: 4, perHost: 2)) == ["a0", "a1", "b", "c"])
        let behind = try store.candidates(session: "s", now: t(0), limit: 3, perHost: 2, afterHost: "a.example:443")
        #expect(names(behind) == ["b", "c", "a0"])
        #expect(Set(try store.list().map(\.host)) == ["a.example:443", "b.example:81", "c.example:443"])
    }

    @Test("what the host does not meet blocks those that demand it, and no others")
    func demands() throws {
        let store = try state.store()
        try store.start(upload("costly", policy: priority(0.5), earliest: t(4)))
        try store.start(upload("spare", policy: priority(0.5) { $0.allowsExpensiveNetwork = false }, earliest: t(1)))
        try store.start(upload("slow", policy: priority(0.5) { $0.isDiscretionary = true }, earliest: t(2)))
        #expect(names(try store.candidates(session: "s", now: t(9), limit: 9)) == ["spare", "slow", "costly"])
        let metered = try store.candidates(session: "s", now: t(9), unmet: .unmeteredNetwork, limit: 9)
        #expect(names(metered) == ["costly"])
        let outlook = try store.outlook(session: "s", unmet: .unmeteredNetwork)
        #expect(outlook.ready == t(4) && outlook.blocked == t(1))
        let offline = try store.outlook(session: "s", unmet: [.network, .externalPower])
        #expect(offline.ready == nil && offline.blocked == t(1))
    }

    @Test("those that wait for the network run at once when it is there, and those that wait for something else do not")
    func hasten() throws {
        let store = try state.store()
        for (name, reason) in [("n", WaitReason.network), ("r", .retry), ("m", .unmeteredNetwork)] {
            let id = try store.start(upload(name)).id
            try store.update(id, checkpoint(.waiting(until: t(99), reason: reason), 5), durably: true)
        }
        #expect(try store.hasten(session: "s", waitingFor: [.network, .unmeteredNetwork], now: t(3)) == 2)
        #expect(names(try store.candidates(session: "s", now: t(3), limit: 9)) == ["n", "m"])
        #expect(try store.candidates(session: "s", now: t(3), limit: 1)[0].checkpoint.acknowledged == 5)
        #expect(try store.hasten(session: "s", waitingFor: [.network], now: t(3)) == 0)
    }

    @Test("a row of a newer library is passed over, told as such, and can be removed")
    func unreadable() throws {
        let store = try state.store()
        let odd = try store.start(upload("odd", policy: priority(1))).id
        try store.start(upload("even"))
        try state.connection().execute(
            "UPDATE transfers SET intent = replace(intent, '\"upload\"', '\"teleport\"') WHERE id = \(odd)")
        #expect(names(try store.candidates(session: "s", now: t(0), limit: 1)) == ["even"])
        #expect(try store.list().map(\.identifier) == ["odd", "even"])
        let failure = #expect(throws: TransferFailure.self) { try store.transfer(odd) }
        #expect(failure?.code == .storage && failure?.remedy.contains("Update this program") == true)
        #expect(try store.remove(odd))
    }

    @Test("what runs often finds its rows by an index")
    func plans() throws {
        let store = try state.store()
        _ = try store.begin((0..<50).map { upload("a\($0)") })
        let connection = try state.connection()
        for query in [
            "SELECT due FROM transfers INDEXED BY transfers_state WHERE session = 's' AND state = 0 AND demands & 0 = 0 ORDER BY due",
            "SELECT state, count(*) FROM transfers INDEXED BY transfers_state WHERE session = 's' GROUP BY state",
            "SELECT host FROM transfers INDEXED BY transfers_turn WHERE session = 's' AND state = 0 AND host > '' ORDER BY host",
            "SELECT id FROM transfers INDEXED BY transfers_turn WHERE session = 's' AND state = 0 AND host = '' AND due <= 1 AND demands & 0 = 0 ORDER BY priority DESC, due",
            "SELECT id FROM transfers WHERE session = 's' AND identifier = 'a'",
        ] {
            let statement = try connection.prepare("EXPLAIN QUERY PLAN " + query)
            var plan: [String] = []
            while try statement.step() { plan.append(statement.text(3)) }
            #expect(plan.allSatisfy { $0.hasPrefix("SEARCH transfers USING") }, "\(plan) for \(query)")
        }
    }
}
