// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import Foundation
import SchedulingCore

extension CalendarSchedule {
    /// The next dates at which the schedule comes, for people to look at: what a request with it would do.
    ///
    /// ```swift
    /// try CalendarSchedule("Mon..Fri 09:00").dates(after: Date(), count: 5, timeZone: "Europe/Warsaw")
    /// ```
    ///
    /// - Parameters:
    ///   - date: They are later than this.
    ///   - count: At most so many; fewer only near the year 9999.
    ///   - timeZone: A name of the tz database; nil is the system's zone.
    /// - Throws: `SchedulingFailure` with the code `timeZoneUnusable`, or `invalidArgument` for a date that is no number.
    public func dates(
        after date: Date, count: Int = 1, timeZone: String? = nil
    ) throws(SchedulingFailure) -> [Date] {
        let zone = try SystemZones.shared.schedulingRules(for: timeZone)
        let seconds = date.timeIntervalSince1970
        guard seconds.isFinite, abs(seconds) < 1e12 else {
            throw SchedulingFailure(
                .invalidArgument, doing: "find the dates after", subject: "\(seconds)",
                cause: "the date is out of range",
                remedy: "Use a date between the years 1 and 9999.")
        }
        // Rounded down, so that a schedule's date just after it is not passed over.
        var last = WallTime(microseconds: Int64((seconds * 1_000_000).rounded(.down)))
        var dates: [Date] = []
        while dates.count < count, let next = next(after: last, in: zone) {
            dates.append(Date(next))
            last = next
        }
        return dates
    }
}
