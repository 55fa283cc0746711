// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

/// The same random numbers in every run (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}

/// A schedule as plain sets, each beside the text that says the same. Nothing here knows how the real one works: this
/// is what it is compared with.
struct SampleSchedule: CustomStringConvertible {
    /// 1 is Monday.
    var weekdays: Set<Int>
    var months: Set<Int>
    /// Positive: counted from the first day; negative: from the last, which is -1.
    var days: Set<Int>
    /// Minutes of the day.
    var minutes: Set<Int>
    var text: String

    var description: String { text }

    /// One day as people see it.
    struct Day {
        var weekday: Int
        var month: Int
        var day: Int
        var lengthOfMonth: Int

        /// Days since 1970. Years are counted one by one: slow, and hard to get wrong.
        init(_ days: Int) {
            var day = days
            weekday = (day + 3).flooredRemainder(by: 7) + 1
            var year = 1970
            func isLeap(_ year: Int) -> Bool { year % 400 == 0 || (year % 4 == 0 && year % 100 != 0) }
            while day < 0 {
                year -= 1
                day += isLeap(year) ? 366 : 365
            }
            while day >= (isLeap(year) ? 366 : 365) {
                day -= isLeap(year) ? 366 : 365
                year += 1
            }
            let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            month = 1
            while day >= lengths[month - 1] {
                day -= lengths[month - 1]
                month += 1
            }
            self.day = day + 1
            lengthOfMonth = lengths[month - 1]
        }
    }

    /// Whether the schedule names some minute of this day.
    func names(_ day: Day) -> Bool {
        weekdays.contains(day.weekday) && months.contains(day.month)
            && (days.contains(day.day) || days.contains(day.day - day.lengthOfMonth - 1))
    }

    /// It has a time in each hour.
    var isHourly: Bool { Set(minutes.map { $0 / 60 }).count == 24 }
}

extension SampleSchedule {
    static let everyWeekday = Set(1...7)
    static let everyMonth = Set(1...12)
    static let everyDay = Set(1...31)

    static func daily(_ minutes: Int..., text: String) -> SampleSchedule {
        SampleSchedule(
            weekdays: everyWeekday, months: everyMonth, days: everyDay, minutes: Set(minutes), text: text)
    }

    /// Those that a change of clocks is hardest on.
    static let chosen: [SampleSchedule] = [
        daily(0, text: "*-*-* 00:00"),
        daily(15, text: "00:15"),
        daily(90, text: "01:30:00"),
        daily(120, text: "02:00"),
        daily(135, text: "02:15"),
        daily(150, text: "02:30"),
        daily(180, text: "03:00"),
        daily(150, 190, 210, text: "02:30 03:10 03:30"),
        daily(0, 30, 60, 90, 120, 150, 180, text: "0..3:0 0..2:30"),
        daily(1439, text: "23:59"),
        every(30, text: "*:00,30"),
        every(20, from: 5, text: "*:5/20"),
        every(1, text: "minutely"),
        SampleSchedule(
            weekdays: [6, 7], months: everyMonth, days: everyDay, minutes: [150], text: "Sat,Sun 02:30"),
        SampleSchedule(weekdays: [5], months: everyMonth, days: everyDay, minutes: [0, 30], text: "Fri 0:0,30"),
        SampleSchedule(
            weekdays: everyWeekday, months: everyMonth, days: [-1], minutes: [30], text: "*-*~01 00:30"),
        SampleSchedule(
            weekdays: everyWeekday, months: everyMonth, days: [1, -1, -3], minutes: [0, 150],
            text: "*-*-01 *-*~01,03 00:00 02:30"),
        SampleSchedule(
            weekdays: [7], months: [3, 11], days: Set(8...14), minutes: [135], text: "Sun *-03,11-08..14 02:15"),
    ]

    private static func every(_ step: Int, from: Int = 0, text: String) -> SampleSchedule {
        let minutes = (0..<24).flatMap { hour in stride(from: from, to: 60, by: step).map { hour * 60 + $0 } }
        return SampleSchedule(
            weekdays: everyWeekday, months: everyMonth, days: everyDay, minutes: Set(minutes), text: text)
    }

    /// Any schedule whose text is one that systemd would take too.
    static func random(using numbers: inout SeededNumbers) -> SampleSchedule {
        func pick(_ range: ClosedRange<Int>, atMost count: Int) -> Set<Int> {
            Set((0..<Int.random(in: 1...count, using: &numbers)).map { _ in Int.random(in: range, using: &numbers) })
        }
        func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &numbers) < percent }
        func list(_ values: Set<Int>) -> String {
            values.shuffled(using: &numbers).map { String($0) }.joined(separator: ",")
        }
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        let weekdays = chance(60) ? everyWeekday : pick(1...7, atMost: 4)
        let months = chance(60) ? everyMonth : pick(1...12, atMost: 4)
        let isFromEnd = chance(30)
        let isEveryDay = !isFromEnd && chance(40)
        // Each month has them, so that no schedule is impossible; systemd (252) refuses lists of higher days from the end.
        let days = isEveryDay ? everyDay : pick(1...(isFromEnd ? 18 : 28), atMost: 4)
        let hours = chance(30) ? Set(0...23) : pick(0...(chance(50) ? 23 : 4), atMost: 4)
        let minutes = chance(20) ? Set(stride(from: 0, to: 60, by: 15)) : pick(0...59, atMost: 3)
        var text = ""
        if weekdays != everyWeekday { text += weekdays.sorted().map { names[$0 - 1] }.joined(separator: ",") + " " }
        text +=
            "*-\(months == everyMonth ? "*" : list(months))\(isFromEnd ? "~" : "-")\(isEveryDay ? "*" : list(days)) "
        text += "\(hours.count == 24 ? "*" : list(hours)):\(list(minutes))"
        return SampleSchedule(
            weekdays: weekdays, months: months, days: isFromEnd ? Set(days.map { -$0 }) : days,
            minutes: Set(hours.flatMap { hour in minutes.map { hour * 60 + $0 } }), text: text)
    }
}
