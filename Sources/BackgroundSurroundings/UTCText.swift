// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Instants in UTC as people and systemd's calendar expressions write them (systemd.time(7)).
package enum UTCText {
    /// `2026-11-21 09:56:37.000123 UTC`. Never local time: its expressions skip and repeat hours.
    package static func calendar(_ instant: WallTime) -> String {
        let (days, rest) = floorDivide(instant.microseconds, 86_400_000_000)
        let (year, month, day) = date(daysSince1970: days)
        let seconds = rest / 1_000_000
        return pad(year, 4) + "-" + pad(month, 2) + "-" + pad(day, 2) + " " + pad(seconds / 3600, 2) + ":"
            + pad(seconds / 60 % 60, 2) + ":" + pad(seconds % 60, 2) + "." + pad(rest % 1_000_000, 6) + " UTC"
    }

    /// `2026-11-21 09:56:37 UTC`, for people.
    package static func seconds(_ instant: WallTime) -> String {
        let text = calendar(instant)
        return String(text.prefix(max(0, text.utf8.count - 11))) + " UTC"
    }

    /// The proleptic Gregorian date. Years are counted from March, so that the leap day is a year's last, and in eras
    /// of 400 years, which all have 146,097 days.
    private static func date(daysSince1970 days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1)
    }

    private static func floorDivide(_ number: Int64, _ divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    private static func pad(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}
