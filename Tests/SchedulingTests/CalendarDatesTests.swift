// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Scheduling
import SchedulingTesting
import Synchronization
import Testing

@Suite("Dates of calendar schedules, and simulated zones")
struct CalendarDatesTests {
    @Test("A schedule shows its next dates")
    func dates() throws {
        let schedule = try CalendarSchedule("Mon..Fri *-*-* 09:00:00")
        let friday = Date(timeIntervalSince1970: 1_767_949_200)  // Friday, 2026-01-09 09:00 UTC
        #expect(
            try schedule.dates(after: friday, count: 2, timeZone: "UTC").map(\.timeIntervalSince1970)
                == [1_768_208_400, 1_768_294_800])
        // A moment before it, also one that is no whole number of microseconds.
        #expect(try schedule.dates(after: friday - 0.000_000_3, timeZone: "UTC") == [friday])
        #expect(try schedule.dates(after: friday, count: 0) == [])
        #expect(try schedule.dates(after: friday, count: -1) == [])
    }

    @Test("A zone that is unknown and a date that is no number are errors that say what to do")
    func mistakes() throws {
        let schedule = try CalendarSchedule.daily(at: .noon)
        do {
            _ = try schedule.dates(after: .distantPast, timeZone: "Mars/Olympus")
            Issue.record("taken")
        } catch {
            #expect(error.code == .timeZoneUnusable && error.subject == "Mars/Olympus" && !error.remedy.isEmpty)
        }
        for seconds in [Double.nan, .infinity, -.infinity, 1e300] {
            #expect(throws: SchedulingFailure.self) {
                try schedule.dates(after: Date(timeIntervalSince1970: seconds), timeZone: "UTC")
            }
        }
        #expect(try schedule.dates(after: Date(timeIntervalSince1970: 9e11), timeZone: "UTC") == [])
    }

    @Test("The simulated host's zone is what the test says, and whoever watches is told")
    func simulated() throws {
        let zones = SimulatedZones()
        let heard = Mutex<[String]>([])
        let watch = try #require(zones.watch { heard.withLock { $0.append(zones.localIdentity()) } })
        #expect(try zones.rules(for: nil) == .utc)
        let first = zones.localIdentity()
        let made = ZoneRules(offset: 1800)
        zones.define("Here/Now", as: made)
        try zones.setLocal("Here/Now")
        #expect(try zones.rules(for: nil) == made)
        #expect(heard.withLock(\.count) == 2)
        #expect(heard.withLock(\.last) == zones.localIdentity() && zones.localIdentity() != first)
        // A law was made: the same name, other rules.
        zones.define("Here/Now", as: .utc)
        #expect(try zones.rules(for: nil) == .utc)
        #expect(throws: ZoneFailure.self) { try zones.setLocal("Nowhere/At all") }
        #expect(try zones.rules(for: nil) == .utc)
        watch.stop()
        zones.define("Here/Now", as: made)
        #expect(heard.withLock(\.count) == 3)
    }
}
