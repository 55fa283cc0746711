// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import Testing

@testable import SchedulingStore

@Suite("Asking, cancelling and history")
struct AskingTests {
    let state = try! TemporaryState()

    @Test("cancelling one identifier ends what is pending of it, and leaves the others")
    func cancelOne() throws {
        let store = try state.store(pid: 3)
        try store.submit(request("a", at: 5), request("b"))
        #expect(try store.cancel(identifier: "a", now: t(1)) == 0)
        #expect(try store.pending().map(\.identifier) == ["b"])
        let entry = HistoryEntry(
            identifier: "a", outcome: .cancelled, processIdentifier: 3, scheduled: t(5), ended: t(1))
        #expect(try store.history(identifier: nil, limit: 9) == [entry])
        #expect(try state.connection().integer("SELECT count(*) FROM requests") == 1)
    }

    @Test("cancelling all ends everything that is pending, what is to be tried again too, and asks what runs to stop")
    func cancelAll() throws {
        let store = try state.owner()
        try store.submit(request("again"))
        try store.end(try #require(try store.claimDue().first), .failed, again: 60)
        try store.submit(request("running"))
        let running = try #require(try store.claimDue(now: 1).first)
        try store.submit(request("pending"))
        let other = try state.store()
        #expect(try other.cancel(identifier: nil, now: t(2)) == 1)
        #expect(try other.occurrences(identifier: nil).map(\.occurrence.identifier) == ["running"])
        #expect(try store.outcomes("again") == [.cancelled, .failed])
        #expect(try store.outcomes("pending") == [.cancelled])
        let stops = try store.stopRequests()
        #expect(stops.map(\.occurrence) == [running.id])
        #expect(stops.map(\.reason) == [.cancelled])
        #expect(try other.stopRequests().isEmpty, "it holds nothing")
        try store.end(running, .cancelled, reason: .cancelled)
        #expect(try state.connection().integer("SELECT count(*) FROM requests") == 0)
    }

    @Test("cancelling what is not there is no error")
    func cancelNothing() throws {
        let store = try state.store()
        #expect(try store.cancel(identifier: "nobody", now: t(0)) == 0)
        #expect(try store.cancel(identifier: nil, now: t(0)) == 0)
        #expect(try store.outcomes() == [])
    }

    @Test("a stop that is asked for reaches its owner with its reason, and never undoes a cancellation")
    func requestStop() throws {
        let store = try state.owner()
        try store.submit(request("a"), request("pending", at: 99))
        _ = try store.claimDue()
        let other = try state.store()
        #expect(try other.requestStop(identifier: "pending", reason: .simulated) == 0)
        #expect(try other.requestStop(identifier: "a", reason: .simulated) == 1)
        #expect(try store.stopRequests().map(\.reason) == [.simulated])
        _ = try other.cancel(identifier: "a", now: t(0))
        #expect(try other.requestStop(identifier: "a", reason: .simulated) == 1)
        #expect(try store.stopRequests().map(\.reason) == [.cancelled])
    }

    @Test("a run that is tried again forgets that it was asked to stop")
    func stopForgotten() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        let claimed = try #require(try store.claimDue().first)
        _ = try store.requestStop(identifier: "a", reason: .simulated)
        try store.end(claimed, .expired, reason: .simulated, again: 0)
        _ = try store.claimDue()
        #expect(try store.stopRequests().isEmpty)
    }

    @Test("history comes newest first, of one identifier or of all, up to the limit")
    func history() throws {
        let store = try state.store()
        for identifier in ["a", "b", "a", "c"] {
            try store.submit(request(identifier))
            _ = try store.cancel(identifier: identifier, now: t(1))
        }
        #expect(try store.history(identifier: nil, limit: 3).map(\.identifier) == ["c", "a", "b"])
        #expect(try store.history(identifier: "a", limit: 9).count == 2)
        #expect(try store.history(identifier: nil, limit: 0).isEmpty)
    }

    @Test("every value of a row of history comes back")
    func historyValues() throws {
        let store = try state.owner(pid: 8)
        try store.submit(request("a", at: 3))
        let claimed = try #require(try store.claimDue(now: 4).first)
        try store.finish([
            RunEnd(
                occurrence: claimed.id, outcome: .expired, reason: .powerLost, detail: "näh 🚀", started: t(4),
                ended: t(6))
        ])
        #expect(
            try store.history(identifier: "a", limit: 1) == [
                HistoryEntry(
                    identifier: "a", outcome: .expired, reason: .powerLost, attempt: 1, detail: "näh 🚀",
                    processIdentifier: 8, scheduled: t(3), started: t(4), ended: t(6))
            ])
    }

    @Test("history keeps about as many rows as it was told, the newest ones", arguments: [1, 8, 100])
    func retention(limit: Int) throws {
        let store = try state.store(historyLimit: limit)
        for number in 0..<300 {
            try store.submit(request("task.\(number)"))
            _ = try store.cancel(identifier: "task.\(number)", now: t(0))
        }
        let rows = try store.history(identifier: nil, limit: 1000)
        #expect(rows.first?.identifier == "task.299")
        #expect(rows.count >= limit && rows.count <= limit + max(1, limit / 4))
    }

    @Test("cancelling more than history keeps leaves the newest rows")
    func retentionAtOnce() throws {
        let store = try state.store(historyLimit: 10)
        _ = try store.submit(
            (0..<1000).map { request("task.\($0)") }, limits: .unlimited, now: t(0), relying: .none)
        _ = try store.cancel(identifier: nil, now: t(0))
        let rows = try store.history(identifier: nil, limit: 1000)
        #expect(rows.count == 10)
        #expect(Set(rows.compactMap(\.identifier)).contains("task.999"))
    }

    @Test("another store's commit shows in the stamp, and a look does not")
    func stamp() throws {
        let (store, other) = (try state.store(), try state.store())
        let before = try store.stamp()
        _ = try store.outlook()
        #expect(try store.stamp() == before)
        try other.submit(request("b"))
        #expect(try store.stamp() != before)
    }

    // MARK: Large stores

    @Test("no question on a hot path scans the occurrences")
    func plans() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        _ = try store.outlook()
        _ = try store.due(now: t(0), includingWaiting: true, limit: 10)
        let claimed = try store.claimDue()
        try store.end(claimed[0], .failed, again: 0)
        _ = try store.occurrences(identifier: "a")
        _ = try store.stopRequests()
        _ = try store.requestStop(identifier: "a", reason: .simulated)
        _ = try store.history(identifier: "a", limit: 1)
        _ = try store.cancel(identifier: "a", now: t(0))
        _ = try store.becomeOwner(resident: true, now: t(0)) { _ in .giveUp }
        for sql in store.database.preparedTexts where ["SELECT", "UPDATE", "DELETE", "INSERT"].contains(sql.prefix(6)) {
            let plan = try store.database.prepare("EXPLAIN QUERY PLAN " + sql).rows { $0.text(3) }
            for step in plan where step.hasPrefix("SCAN") {
                let small = ["CONSTANT", "sequence", "wakeup", "owners", "(subquery", "occurrences_claimed"]
                // A scan of the partial index in its own order stops at the limit.
                let ordered = ["o USING INDEX occurrences_pending", "o USING INDEX occurrences_waiting"]
                #expect(
                    (small + ordered).contains { step.contains($0) } || step.contains("history"), "\(step) in \(sql)")
            }
        }
    }
}
