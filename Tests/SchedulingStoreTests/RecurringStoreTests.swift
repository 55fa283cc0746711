// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundSurroundings
import SchedulingCore
import SchedulingStore
import Testing

@Suite("Schedules and chains in the store")
struct RecurringStoreTests {
    let state = try! TemporaryState()

    private func recurring(
        _ identifier: String, _ terms: RequestTerms, at seconds: Int64 = 0, hasEarliest: Bool = false
    ) throws -> NewRequest {
        try NewRequest(
            identifier: identifier, kind: .processing, instant: t(seconds), hasEarliest: hasEarliest, terms: terms
        ).planned(by: SchedulePlanner())
    }

    private func following(_ identifier: String, _ other: String) -> NewRequest {
        NewRequest(identifier: identifier, kind: .processing, instant: t(0), hasEarliest: false, follows: other)
    }

    private func live(_ store: SchedulingStore, _ identifier: String = "a") throws -> [Occurrence] {
        try store.occurrences(identifier: identifier).map(\.occurrence)
    }

    @Test("one that was made due at an instant of the grid does not take its place")
    func forcedOnTheGrid() throws {
        let store = try state.owner()
        let terms = RequestTerms(schedule: .every(.seconds(1000)), missedRuns: .runAll(max: 10))
        try store.submit(try recurring("a", terms))
        let first = try #require(try live(store).first)
        #expect(try store.makeDue(identifier: "a", now: t(1000)))
        let forced = try #require(try live(store).first { $0.isForced })
        let claimed = try store.claim([first.id], now: t(1500))
        #expect(claimed.map(\.id) == [first.id])
        try store.end(first)
        for run in try store.claim([forced.id], now: t(1500)) { try store.end(run) }
        #expect(try live(store).map(\.instant) == [t(1000)])
        // At the very instant of one that is pending.
        #expect(try store.makeDue(identifier: "a", now: t(1000)))
        #expect(try live(store).filter(\.isForced).count == 1)
        #expect(try live(store).count == 2)
    }

    @Test("what was put off, cut or set free under a clock far ahead is due as long from the mended one")
    func putOffUnderAWrongClock() throws {
        let store = try state.owner()
        let ahead: Int64 = 1000 * 86_400
        for name in ["put off", "cut", "leader"] {
            try store.submit(
                NewRequest(identifier: name, kind: .processing, instant: t(60), hasEarliest: true))
        }
        try store.submit(following("freed", "leader"))
        func only(_ name: String) throws -> Occurrence { try #require(try live(store, name).first) }
        let postponement = Postponement(occurrence: try only("put off").id, until: t(ahead + 900), waiting: .network)
        try store.postpone([postponement], now: t(ahead))
        for name in ["cut", "leader"] { _ = try store.claim([try only(name).id], now: t(ahead)) }
        try store.end(try only("cut"), .interrupted, ended: ahead + 5, again: ahead + 65)
        try store.end(try only("leader"), .succeeded, ended: ahead + 5)
        #expect(try only("freed").instant == t(ahead + 5))

        let entries = try store.reanchor(now: t(100), implausible: .seconds(86_400))
        #expect(entries.map(\.outcome) == [.clockMoved, .clockMoved, .clockMoved])
        #expect(try only("put off").instant == t(60))
        #expect(try only("put off").eligible == t(1000))
        #expect(try only("cut").instant == t(60))
        #expect(try only("cut").eligible == t(160))
        #expect(try only("freed").instant == t(100))
        #expect(try only("freed").eligible == t(100))
        #expect(try store.reanchor(now: t(100), implausible: .seconds(86_400)).isEmpty)

        // Its submission lies ahead as well, by less.
        try store.submit(
            NewRequest(identifier: "both", kind: .processing, instant: t(4 * 86_400)), now: 3 * 86_400)
        let again = Postponement(occurrence: try only("both").id, until: t(ahead + 900), waiting: .network)
        try store.postpone([again], now: t(ahead))
        #expect(try store.reanchor(now: t(100), implausible: .seconds(86_400)).count == 1)
        #expect(try only("both").instant == t(86_400 + 100))
        #expect(try only("both").eligible == t(86_400 + 100))
    }

    @Test("what another process has put off since the look is not claimed before its time")
    func claimedTooSoon() throws {
        let store = try state.owner()
        try store.submit(NewRequest(identifier: "a", kind: .processing, instant: t(0)))
        let found = try #require(try live(store).first)
        _ = try store.claim([found.id], now: t(1))
        try store.end(found, .failed, ended: 2, again: 60)
        #expect(try store.claim([found.id], now: t(3)).isEmpty)
        #expect(try store.claim([found.id], now: t(60)).count == 1)
    }

    @Test("only what is too late now is passed over, and never what was started")
    func skipping() throws {
        let store = try state.owner()
        try store.submit(try recurring("a", RequestTerms(schedule: .every(.seconds(1000)), startDeadline: 60_000_000)))
        let first = try #require(try live(store).first)
        try store.skip([first], now: t(60))
        #expect(try live(store).map(\.id) == [first.id])
        _ = try store.claim([first.id], now: t(60))
        try store.end(first, .failed, again: 90)
        try store.skip([first], now: t(500))
        #expect(try live(store).contains { $0.id == first.id })
        #expect(try store.outcomes("a") == [.failed])
    }

    @Test("what waits in a chain follows a clock that is set back, too")
    func chainUnderTheWrongClock() throws {
        let year: Int64 = 366 * 86_400
        let store = try state.owner()
        try store.submit(request("a", at: 10 * year), following("b", "a"), now: 10 * year)
        let entries = try store.reanchor(now: t(0), implausible: .seconds(86_400))
        #expect(entries.map(\.outcome) == [.clockMoved, .clockMoved])
        let first = try #require(try store.claimDue(now: 1).first)
        try store.end(first)
        #expect(try live(store, "b").allSatisfy { $0.eligible <= t(1) && $0.instant <= t(1) })
        #expect(try store.reanchor(now: t(2), implausible: .seconds(86_400)).isEmpty)
    }

    @Test("a local schedule that was counted anew under a wrong clock is set anew when that is mended")
    func rezonedUnderTheWrongClock() throws {
        let year: Int64 = 366 * 86_400
        let store = try state.owner()
        let terms = RequestTerms(schedule: .calendar(try .daily(at: TimeOfDay(18))))
        try store.submit(try recurring("a", terms, at: 6 * year, hasEarliest: true))
        #expect(try store.rezone(now: t(5 * year)))
        #expect(try live(store).allSatisfy { $0.instant >= t(6 * year) })
        #expect(try store.reanchor(now: t(100), implausible: .seconds(86_400)).count == 1)
        let instant = try #require(try live(store).first).instant
        #expect(instant >= t(100 + year) && instant < t(100 + year + 2 * 86_400))
    }

    @Test("a run is not asked to make room for one that runs or is gone")
    func noRoomNeeded() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        let run = try #require(try store.claimDue().first)
        for next in [run.id, 999] {
            #expect(try store.requestStop(identifier: "a", reason: .replaced, toMakeRoomFor: next) == 0)
        }
        #expect(try store.stopRequests().isEmpty)
        try store.submit(request("a"))
        let next = try #require(try live(store).first { $0.id != run.id })
        #expect(try store.requestStop(identifier: "a", reason: .replaced, toMakeRoomFor: next.id) == 1)
    }

