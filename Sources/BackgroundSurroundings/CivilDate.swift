// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A day of the Gregorian calendar, which is taken to have been in use for ever.
package struct CivilDate: Hashable, Sendable {
    package var year: Int
    /// 1 to 12.
    package var month: Int
    /// 1 to 31.
    package var day: Int

    package init(year: Int, month: Int, day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// After so many days the calendar repeats, weekdays included: 400 years.
    package static let daysInCycle = 146_097

    /// The day that lies so many days after 1970-01-01.
    ///
    /// Years are taken to begin in March, so that the leap day is the last of its year; then each step is a division
    /// within one cycle of 400 years.
    package init(daysSinceEpoch: Int) {
        let shifted = daysSinceEpoch + 719_468  // from 0000-03-01
        let cycle = shifted.flooredQuotient(by: Self.daysInCycle)
        let dayOfCycle = shifted - cycle * Self.daysInCycle
        let yearOfCycle = (dayOfCycle - dayOfCycle / 1460 + dayOfCycle / 36_524 - dayOfCycle / 146_096) / 365
        let dayOfYear = dayOfCycle - (365 * yearOfCycle + yearOfCycle / 4 - yearOfCycle / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
    }

    /// How many days it lies after 1970-01-01.
    package var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let cycle = shiftedYear.flooredQuotient(by: 400)
        let yearOfCycle = shiftedYear - cycle * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfCycle = yearOfCycle * 365 + yearOfCycle / 4 - yearOfCycle / 100 + dayOfYear
        return cycle * Self.daysInCycle + dayOfCycle - 719_468
    }

    package static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// How many days a month has.
    package static func length(ofMonth month: Int, in year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The weekday of a day that lies so many days after 1970-01-01: 0 is Monday, 6 is Sunday.
    package static func weekday(ofDaysSinceEpoch days: Int) -> Int { (days + 3).flooredRemainder(by: 7) }
}

extension BinaryInteger {
    /// The quotient, rounded towards the past: what lies before 1970 is divided as what lies after.
    package func flooredQuotient(by divisor: Self) -> Self {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }

    /// What `flooredQuotient(by:)` leaves: from 0 up to the divisor.
    package func flooredRemainder(by divisor: Self) -> Self {
        let rest = self % divisor
        return rest < 0 ? rest + divisor : rest
    }
}
