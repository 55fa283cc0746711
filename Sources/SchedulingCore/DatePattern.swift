// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// Which days of which months, and which weekdays, as sets of bits: a month is judged by one `&`.
struct DatePattern: Hashable, Sendable {
    static let everyDay: UInt32 = 0x7FFF_FFFF
    static let everyWeekday: UInt8 = 0x7F

    /// Bit 0 is Monday.
    var weekdays = everyWeekday
    /// For each month, January first, its days; bit 0 is the first day.
    private(set) var fromStart = [UInt32](repeating: 0, count: 12)
    /// The same from the end; bit 0 is the last day.
    private(set) var fromEnd = [UInt32](repeating: 0, count: 12)
    /// Both together for each month, and for the February of a leap year as the thirteenth.
    private var masks = [UInt32](repeating: 0, count: 13)
    private(set) var isEveryDate = false

    /// Days are added to each month of a set, whose bit 0 is January.
    mutating func insert(days: UInt32, ofMonths months: UInt16, fromEnd isFromEnd: Bool) {
        for month in 0..<12 where months & (1 << month) != 0 {
            if isFromEnd { fromEnd[month] |= days } else { fromStart[month] |= days }
        }
        settle()
    }

    /// Only those months remain.
    mutating func keep(months: UInt16) {
        for month in 0..<12 where months & (1 << month) == 0 {
            fromStart[month] = 0
            fromEnd[month] = 0
        }
        settle()
    }

    private mutating func settle() {
        isEveryDate = fromStart.allSatisfy { $0 == Self.everyDay }
        for index in 0..<13 {
            let month = index == 12 ? 1 : index
            let length = CivilDate.length(ofMonth: month + 1, in: index == 12 ? 2000 : 2001)
            var mask = fromStart[month] & (Self.everyDay >> UInt32(31 - length))
            for before in 0..<length where fromEnd[month] & (1 << UInt32(before)) != 0 {
                mask |= 1 << UInt32(length - 1 - before)
            }
            masks[index] = mask
        }
    }

    /// No year has such a day. Weekdays cannot be the reason: in 400 years each date falls on every one of them.
    var isImpossible: Bool { weekdays == 0 || masks.allSatisfy { $0 == 0 } }

    // MARK: Days, counted from 1970-01-01

    func contains(day: Int) -> Bool {
        guard weekdays & (1 << UInt8(CivilDate.weekday(ofDaysSinceEpoch: day))) != 0 else { return false }
        if isEveryDate { return true }
        let date = CivilDate(daysSinceEpoch: day)
        return mask(of: date.month, in: date.year) & (1 << UInt32(date.day - 1)) != 0
    }

    /// The first day of the pattern from `day` on, before `limit`.
    func first(from day: Int, before limit: Int) -> Int? {
        guard day < limit else { return nil }
        if isEveryDate {
            let ahead = days(fromWeekday: CivilDate.weekday(ofDaysSinceEpoch: day)).trailingZeroBitCount
            return day + ahead < limit ? day + ahead : nil
        }
        var month = Month(of: day)
        var set = days(in: month) & (UInt32.max << UInt32(day - month.firstDay))
        while set == 0 {
            month.advance()
            guard month.firstDay < limit else { return nil }
            set = days(in: month)
        }
        let found = month.firstDay + set.trailingZeroBitCount
        return found < limit ? found : nil
    }

    /// The last day of the pattern up to `day`, not before `limit`.
    func last(upTo day: Int, notBefore limit: Int) -> Int? {
        guard day >= limit else { return nil }
        var month = Month(of: day)
        var set = days(in: month) & (Self.everyDay >> UInt32(30 - (day - month.firstDay)))
        while set == 0 {
            guard month.firstDay > limit else { return nil }
            month.retreat()
            set = days(in: month)
        }
        let found = month.firstDay + 31 - set.leadingZeroBitCount
        return found >= limit ? found : nil
    }

    /// How many days of the pattern there are from `start` up to `end`, `end` not counted. One step a month.
    func count(from start: Int, before end: Int) -> Int {
        guard start < end else { return 0 }
        if isEveryDate {
            let (weeks, rest) = (end - start).quotientAndRemainder(dividingBy: 7)
            let partial = days(fromWeekday: CivilDate.weekday(ofDaysSinceEpoch: start)) & ((1 << UInt32(rest)) - 1)
            return weeks * weekdays.nonzeroBitCount + partial.nonzeroBitCount
        }
        var month = Month(of: start)
        var set = days(in: month) & (UInt32.max << UInt32(start - month.firstDay))
        var count = 0
        while month.firstDay + month.length < end {
            count += set.nonzeroBitCount
            month.advance()
            set = days(in: month)
        }
        return count + (set & (Self.everyDay >> UInt32(31 - (end - month.firstDay)))).nonzeroBitCount
    }

    private func mask(of month: Int, in year: Int) -> UInt32 {
        masks[month == 2 && CivilDate.isLeap(year) ? 12 : month - 1]
    }

    /// The weekdays of this pattern among 31 days, of which bit 0 falls on a weekday.
    private func days(fromWeekday weekday: Int) -> UInt32 {
        // The seven bits seven times over.
        let weeks = UInt64(weekdays) &* 0x0000_0408_1020_4081
        return UInt32(truncatingIfNeeded: weeks >> UInt64(weekday)) & Self.everyDay
    }

    private func days(in month: Month) -> UInt32 {
        mask(of: month.month, in: month.year)
            & days(fromWeekday: CivilDate.weekday(ofDaysSinceEpoch: month.firstDay))
    }

    /// A month that can go on to its neighbours.
    private struct Month {
        var year: Int
        var month: Int
        var firstDay: Int
        var length: Int

        init(of day: Int) {
            let date = CivilDate(daysSinceEpoch: day)
            year = date.year
            month = date.month
            firstDay = day - (date.day - 1)
            length = CivilDate.length(ofMonth: month, in: year)
        }

        mutating func advance() {
            firstDay += length
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
            length = CivilDate.length(ofMonth: month, in: year)
        }

        mutating func retreat() {
            (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1)
            length = CivilDate.length(ofMonth: month, in: year)
            firstDay -= length
        }
    }
}
