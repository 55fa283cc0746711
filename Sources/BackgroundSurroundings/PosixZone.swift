// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A zone as a line of text, as in the variable TZ and at the end of a TZif file: "CET-1CEST,M3.5.0,M10.5.0/3".
///
/// POSIX.1-2024, "Environment Variables", TZ, with the hours of RFC 9636, section 3.3.1 (-167 to 167).
struct PosixZone: Hashable, Sendable {
    /// A day of each year.
    enum Day: Hashable, Sendable {
        /// 1 to 365; 29 February is never counted.
        case julian(Int)
        /// 0 to 365; 29 February is counted.
        case zeroBased(Int)
        /// Month 1 to 12, week 1 to 5 (5: the last), weekday 0 (Sunday) to 6.
        case weekday(month: Int, week: Int, weekday: Int)
    }

    /// When summer time holds, if there is any.
    struct Summer: Hashable, Sendable {
        var offset: Int64
        var start: Day
        /// Seconds after midnight, as clocks show before the change.
        var startTime: Int64
        var end: Day
        var endTime: Int64
    }

    var standardOffset: Int64
    var summer: Summer?

    var hasChanges: Bool { summer != nil }

    /// Nil when the text is none.
    init?(_ text: some Collection<UInt8>) {
        var rest = Cursor(text)
        guard rest.skipName(), let standard = rest.offset() else { return nil }
        standardOffset = -standard
        guard !rest.isAtEnd else { return }
        guard rest.skipName() else { return nil }
        var summerOffset = standardOffset + 3600
        if let next = rest.peek, next != UInt8(ascii: ",") {
            guard let offset = rest.offset() else { return nil }
            summerOffset = -offset
        }
        if rest.isAtEnd {
            // What a C library assumes without a rule (tzset(3)).
            rest = Cursor(Array(",M3.2.0,M11.1.0".utf8))
        }
        guard let (start, startTime) = rest.rule(), let (end, endTime) = rest.rule(), rest.isAtEnd else { return nil }
        summer = Summer(offset: summerOffset, start: start, startTime: startTime, end: end, endTime: endTime)
        guard abs(summerOffset) <= ZoneRules.largestOffset else { return nil }
    }

    /// The changes of some years, strictly ascending, without those that change nothing.
    func changes(years: ClosedRange<Int>) -> [ZoneRules.Change] {
        guard let summer else { return [] }
        var all: [ZoneRules.Change] = []
        all.reserveCapacity(2 * years.count)
        for year in years {
            let start = Self.midnight(of: summer.start, in: year) + summer.startTime - standardOffset
            let end = Self.midnight(of: summer.end, in: year) + summer.endTime - summer.offset
            all.append(.init(start: start, offset: summer.offset))
            all.append(.init(start: end, offset: standardOffset))
        }
        // Where one year's summer ends as the next one's begins, it goes on: the beginning counts.
        all.sort { left, right in
            left.start != right.start ? left.start < right.start : right.offset == summer.offset
        }
        var kept: [ZoneRules.Change] = []
        kept.reserveCapacity(all.count)
        for (index, change) in all.enumerated() {
            if index + 1 < all.count, all[index + 1].start == change.start { continue }
            if kept.last?.offset != change.offset { kept.append(change) }
        }
        return kept
    }

    /// The first second of a day, as local clocks count them.
    private static func midnight(of day: Day, in year: Int) -> Int64 {
        let newYear = CivilDate(year: year, month: 1, day: 1).daysSinceEpoch
        let days: Int
        switch day {
        case .julian(let number):
            days = newYear + number - 1 + (CivilDate.isLeap(year) && number >= 60 ? 1 : 0)
        case .zeroBased(let number):
            days = newYear + number
        case .weekday(let month, let week, let weekday):
            let first = CivilDate(year: year, month: month, day: 1).daysSinceEpoch
            let sundayBased = (CivilDate.weekday(ofDaysSinceEpoch: first) + 1) % 7
            var dayOfMonth = (weekday - sundayBased + 7) % 7 + 7 * (week - 1)
            if dayOfMonth >= CivilDate.length(ofMonth: month, in: year) { dayOfMonth -= 7 }
            days = first + dayOfMonth
        }
        return Int64(days) * LocalReading.secondsInDay
    }
}

extension PosixZone {
    /// Reads the text from left to right.
    private struct Cursor {
        private let bytes: [UInt8]
        private var position = 0

        init(_ bytes: some Collection<UInt8>) { self.bytes = Array(bytes) }

        var isAtEnd: Bool { position == bytes.count }
        var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

        mutating func skip(_ byte: Unicode.Scalar) -> Bool {
            guard peek == UInt8(ascii: byte) else { return false }
            position += 1
            return true
        }

        /// A name of at least three letters, or anything between angle brackets.
        mutating func skipName() -> Bool {
            if skip("<") {
                while let byte = peek, byte != UInt8(ascii: ">") {
                    position += byte == 0 ? 0 : 1; if byte == 0 { return false }
                }
                return skip(">")
            }
            let start = position
            while let byte = peek, (byte | 0x20) >= UInt8(ascii: "a"), (byte | 0x20) <= UInt8(ascii: "z") {
                position += 1
            }
            return position - start >= 3
        }

        /// A number in a range.
        mutating func number(_ range: ClosedRange<Int>) -> Int? {
            var value = 0
            var digits = 0
            while let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), digits < 4 {
                value = value * 10 + Int(byte - UInt8(ascii: "0"))
                digits += 1
                position += 1
            }
            return digits > 0 && range.contains(value) ? value : nil
        }

        /// [+-]hh[:mm[:ss]], in seconds.
        mutating func clock(hours: ClosedRange<Int>) -> Int64? {
            let isNegative = skip("-")
            if !isNegative { _ = skip("+") }
            guard let hour = number(hours) else { return nil }
            var seconds = Int64(hour) * 3600
            if skip(":") {
                guard let minute = number(0...59) else { return nil }
                seconds += Int64(minute) * 60
                if skip(":") {
                    guard let second = number(0...59) else { return nil }
                    seconds += Int64(second)
                }
            }
            return isNegative ? -seconds : seconds
        }

        mutating func offset() -> Int64? { clock(hours: 0...24) }

        /// ",day[/time]".
        mutating func rule() -> (Day, Int64)? {
            guard skip(","), let day = day() else { return nil }
            guard skip("/") else { return (day, 7200) }
            guard let time = clock(hours: 0...167) else { return nil }
            return (day, time)
        }

        private mutating func day() -> Day? {
            if skip("J") { return number(1...365).map(Day.julian) }
            guard skip("M") else { return number(0...365).map(Day.zeroBased) }
            guard let month = number(1...12), skip("."), let week = number(1...5), skip("."),
                let weekday = number(0...6)
            else { return nil }
            return .weekday(month: month, week: week, weekday: weekday)
        }
    }
}
