// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundSurroundings
import Dispatch
import Foundation
import SchedulingCore
import SchedulingStore
import Synchronization
import Testing

@Suite("Running")
struct RunningTests {
    let state = try! TemporaryState()

    @Test("what is due comes in the order of eligible instant, then number, up to the limit")
    func due() throws {
        let store = try state.store()
        try store.submit(request("c", at: 2), request("a", at: 1), request("b", at: 1), request("d", at: 3))
        #expect(try store.due(now: t(2), includingWaiting: false, limit: 9).map(\.identifier) == ["a", "b", "c"])
        #expect(try store.due(now: t(2), includingWaiting: true, limit: 2).map(\.identifier) == ["a", "b"])
        #expect(try store.due(now: t(0), includingWaiting: true, limit: 9).isEmpty)
    }

    @Test("reading ahead of a claim changes nothing, whatever it is asked for, and needs no owner")
    func readAhead() throws {
        let (store, other) = (try state.store(), try state.store(pid: 9))
        try store.submit(request("a", at: 1), request("b", at: 9))
        let due = try store.due(now: t(9), includingWaiting: false, limit: 9).map(\.id)
        let before = try other.stamp()
        store.readAhead(due + [4711])
        #expect(try due.count == 2 && other.stamp() == before)
        #expect(try store.due(now: t(2), includingWaiting: false, limit: 9).map(\.starts) == [0])
    }

    @Test("a claim, for which handlers wait, leaves the copying of a long log to the next commit")
    func longLog() throws {
        let store = try state.owner()
        func pages() -> Int {
            (FileManager.default.contents(atPath: state.database + "-wal")?.count ?? 0) / (4096 + 24)
        }
        for number in 0..<40 { try store.submit(request("r\(number)")) }
        while pages() < 980 { try store.submit(request("filler", at: 99)) }
        let before = FileManager.default.contents(atPath: state.database)
        let claimed = try store.due(now: t(0), includingWaiting: false, limit: 40).flatMap { due in
            try store.claim([due.id], now: t(0))
        }
        #expect(claimed.count == 40 && (1001...1400).contains(pages()), "\(pages()) pages")
        #expect(FileManager.default.contents(atPath: state.database) == before)
        try store.end(claimed[0])
        #expect(FileManager.default.contents(atPath: state.database) != before)
    }

    @Test("what waits for a condition is due early only when it is asked for")
    func waiting() throws {
        let store = try state.store()
        try store.submit(request("a"), request("b"), request("later", at: 50))
        let ids = try store.due(now: t(1), includingWaiting: false, limit: 9).map(\.id)
        try store.postpone(
            [
                Postponement(occurrence: ids[0], until: t(900), waiting: [.externalPower]),
                Postponement(occurrence: ids[1], until: t(800), waiting: []),
            ], now: t(0))
        #expect(try store.due(now: t(2), includingWaiting: false, limit: 9).isEmpty)
        let waiting = try store.due(now: t(2), includingWaiting: true, limit: 9)
        #expect(waiting.map(\.identifier) == ["a"])
        #expect(waiting.map(\.postponements) == [1])
        #expect(try store.occurrences(identifier: "a").map(\.waiting) == [.externalPower])
        #expect(try store.outlook().earliest == t(50))
        #expect(try store.pending().count == 3, "never started")
        #expect(try store.due(now: t(900), includingWaiting: true, limit: 9).map(\.identifier) == ["later", "b", "a"])
    }

    @Test("what waits for conditions tells all that it requires; too much of it tells nothing")
    func waitingRequirements() throws {
        let store = try state.store()
        #expect(try store.waitingRequirements() == [])
        var requests = [request("a"), request("b"), request("c"), request("d")]
        requests[0].requirements = [.network, .lowLoad]
        requests[1].requirements = .userIdle
        requests[2].requirements = .externalPower
        requests[3].requirements = .storageNotLow
        for request in requests { try store.submit(request) }
        let ids = try store.due(now: t(1), includingWaiting: false, limit: 9).map(\.id)
        try store.postpone(
            [
                Postponement(occurrence: ids[0], until: t(900), waiting: .lowLoad),
                Postponement(occurrence: ids[1], until: t(900), waiting: .userIdle),
                // For want of a handler, and because its window is open.
                Postponement(occurrence: ids[2], until: t(900), waiting: []),
                Postponement(occurrence: ids[3], until: t(900), waiting: .window),
            ], now: t(0))
        #expect(try store.waitingRequirements() == [.network, .lowLoad, .userIdle])
        for index in 0..<256 {
            var request = request("more\(index)")
            request.requirements = .network
            try store.submit(request)
        }
        let more = try store.due(now: t(1), includingWaiting: false, limit: 999).map(\.id)
        try store.postpone(more.map { Postponement(occurrence: $0, until: t(900), waiting: .network) }, now: t(0))
        #expect(try store.waitingRequirements() == nil)
    }

