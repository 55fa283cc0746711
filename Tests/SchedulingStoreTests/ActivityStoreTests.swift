// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import SchedulingCore
import Testing

@testable import SchedulingStore

@Suite("What is kept of background activities")
struct ActivityStoreTests {
    let state: TemporaryState
    init() throws { state = try TemporaryState() }

    @Test("the interval counts from the first scheduling, also in later launches, until it runs")
    func first() throws {
        #expect(try state.store().scheduleActivity("a", repeats: true, now: t(0)) == t(0))
        #expect(try state.store().scheduleActivity("a", repeats: true, now: t(100)) == t(0))
        #expect(try state.store().activity("a") == ActivityRecord(since: t(0), fired: nil, count: 0))
        #expect(try state.store().activity("b") == nil)
    }

    @Test("one of two processes gets a run, and the other learns from when the interval counts")
    func claims() throws {
        let one = try state.store()
        let other = try state.store()
        _ = try one.scheduleActivity("a", repeats: true, now: t(0))
        #expect(try one.claimActivity("a", since: t(0), now: t(60)) == .granted)
        #expect(try other.claimActivity("a", since: t(0), now: t(61)) == .taken(since: t(60)))
        #expect(try other.activity("a") == ActivityRecord(since: t(60), fired: t(60), count: 1))
    }

    @Test("a deferred run does not count, and is due as before")
    func deferred() throws {
        let store = try state.store()
        _ = try store.scheduleActivity("a", repeats: true, now: t(0))
        _ = try store.claimActivity("a", since: t(0), now: t(60))
        try store.endActivity("a", fired: t(60), since: t(0), isDeferred: true)
        #expect(try store.activity("a") == ActivityRecord(since: t(0), fired: t(60), count: 0))
        #expect(try store.claimActivity("a", since: t(0), now: t(70)) == .granted)
    }

    @Test("one that is over begins anew with the next scheduling: from now, or from its last run if it repeats then")
    func over() throws {
        let store = try state.store()
        _ = try store.scheduleActivity("a", repeats: false, now: t(0))
        _ = try store.claimActivity("a", since: t(0), now: t(60))
        try store.endActivity("a", fired: t(60), since: nil, isDeferred: false)
        #expect(try store.activity("a") == ActivityRecord(since: nil, fired: t(60), count: 1))
        #expect(try store.claimActivity("a", since: t(60), now: t(61)) == .taken(since: nil))
        #expect(try store.scheduleActivity("a", repeats: false, now: t(100)) == t(100))
        _ = try store.claimActivity("a", since: t(100), now: t(110))
        try store.endActivity("a", fired: t(110), since: nil, isDeferred: false)
        #expect(try store.scheduleActivity("a", repeats: true, now: t(200)) == t(110))
    }

    @Test("an end that comes late changes nothing of a later run")
    func late() throws {
        let store = try state.store()
        _ = try store.scheduleActivity("a", repeats: true, now: t(0))
        _ = try store.claimActivity("a", since: t(0), now: t(60))
        _ = try store.claimActivity("a", since: t(60), now: t(120))
        try store.endActivity("a", fired: t(60), since: nil, isDeferred: true)
        #expect(try store.activity("a") == ActivityRecord(since: t(120), fired: t(120), count: 2))
    }

    @Test("an instant that was written under a wrong clock is now")
    func wrongClock() throws {
        _ = try state.store().scheduleActivity("a", repeats: true, now: t(1_000_000))
        #expect(try state.store().scheduleActivity("a", repeats: true, now: t(0)) == t(0))
        #expect(try state.store().activity("a")?.since == t(0))
    }

    @Test("a store of the first schema is brought to the present one, and keeps what it has")
    func migration() throws {
        try state.store().submit(request("a"))
        let database = try state.connection()
        try database.execute(
            """
            DROP TABLE activities;
            DROP INDEX requests_follows;
            ALTER TABLE requests DROP COLUMN terms;
            ALTER TABLE requests DROP COLUMN input;
            ALTER TABLE requests DROP COLUMN follows;
            ALTER TABLE requests DROP COLUMN recurring;
            ALTER TABLE requests DROP COLUMN replaces;
            ALTER TABLE occurrences DROP COLUMN starts;
            ALTER TABLE occurrences DROP COLUMN forced;
            ALTER TABLE occurrences DROP COLUMN since;
            """)
        try database.setUserVersion(1)
        let store = try state.store()
        #expect(try store.scheduleActivity("x", repeats: true, now: t(0)) == t(0))
        #expect(try store.pending().map(\.identifier) == ["a"])
        #expect(try state.connection().userVersion() == StoreSchema.version)
    }
}
