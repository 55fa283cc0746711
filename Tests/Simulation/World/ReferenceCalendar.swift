// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Times of day on some days, as the model counts them: day by day. Seconds.
struct ReferenceCalendar: Equatable {
    enum Days: Equatable {
        case all
        /// From 1, Monday.
        case weekdays(Set<Int64>)
        case endsOfMonths
    }
    var days = Days.all
    var times: [Int64]
    /// Times that clocks show twice count twice.
    var isHourly = false

    private func has(_ day: Int64) -> Bool {
        switch days {
        case .all: true
        case .weekdays(let weekdays): weekdays.contains(((day + 3) % 7 + 7) % 7 + 1)
        case .endsOfMonths: ReferenceYear(holding: day * 86_400).endsMonth(day)
        }
    }

    /// A time that is skipped comes when clocks would have shown it, one that comes twice the first time.
    private func instants(of day: Int64, in zone: ReferenceZone) -> [Int64] {
        guard has(day) else { return [] }
        return times.flatMap { time -> [Int64] in
            let (shown, before) = zone.instants(showing: day * 86_400 + time)
            return shown.isEmpty ? [before] : isHourly ? shown : [shown[0]]
        }
    }

    private static func day(_ second: Int64) -> Int64 { (second - ((second % 86_400) + 86_400) % 86_400) / 86_400 }

    /// Those of this day and of its neighbours, which clocks may have moved into it.
    private func instants(around day: Int64, in zone: ReferenceZone) -> [Int64] {
        Set((day - 1...day + 1).flatMap { instants(of: $0, in: zone) }).sorted()
    }

    func next(after second: Int64, in zone: ReferenceZone) -> Int64 {
        var day = Self.day(second + zone.standard)
        while true {
            if let found = instants(around: day, in: zone).first(where: { $0 > second }) { return found }
            day += 1
        }
    }

    func last(atOrBefore second: Int64, in zone: ReferenceZone) -> Int64 {
        var day = Self.day(second + zone.standard)
        while true {
            if let found = instants(around: day, in: zone).last(where: { $0 <= second }) { return found }
            day -= 1
        }
    }

    /// How many lie in (start, end].
    func count(after start: Int64, through end: Int64, in zone: ReferenceZone) -> Int64 {
        guard start < end else { return 0 }
        let first = Self.day(start + zone.standard) - 1
        let last = Self.day(end + zone.standard) + 1
        // Each instant counts for one day, by standard time.
        func belongs(_ instant: Int64) -> Bool { instant > start && instant <= end }
        var found: Int64 = 0
        for day in first...last {
            let isPlain =
                day > first + 2 && day < last - 2
                && zone.offset(at: (day - 2) * 86_400) == zone.offset(at: (day + 3) * 86_400)
            if isPlain {
                found += has(day) ? Int64(times.count) : 0
            } else {
                let here = Set(instants(of: day, in: zone)).subtracting(instants(of: day - 1, in: zone))
                found += Int64(here.count(where: belongs))
            }
        }
        return found
    }
}

/// The instants of a schedule that are fixed in advance. Microseconds.
enum ReferenceGrid {
    case every(Int64, through: Int64)
    case calendar(ReferenceCalendar, ReferenceZone)

    private static let second: Int64 = 1_000_000
    private static func floor(_ value: Int64, _ unit: Int64) -> Int64 {
        value / unit - (value % unit < 0 ? 1 : 0)
    }

    func next(after instant: Int64) -> Int64 {
        switch self {
        case .every(let interval, let anchor): anchor + (Self.floor(instant - anchor, interval) + 1) * interval
        case .calendar(let calendar, let zone):
            calendar.next(after: Self.floor(instant, Self.second), in: zone) * Self.second
        }
    }

    func last(atOrBefore instant: Int64) -> Int64 {
        switch self {
        case .every(let interval, let anchor): anchor + Self.floor(instant - anchor, interval) * interval
        case .calendar(let calendar, let zone):
            calendar.last(atOrBefore: Self.floor(instant, Self.second), in: zone) * Self.second
        }
    }

    /// How many lie in (start, end].
    func count(after start: Int64, through end: Int64) -> Int64 {
        guard start < end else { return 0 }
        switch self {
        case .every(let interval, let anchor):
            return Self.floor(end - anchor, interval) - Self.floor(start - anchor, interval)
        case .calendar(let calendar, let zone):
            return calendar.count(
                after: Self.floor(start, Self.second), through: Self.floor(end, Self.second), in: zone)
        }
    }
}