    @Test("nothing is put off to before its instant")
    func postponedBack() throws {
        let store = try state.store()
        try store.submit(request("a", at: 10))
        let id = try #require(try store.occurrences(identifier: "a").first).occurrence.id
        try store.postpone([Postponement(occurrence: id, until: t(5), waiting: [])], now: t(0))
        #expect(try store.outlook().earliest == t(10))
    }

    @Test("nothing is claimed while the clock reads earlier than its instant")
    func notBeforeItsInstant() throws {
        let store = try state.owner()
        try store.submit(request("a", at: 10))
        let id = try #require(try store.occurrences(identifier: "a").first).occurrence.id
        #expect(try store.claim([id], now: t(9)).isEmpty)
        #expect(try store.claim([id], now: t(10)).map(\.identifier) == ["a"])
    }

    @Test("of two occurrences of one identifier one runs at a time")
    func oneOfAnIdentifier() throws {
        let store = try state.owner()
        try store.submit(request("a"), request("b"))
        let first = try store.claimDue()
        #expect(first.count == 2)
        for occurrence in first { try store.end(occurrence, .failed, again: 0) }
        try store.submit(request("a"))
        let ids = try store.occurrences(identifier: nil).map(\.occurrence.id)
        #expect(ids.count == 3)
        #expect(try store.claim(ids, now: t(0)).map(\.identifier).sorted() == ["a", "b"])
        #expect(try store.claim(ids, now: t(0)).isEmpty)
    }

    @Test("of several stores that claim at once exactly one has each occurrence")
    func contention() throws {
        let stores = try (0..<4).map { try state.store(pid: Int32($0), busyTimeout: .seconds(30)) }
        for store in stores { _ = try store.becomeOwner(resident: false, now: t(0)) { _ in .giveUp } }
        let requests = (0..<40).map { request("task.\($0)") }
        _ = try stores[0].submit(requests, limits: .unlimited, now: t(0), relying: .none)
        let ids = try stores[0].due(now: t(0), includingWaiting: false, limit: 100).map(\.id)
        let claimed = Mutex<[Int64]>([])
        let failures = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: stores.count) { index in
            for id in index.isMultiple(of: 2) ? ids : ids.reversed() {
                do {
                    let mine = try stores[index].claim([id], now: t(0)).map(\.id)
                    claimed.withLock { $0 += mine }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        #expect(failures.withLock { $0 } == [])
        #expect(claimed.withLock { $0.sorted() } == ids.sorted())
    }

    @Test("threads of one store exclude each other")
    func threads() throws {
        let store = try state.owner()
        DispatchQueue.concurrentPerform(iterations: 4) { index in
            for number in 0..<25 { _ = try? store.submit(request("task.\(index).\(number)")) }
        }
        #expect(try store.pending().count == 100)
    }

    @Test("a run that succeeded is done: one row of history, and nothing else is left")
    func succeeded() throws {
        let store = try state.owner(pid: 5)
        try store.submit(request("a"))
        let claimed = try #require(try store.claimDue().first)
        try store.finish([
            RunEnd(occurrence: claimed.id, outcome: .succeeded, detail: "fine", started: t(2), ended: t(3))
        ])
        let entry = HistoryEntry(
            identifier: "a", outcome: .succeeded, attempt: 1, detail: "fine", processIdentifier: 5, scheduled: t(0),
            started: t(2), ended: t(3))
        #expect(try store.history(identifier: "a", limit: 9) == [entry])
        #expect(try state.connection().integer("SELECT count(*) FROM occurrences") == 0)
        #expect(try state.connection().integer("SELECT count(*) FROM requests") == 0)
    }

    @Test(
        "an end that is tried again burns an attempt unless we cut it",
        arguments: [(Outcome.failed, 1), (.expired, 1), (.interrupted, 0), (.noHandler, 0)])
    func again(outcome: Outcome, attempts: Int) throws {
        let store = try state.owner()
        try store.submit(request("a"))
        let claimed = try #require(try store.claimDue().first)
        try store.end(claimed, outcome, again: 30)
        let live = try #require(try store.occurrences(identifier: "a").first)
        #expect(live.occurrence.attempts == attempts)
        #expect(live.occurrence.eligible == t(30))
        #expect(live.occurrence.instant == t(0), "the instant that was asked for stays")
        #expect(live.owner == nil)
        #expect(try store.outcomes() == [outcome])
    }

    @Test("the end of a run that another owner holds, or that has ended, is passed over")
    func notHeld() throws {
        let (first, second) = (try state.owner(), try state.owner())
        try first.submit(request("a"))
        let claimed = try #require(try first.claimDue().first)
        try second.end(claimed)
        #expect(try first.outcomes() == [])
        try first.end(claimed)
        try first.end(claimed)
        #expect(try first.outcomes() == [.succeeded])
    }

    @Test("a run that was cancelled meanwhile is not tried again")
    func cancelledMeanwhile() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        let claimed = try #require(try store.claimDue().first)
        #expect(try store.cancel(identifier: "a", now: t(1)) == 1)
        try store.end(claimed, .interrupted, reason: .systemSleep, again: 5)
        #expect(try store.outcomes() == [.cancelled])
        #expect(try store.occurrences(identifier: nil).isEmpty)
    }

    @Test("postponements count in a row: a run that is tried again begins anew")
    func postponementsInARow() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        let id = try #require(try store.occurrences(identifier: "a").first).occurrence.id
        for _ in 0..<3 { try store.postpone([Postponement(occurrence: id, until: t(1), waiting: .network)], now: t(0)) }
        let claimed = try #require(try store.claim([id], now: t(2)).first)
        #expect(claimed.postponements == 3)
        try store.postpone([Postponement(occurrence: id, until: t(1), waiting: .network)], now: t(0))
        try store.end(claimed, .failed, again: 5)
        #expect(try store.occurrences(identifier: "a").map(\.occurrence.postponements) == [0])
    }

