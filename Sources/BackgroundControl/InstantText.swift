// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation

/// Instants as people and programs read them.
package struct InstantText: Sendable {
    package let now: WallTime
    private let calendar: Calendar
    private let zone: TimeZone

    package init(now: WallTime, zone: TimeZone) {
        self.now = now
        self.zone = zone
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        self.calendar = calendar
    }

    /// "2026-11-21T14:03:20.125Z": UTC, as in JSON.
    package static func machine(_ instant: WallTime) -> String {
        date(instant).formatted(
            Date.ISO8601FormatStyle(includingFractionalSeconds: true, timeZone: .gmt))
    }

    /// Within the years that can be written with four digits.
    static func date(_ instant: WallTime) -> Date {
        let furthest: Int64 = 253_402_300_799_000_000
        return Date(timeIntervalSince1970: Double(min(max(instant.microseconds, 0), furthest)) / 1_000_000)
    }

    /// The clock alone for today, with the day otherwise: "14:03:20", "Sat 14:03", "21 Nov 14:03", "21 Nov 2027".
    package func clock(_ instant: WallTime) -> String {
        let date = InstantText.date(instant)
        let today = InstantText.date(now)
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let hour = InstantText.two(parts.hour) + ":" + InstantText.two(parts.minute)
        if calendar.isDate(date, inSameDayAs: today) { return hour + ":" + InstantText.two(parts.second) }
        let distance = abs(date.timeIntervalSince(today))
        let day = "\(parts.day ?? 0) " + InstantText.months[((parts.month ?? 1) - 1) % 12]
        switch distance {
        case ..<(6 * 86_400): return InstantText.weekday(calendar, date) + " " + hour
        case ..<(300 * 86_400): return day + " " + hour
        default: return day + " \(parts.year ?? 0)"
        }
    }

    /// "in 12 min (14:32:00)", "3 h ago (11:20:05)", "now".
    package func near(_ instant: WallTime) -> String {
        let distance = now.distance(to: instant)
        if abs(distance.components.seconds) < 1 { return "now" }
        return distance > .zero
            ? "in " + DurationText.rough(distance) + " (" + clock(instant) + ")"
            : DurationText.rough(.zero - distance) + " ago (" + clock(instant) + ")"
    }

    /// What the clock reads now.
    package var present: String { clock(now) }

    /// The whole of it, with the zone: "2026-11-21 14:03:20 CET".
    package func whole(_ instant: WallTime) -> String {
        let date = InstantText.date(instant)
        let parts = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        let day = "\(parts.year ?? 0)-" + InstantText.two(parts.month) + "-" + InstantText.two(parts.day)
        let clock = [parts.hour, parts.minute, parts.second].map(InstantText.two).joined(separator: ":")
        return day + " " + clock + " " + (zone.abbreviation(for: date) ?? zone.identifier)
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]

    private static func weekday(_ calendar: Calendar, _ date: Date) -> String {
        weekdays[(calendar.component(.weekday, from: date) - 1) % 7]
    }

    private static func two(_ number: Int?) -> String {
        let number = number ?? 0
        return number < 10 ? "0\(number)" : "\(number)"
    }
}
