// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import SchedulingCore
import Testing

/// What must hold of every schedule in every zone, whatever its instants are.
@Suite("Laws of calendar schedules", .needsTimeZones)
struct CalendarLawsTests {
    static let zones = [
        "UTC", "America/New_York", "Europe/Warsaw", "America/Santiago", "Australia/Lord_Howe", "Asia/Amman",
        "Africa/Casablanca", "Antarctica/Troll", "Asia/Kathmandu", "Pacific/Apia",
    ]

    /// An instant from 1890 to 2250, with a fraction of a second.
    private static func instant(_ numbers: inout SeededNumbers) -> WallTime {
        WallTime(microseconds: Int64.random(in: -2_524_608_000_000_000...8_835_000_000_000_000, using: &numbers))
    }

    private struct Broken: Error {
        let law: String
        let schedule: String
        let at: WallTime
    }

    @Test("Instants ascend, and next, previous and count agree on them", arguments: zones)
    func walk(name: String) throws {
        let zone = try SystemZones().rules(for: name)
        var numbers = SeededNumbers(name.utf8.reduce(0) { $0 &* 31 &+ UInt64($1) })
        for _ in 0..<60 {
            let sample = SampleSchedule.random(using: &numbers)
            let schedule = try CalendarSchedule(sample.text)
            let start = Self.instant(&numbers)
            var last = start
            let first = schedule.previous(atOrBefore: start, in: zone)
            var before = first
            for step in 1...25 {
                guard let next = schedule.next(after: last, in: zone) else {
                    throw Broken(law: "there is a next one", schedule: sample.text, at: last)
                }
                let instantBefore = WallTime(microseconds: next.microseconds - 1)
                for (law, holds) in [
                    ("next is later", next > last),
                    ("whole seconds", next.microseconds % 1_000_000 == 0),
                    ("what is next is its own previous", schedule.previous(atOrBefore: next, in: zone) == next),
                    ("nothing lies between", schedule.previous(atOrBefore: instantBefore, in: zone) == before),
                    ("next of just before", schedule.next(after: instantBefore, in: zone) == next),
                    ("next of its previous", before.map { schedule.next(after: $0, in: zone) == next } ?? true),
                    ("count is the number of steps", schedule.count(after: start, through: next, in: zone) == step),
                    ("count before it", schedule.count(after: start, through: instantBefore, in: zone) == step - 1),
                ] where !holds { throw Broken(law: law, schedule: sample.text, at: last) }
                last = next
                before = next
            }
        }
    }

    @Test("Counts of neighbouring spans add up, over centuries", arguments: zones)
    func sums(name: String) throws {
        let zone = try SystemZones().rules(for: name)
        var numbers = SeededNumbers(4)
        for sample in SampleSchedule.chosen {
            let schedule = try CalendarSchedule(sample.text)
            let instants = (0..<6).map { _ in Self.instant(&numbers) }.sorted()
            let parts = zip(instants, instants.dropFirst()).map { schedule.count(after: $0, through: $1, in: zone) }
            let whole = schedule.count(after: instants[0], through: instants[5], in: zone)
            #expect(parts.reduce(0, +) == whole, "\(sample) between \(instants)")
            #expect(schedule.count(after: instants[5], through: instants[0], in: zone) == 0)
        }
    }

    @Test("After 400 years a schedule comes at the same readings again, and as often")
    func cycle() throws {
        let cycle: Int64 = 146_097 * 86_400
        var numbers = SeededNumbers(12)
        for name in Self.zones where name != "Africa/Casablanca" {
            let zone = try SystemZones().rules(for: name)
            for sample in SampleSchedule.chosen {
                let schedule = try CalendarSchedule(sample.text)
                // From 2200 to 2600, when nothing but the zone's last rule decides.
                let start = WallTime(seconds: Int64.random(in: 7_258_118_400...19_880_000_000, using: &numbers))
                let later = WallTime(seconds: start.wholeSeconds + cycle)
                let next = try #require(schedule.next(after: start, in: zone))
                #expect(schedule.next(after: later, in: zone) == WallTime(seconds: next.wholeSeconds + cycle))
                let end = WallTime(seconds: start.wholeSeconds + 100_000_000)
                #expect(
                    schedule.count(after: start, through: end, in: zone)
                        == schedule.count(
                            after: later, through: WallTime(seconds: end.wholeSeconds + cycle), in: zone))
            }
        }
    }

    @Test("The ends of time are ends, not traps")
    func ends() throws {
        let zone = try SystemZones().rules(for: "America/Santiago")
        for sample in SampleSchedule.chosen {
            let schedule = try CalendarSchedule(sample.text)
            let first = try #require(schedule.next(after: .distantPast, in: zone))
            #expect(schedule.previous(atOrBefore: WallTime(microseconds: first.microseconds - 1), in: zone) == nil)
            #expect(schedule.previous(atOrBefore: .distantPast, in: zone) == nil)
            let last = try #require(schedule.previous(atOrBefore: .distantFuture, in: zone))
            #expect(schedule.next(after: last, in: zone) == nil)
            #expect(schedule.next(after: .distantFuture, in: zone) == nil)
            #expect(schedule.count(after: .distantPast, through: first, in: zone) == 1)
            #expect(schedule.count(after: last, through: .distantFuture, in: zone) == 0)
        }
        let minutely = try CalendarSchedule("minutely")
        // 9,999 years of minutes, counted without visiting them.
        let all = minutely.count(after: .distantPast, through: .distantFuture, in: .utc)
        #expect(all == CivilDate(year: 10_000, month: 1, day: 1).daysSinceEpoch * 1440 + 719_162 * 1440)
    }

    @Test("The rarest schedule is found: 29 February on a Monday, over a century that has no leap year")
    func rarest() throws {
        let schedule = try CalendarSchedule("Mon *-02-29 12:00")
        let start = WallTime(seconds: Int64(CivilDate(year: 2072, month: 3, day: 1).daysSinceEpoch) * 86_400)
        let next = try #require(schedule.next(after: start, in: .utc))
        #expect(
            CivilDate(daysSinceEpoch: ZoneRules.utc.reading(at: next).day) == CivilDate(year: 2112, month: 2, day: 29))
        #expect(schedule.previous(atOrBefore: WallTime(seconds: next.wholeSeconds - 1), in: .utc)! < start)
    }
}