    // MARK: Moved clocks

    @Test("what was submitted implausibly far ahead of now keeps its distance from now instead")
    func reanchored() throws {
        let store = try state.store(pid: 6)
        let day: Int64 = 86_400
        try store.submit(request("far", at: 100 * day + 60), now: 100 * day)
        try store.submit(request("near", at: day), now: 10)
        let id = try #require(try store.occurrences(identifier: "far").first).occurrence.id
        let postponement = Postponement(occurrence: id, until: t(100 * day + 90), waiting: .network)
        try store.postpone([postponement], now: t(100 * day))

        let moved = try store.reanchor(now: t(5), implausible: .seconds(day))
        #expect(moved.map(\.identifier) == ["far"])
        #expect(moved.map(\.outcome) == [.clockMoved])
        #expect(moved.map(\.scheduled) == [t(100 * day + 60)])
        #expect(try store.history(identifier: nil, limit: 9) == moved)
        let far = try #require(try store.occurrences(identifier: "far").first).occurrence
        #expect(far.instant == t(65))
        #expect(far.eligible == t(95))
        #expect(far.submitted == t(5))
        #expect(try store.occurrences(identifier: "near").map(\.occurrence.instant) == [t(day)])
        #expect(try store.reanchor(now: t(6), implausible: .seconds(day)).isEmpty)
    }

    @Test("an instant at the end of time does not overflow when it is set anew")
    func reanchoredFar() throws {
        let store = try state.store()
        let request = NewRequest(identifier: "a", kind: .refresh, instant: .distantFuture)
        _ = try store.submit([request], limits: .apple, now: t(1_000_000), relying: .none)
        #expect(try store.reanchor(now: t(0), implausible: .seconds(1)).count == 1)
        let after = try #require(try store.occurrences(identifier: "a").first).occurrence
        #expect(after.instant > t(1_000_000_000))
        #expect(try state.connection().text("SELECT typeof(instant) FROM occurrences") == "integer")
    }

    @Test("a running occurrence is set anew after it is pending again")
    func reanchoredAfterRunning() throws {
        let store = try state.owner()
        try store.submit(request("a", at: 1000), now: 1000)
        let claimed = try #require(try store.claimDue(now: 1000).first)
        #expect(try store.reanchor(now: t(0), implausible: .seconds(10)).isEmpty)
        try store.end(claimed, .interrupted, again: 0)
        #expect(try store.reanchor(now: t(0), implausible: .seconds(10)).count == 1)
        #expect(try store.outlook().earliest == t(0))
    }
}
