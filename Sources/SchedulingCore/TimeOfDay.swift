// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A time as a clock on the wall shows it, to the second: 00:00:00 to 23:59:59.
public struct TimeOfDay: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 0 to 23.
    public let hour: Int
    /// 0 to 59.
    public let minute: Int
    /// 0 to 59.
    public let second: Int

    /// A time of day: `TimeOfDay(9, 30)` is half past nine in the morning.
    ///
    /// - Throws: `SchedulingFailure` with the code `invalidArgument` for a time that no clock shows, such as 24:00.
    public init(_ hour: Int, _ minute: Int = 0, _ second: Int = 0) throws(SchedulingFailure) {
        let cause: String
        if !(0...23).contains(hour) {
            cause = "the hour is not between 0 and 23"
        } else if !(0...59).contains(minute) {
            cause = "the minute is not between 0 and 59"
        } else if !(0...59).contains(second) {
            cause = "the second is not between 0 and 59"
        } else {
            self.hour = hour
            self.minute = minute
            self.second = second
            return
        }
        throw SchedulingFailure(
            .invalidArgument, doing: "use the time of day", subject: "\(hour):\(minute):\(second)", cause: cause,
            remedy: "Use a time from 0:00:00 to 23:59:59; the end of a day is the beginning of the next one.")
    }

    private init(secondOfDay: Int) {
        hour = secondOfDay / 3600
        minute = secondOfDay / 60 % 60
        second = secondOfDay % 60
    }

    /// 00:00:00.
    public static let midnight = TimeOfDay(secondOfDay: 0)
    /// 12:00:00.
    public static let noon = TimeOfDay(secondOfDay: 43_200)

    /// 0 to 86,399.
    package var secondOfDay: Int { hour * 3600 + minute * 60 + second }

    /// Whether the left time comes first in a day.
    public static func < (left: TimeOfDay, right: TimeOfDay) -> Bool { left.secondOfDay < right.secondOfDay }

    /// "09:30:00".
    public var description: String { "\(hour.twoDigits):\(minute.twoDigits):\(second.twoDigits)" }
}

extension Int {
    /// "07".
    var twoDigits: String { self < 10 && self >= 0 ? "0\(self)" : "\(self)" }
}
