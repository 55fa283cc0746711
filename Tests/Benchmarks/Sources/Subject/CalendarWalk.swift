// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling

/// How long the next instant of a calendar schedule takes, beside Foundation's own way to find one.
struct CalendarWalk {
    private let zone = "America/New_York"
    /// Half past two at night: the time that changes of clocks skip.
    private let texts = ["*-*-* 02:30:00", "Mon *-*-* 09:00:00", "*-*-15 03:00:00"]
    private let components = [
        DateComponents(hour: 2, minute: 30, second: 0), DateComponents(hour: 9, minute: 0, second: 0, weekday: 2),
        DateComponents(day: 15, hour: 3, minute: 0, second: 0),
    ]

    /// A line for each schedule: nanoseconds for an instant, ours and Foundation's, each from the one before.
    func run(count: Int) throws {
        guard let timeZone = TimeZone(identifier: zone) else { Subject.fail("no time zone \(zone)") }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = timeZone
        let start = Date(timeIntervalSince1970: 1_700_000_000)
        for (text, components) in zip(texts, components) {
            let schedule = try CalendarSchedule(text)
            _ = try schedule.dates(after: start, count: count, timeZone: zone)
            let began = Clock.monotonic()
            let ours = try schedule.dates(after: start, count: count, timeZone: zone)
            let between = Clock.monotonic()
            var date = start
            for _ in 0..<count {
                guard
                    let next = calendar.nextDate(
                        after: date, matching: components, matchingPolicy: .nextTimePreservingSmallerComponents)
                else { Subject.fail("Foundation finds no date after \(date)") }
                date = next
            }
            let ended = Clock.monotonic()
            guard ours.last == date else { Subject.fail("\(text): \(String(describing: ours.last)) and \(date)") }
            Subject.say("\((between - began) / Int64(count)) \((ended - between) / Int64(count))")
        }
    }
}
