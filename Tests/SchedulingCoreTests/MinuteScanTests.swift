// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import SchedulingCore
import Testing

extension Trait where Self == ConditionTrait {
    /// Skips, always with the same words, where the tz database is not installed.
    static var needsTimeZones: Self {
        .enabled(if: (try? SystemZones().rules(for: "Europe/Warsaw")) != nil, "no tz database here: install tzdata")
    }
}

/// What a clerk would write down who looks at the clock on the wall once a minute, and knows the rule of
/// `CalendarSchedule`: the slow way, which shares nothing with the real one but the zone's offsets. Those are compared
/// with Python's in `ZoneRulesTests`.
private struct MinuteScan {
    private struct Look {
        var instant: Int
        /// What the clock shows, or would have shown had it not been set forward over it; minutes since 1970.
        var local: Int
        var wasShownBefore: Bool
    }

    private var looks: [Look] = []
    private var days: [Int: SampleSchedule.Day] = [:]

    /// Minutes since 1970, in UTC. The looking begins a day before, so that what was shown before is known.
    init(_ zone: ZoneRules, _ range: ClosedRange<Int>) {
        var seen: Set<Int> = []
        var previous: Int?
        for minute in (range.lowerBound - 1440)...range.upperBound {
            let offset = Int(zone.offset(at: WallTime(seconds: Int64(minute) * 60))) / 60
            let local = minute + offset
            if let previous, local > previous + 1 {
                let offsetBefore = previous - (minute - 1)
                for skipped in (previous + 1)..<local {
                    looks.append(Look(instant: skipped - offsetBefore, local: skipped, wasShownBefore: false))
                }
            }
            looks.append(Look(instant: minute, local: local, wasShownBefore: !seen.insert(local).inserted))
            previous = local
        }
        looks.removeAll { !range.contains($0.instant) }
        for look in looks where days[look.local.flooredQuotient(by: 1440)] == nil {
            days[look.local.flooredQuotient(by: 1440)] = .init(look.local.flooredQuotient(by: 1440))
        }
    }

    func instants(of sample: SampleSchedule) -> [WallTime] {
        var minutes: Set<Int> = []
        let isHourly = sample.isHourly
        let isNamed = (0..<1440).map { sample.minutes.contains($0) }
        let namedDays = Set(days.filter { sample.names($0.value) }.keys)
        for look in looks where isNamed[look.local.flooredRemainder(by: 1440)] {
            guard isHourly || !look.wasShownBefore, namedDays.contains(look.local.flooredQuotient(by: 1440)) else {
                continue
            }
            minutes.insert(look.instant)
        }
        return minutes.sorted().map { WallTime(seconds: Int64($0) * 60) }
    }
}

@Suite("Calendar schedules against a scan of every minute", .needsTimeZones)
struct MinuteScanTests {
    /// Where clocks are changed by an hour, by half an hour, at midnight, and not at all.
    static let zones = [
        "America/New_York", "Europe/Warsaw", "America/Santiago", "Australia/Lord_Howe", "Asia/Amman", "Asia/Kolkata",
    ]
    /// Changes for good: by half an hour, over a whole day, back, and where summer time never ended.
    static let changedForGood = [
        ("Asia/Pyongyang", 2018), ("Pacific/Apia", 2011), ("Europe/Volgograd", 2020), ("Europe/Istanbul", 2016),
        ("America/Caracas", 2016), ("Africa/Casablanca", 2026), ("Antarctica/Troll", 2026), ("Europe/Dublin", 1971),
    ]

    /// The first second of a year, in UTC.
    private static func start(of year: Int) -> Int64 {
        Int64(CivilDate(year: year, month: 1, day: 1).daysSinceEpoch) * 86_400
    }

    /// The minutes around each change of a zone's offset in some years, a day and a half before and after; where there
    /// is none, around the beginning of each April.
    private static func windows(_ zone: ZoneRules, years: Range<Int>) -> [ClosedRange<Int>] {
        let range = Int(start(of: years.lowerBound))..<Int(start(of: years.upperBound))
        let step = 6 * 3600
        var changes = stride(from: range.lowerBound, to: range.upperBound, by: step).filter { second in
            let before = zone.offset(at: WallTime(seconds: Int64(second - step)))
            return zone.offset(at: WallTime(seconds: Int64(second))) != before
        }
        if changes.isEmpty { changes = years.map { Int(start(of: $0)) + 90 * 86_400 } }
        return changes.map { ($0 / 60 - 36 * 60)...($0 / 60 + 36 * 60) }
    }

    private struct DoesNotGoOn: Error {
        let sample: String
        let after: WallTime
    }

    private func compare(_ samples: [SampleSchedule], in zone: ZoneRules, _ window: ClosedRange<Int>) throws {
        let scan = MinuteScan(zone, window)
        let before = WallTime(seconds: Int64(window.lowerBound) * 60 - 1)
        let end = WallTime(seconds: Int64(window.upperBound) * 60)
        for sample in samples {
            let schedule = try CalendarSchedule(sample.text)
            let expected = scan.instants(of: sample)
            var forward: [WallTime] = []
            var last = before
            while let next = schedule.next(after: last, in: zone), next <= end {
                if next <= last { throw DoesNotGoOn(sample: sample.text, after: last) }
                forward.append(next)
                last = next
            }
            try #require(forward == expected, "next of \(sample) around minute \(window.lowerBound + 36 * 60)")
            var backward: [WallTime] = []
            last = end
            while let previous = schedule.previous(atOrBefore: last, in: zone), previous > before {
                backward.append(previous)
                last = WallTime(microseconds: previous.microseconds - 1)
            }
            try #require(backward.reversed() == expected, "previous of \(sample)")
            let count = schedule.count(after: before, through: end, in: zone)
            try #require(count == expected.count, "count of \(sample)")
            // From the change on: a count that begins and ends amid it.
            let middle = WallTime(seconds: Int64(window.lowerBound + 36 * 60 + 40) * 60)
            try #require(
                schedule.count(after: before, through: middle, in: zone) == expected.count { $0 <= middle },
                "count of \(sample) up to the change")
            try #require(
                schedule.count(after: middle, through: end, in: zone) == expected.count { $0 > middle },
                "count of \(sample) from the change on")
        }
    }

    @Test("They agree around every change of clocks in ten years", arguments: zones)
    func tenYears(name: String) throws {
        let zone = try SystemZones().rules(for: name)
        var numbers = SeededNumbers(UInt64(name.utf8.count) &* 2026)
        for window in Self.windows(zone, years: 2020..<2030) {
            let random = (0..<6).map { _ in SampleSchedule.random(using: &numbers) }
            try compare(SampleSchedule.chosen + random, in: zone, window)
        }
    }

    @Test(
        "They agree where clocks were changed for good, by a day, or in a way of their own", arguments: changedForGood)
    func permanent(name: String, year: Int) throws {
        let zone = try SystemZones().rules(for: name)
        let windows = Self.windows(zone, years: year..<(year + 1))
        #expect(!windows.isEmpty)
        for window in windows { try compare(SampleSchedule.chosen, in: zone, window) }
    }

    @Test("They agree over a whole year of minutes", arguments: ["Australia/Lord_Howe"])
    func wholeYear(name: String) throws {
        let zone = try SystemZones().rules(for: name)
        var numbers = SeededNumbers(7)
        let samples = (0..<4).map { _ in SampleSchedule.random(using: &numbers) }
        try compare(samples, in: zone, Int(Self.start(of: 2028) / 60)...Int(Self.start(of: 2029) / 60))
    }
}
