// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A time zone as the model has it: two offsets, and the days of each year on which clocks are changed. Seconds.
struct ReferenceZone {
    var name: String
    /// The same zone as TZ spells it, for the product.
    var posix: String
    var standard: Int64 = 0
    var summer: Int64 = 0
    /// Days of a year from 1, without 29 February, and the seconds after midnight that clocks show then.
    var summerBegins: (day: Int64, time: Int64) = (0, 0)
    var summerEnds: (day: Int64, time: Int64) = (0, 0)

    /// Summers begin and end soon after the instant at which worlds begin.
    static let all = [
        ReferenceZone(name: "UTC", posix: "UTC0"),
        ReferenceZone(
            name: "Model/East", posix: "EST-1EDT,J4/2,J12/3", standard: 3600, summer: 7200, summerBegins: (4, 7200),
            summerEnds: (12, 10800)),
        ReferenceZone(
            name: "Model/West", posix: "WST5WDT,J9/2,J300/2", standard: -18000, summer: -14400, summerBegins: (9, 7200),
            summerEnds: (300, 7200)),
    ]

    /// Seconds to add to UTC.
    func offset(at instant: Int64) -> Int64 {
        guard standard != summer else { return standard }
        let year = ReferenceYear(holding: instant + standard)
        let begins = year.second(ofDay: summerBegins.day) + summerBegins.time - standard
        let ends = year.second(ofDay: summerEnds.day) + summerEnds.time - summer
        return instant >= begins && instant < ends ? summer : standard
    }

    /// When clocks show this: never, once or twice. `before`: what they would have shown had they not been changed.
    func instants(showing local: Int64) -> (shown: [Int64], before: Int64) {
        let shown = Set([standard, summer]).map { local - $0 }.filter { $0 + offset(at: $0) == local }
        return (shown.sorted(), local - standard)
    }
}

/// A year of the calendar, in seconds since 1970 as clocks show them.
struct ReferenceYear {
    var start: Int64
    var isLeap: Bool

    private static let first = 1960
    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    private static let starts: [Int64] = (first...2500).reduce(into: [-3653 * 86_400]) { starts, year in
        starts.append((starts.last ?? 0) + (isLeap(year) ? 366 : 365) * 86_400)
    }

    init(holding second: Int64) {
        var index = min(max(0, Int((second - Self.starts[0]) / (366 * 86_400))), Self.starts.count - 2)
        while index < Self.starts.count - 2, Self.starts[index + 1] <= second { index += 1 }
        start = Self.starts[index]
        isLeap = Self.isLeap(Self.first + index)
    }

    /// Of a day's number from 1, without 29 February.
    func second(ofDay day: Int64) -> Int64 { start + (day - 1 + (isLeap && day > 59 ? 1 : 0)) * 86_400 }

    /// Whether a day since 1970 is the last one of its month.
    func endsMonth(_ day: Int64) -> Bool {
        var left = day - start / 86_400
        for length in [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as [Int64] {
            if left < length { return left == length - 1 }
            left -= length
        }
        return false
    }
}