    @Test("the end of a very long chain's first task skips all the others")
    func longChain() throws {
        let store = try state.store()
        try store.submit(request("task.1"), following("task.2", "task.1"))
        let connection = try state.connection()
        try connection.execute(
            """
            WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO requests (id, identifier, kind, requirements, has_earliest, follows)
            SELECT i, 'task.' || i, 1, 0, 0, i - 1 FROM n;
            INSERT INTO occurrences (id, request, instant, eligible, submitted, state)
            SELECT id, id, 0, 0, 0, 2 FROM requests WHERE id > 2;
            """)
        _ = try store.cancel(identifier: "task.1", now: t(1))
        #expect(try store.occurrences(identifier: nil).isEmpty)
        #expect(try store.pending().isEmpty)
        #expect(try store.outcomes("task.20000") == [.skipped])
    }

    @Test("numbers in damaged rows are counted on without harm, and what is put off stays so")
    func damagedNumbers() throws {
        let store = try state.owner()
        try store.submit(request("a"))
        try state.connection().execute(
            "UPDATE occurrences SET attempts = 9223372036854775807, postponements = 9223372036854775807, starts = 9223372036854775807"
        )
        let found = try #require(try store.due(now: t(1), includingWaiting: false, limit: 9).first)
        #expect(RunPolicy().retry(found, asked: .seconds(1)).givesUp)
        for _ in 0..<3 {
            let seen = try #require(try live(store).first).postponements
            let postponement = Postponement(occurrence: found.id, until: t(900), waiting: [], seen: seen)
            #expect(try store.postpone([postponement], now: t(0)) == [found.id])
        }
        #expect(try store.due(now: t(1), includingWaiting: true, limit: 9).isEmpty)
    }

    @Test("a pending recurring request shows its next instant, not that of a retry or of one that was made due")
    func pendingInstant() throws {
        let store = try state.owner()
        try store.submit(try recurring("a", RequestTerms(schedule: .every(.seconds(1000))), hasEarliest: true))
        let first = try #require(try store.claimDue().first)
        try store.end(first, .failed, again: 500)
        #expect(try store.makeDue(identifier: "a", now: t(300)))
        #expect(try store.pending().map(\.instant) == [t(1000)])
    }
}
