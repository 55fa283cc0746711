// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Times by the calendar and the clock on the wall: "at 9:30 on weekdays", "at 3:00 on the last day of the month".
///
/// ```swift
/// try .daily(at: .init(9, 30), .init(17))
/// try .weekly(on: .monday, .thursday, at: .init(7))
/// try .monthly(on: .day(15), .last, at: .init(3)).only(in: .march, .june)
/// try .hourly(atMinutes: 0, 30)
/// try CalendarSchedule("Mon..Fri *-*-* 09:00:00")
/// ```
///
/// A schedule names no year and no time zone; it is read in the zone that the request names, by the rules that the
/// system has for it. Where clocks are changed:
///
/// - A time that is skipped runs once, at the instant at which clocks would have shown it: when they go from 02:00 to
///   03:00, the schedule of 02:30 runs at 03:30. If the schedule has that instant anyway, it stays one.
/// - A time that comes twice runs once, the first time. Only schedules that have a time in each of the 24 hours, as
///   `hourly` has, run both times, so that their distances stay even.
///
/// A schedule has at most 1,440 times a day, one for each minute on average. What cannot happen, such as 31 February,
/// is an error when the schedule is made.
public struct CalendarSchedule: Hashable, Sendable {
    /// A month of the year.
    public enum Month: Int, Hashable, Sendable, CaseIterable {
        case january = 1
        case february
        case march
        case april
        case may
        case june
        case july
        case august
        case september
        case october
        case november
        case december
    }

    /// The most times a day.
    public static let maximumTimesPerDay = 1440

    private(set) var dates: DatePattern
    /// Seconds of the day, ascending, at least one.
    let times: [Int32]
    /// It has a time in every hour, so a repeated hour counts twice.
    let isHourly: Bool

    init(dates: DatePattern, times: Set<Int32>, named text: String) throws(SchedulingFailure) {
        guard !times.isEmpty else {
            throw .schedule(text, "it has no time of day", "Name at least one time.")
        }
        guard times.count <= Self.maximumTimesPerDay else {
            throw .schedule(
                text, "it has \(times.count) times a day, and \(Self.maximumTimesPerDay) is the limit",
                "Name fewer times, or repeat after an interval instead.")
        }
        self.dates = dates
        self.times = times.sorted()
        isHourly = Set(self.times.map { $0 / 3600 }).count == 24
        try checkPossible(text)
    }

    private func checkPossible(_ text: String) throws(SchedulingFailure) {
        guard dates.weekdays != 0 else {
            throw .schedule(text, "it has no weekday", "Name at least one weekday.")
        }
        guard dates.isImpossible else { return }
        throw .schedule(
            text, "no year has such a day",
            "Name days that the months have; `.last` (in text `~01`) is the last day of any month.")
    }

    // MARK: In code

    /// Every day, once or several times.
    ///
    /// - Throws: `SchedulingFailure` with the code `invalidArgument` without a time, or with too many.
    public static func daily(at times: TimeOfDay...) throws(SchedulingFailure) -> CalendarSchedule {
        try daily(at: times)
    }

    /// Every day, at each of some times.
    public static func daily(at times: some Sequence<TimeOfDay>) throws(SchedulingFailure) -> CalendarSchedule {
        try CalendarSchedule(dates: .all, times: seconds(times), named: "daily")
    }

    /// On some days of each week.
    ///
    /// - Throws: `SchedulingFailure` with the code `invalidArgument` without a weekday or a time, or with too many times.
    public static func weekly(
        on weekdays: Weekday..., at times: TimeOfDay...
    ) throws(SchedulingFailure) -> CalendarSchedule {
        try weekly(on: weekdays, at: times)
    }

    /// On some days of each week, at each of some times.
    public static func weekly(
        on weekdays: some Sequence<Weekday>, at times: some Sequence<TimeOfDay>
    ) throws(SchedulingFailure) -> CalendarSchedule {
        var dates = DatePattern.all
        dates.weekdays = weekdays.reduce(0) { $0 | 1 << UInt8($1.rawValue - 1) }
        return try CalendarSchedule(dates: dates, times: seconds(times), named: "weekly")
    }

    /// On some days of each month. A month that does not have a day passes it over: `.day(31)` comes seven times a year.
    ///
    /// - Throws: `SchedulingFailure` with the code `invalidArgument` without a day or a time, for a day that no month
    ///   has, or with too many times.
    public static func monthly(
        on days: DayOfMonth..., at times: TimeOfDay...
    ) throws(SchedulingFailure) -> CalendarSchedule {
        try monthly(on: days, at: times)
    }

    /// On some days of each month, at each of some times.
    public static func monthly(
        on days: some Sequence<DayOfMonth>, at times: some Sequence<TimeOfDay>
    ) throws(SchedulingFailure) -> CalendarSchedule {
        var dates = DatePattern()
        var isEmpty = true
        for day in days {
            isEmpty = false
            // From 1 or from 0: compared before anything is taken off, as the numbers may be any.
            let isFromEnd = day.fromEnd != nil
            let number = day.fromEnd ?? day.fromStart ?? 0
            guard (isFromEnd ? 0...30 : 1...31).contains(number) else {
                throw .schedule(
                    "monthly", "no month has \(day)", "Count days from 1 to 31, and from the last one from 0 to 30.")
            }
            let bit = isFromEnd ? number : number - 1
            dates.insert(days: 1 << UInt32(bit), ofMonths: 0xFFF, fromEnd: isFromEnd)
        }
        guard !isEmpty else { throw .schedule("monthly", "it has no day", "Name at least one day of the month.") }
        return try CalendarSchedule(dates: dates, times: seconds(times), named: "monthly")
    }

    /// Every hour, at some minutes of it; also in an hour that clocks show twice.
    ///
    /// - Throws: `SchedulingFailure` with the code `invalidArgument` without a minute, or for one above 59.
    public static func hourly(atMinutes minutes: Int...) throws(SchedulingFailure) -> CalendarSchedule {
        try hourly(atMinutes: minutes)
    }

    /// Every hour, at each of some minutes.
    public static func hourly(
        atMinutes minutes: some Sequence<Int>
    ) throws(SchedulingFailure) -> CalendarSchedule {
        var times: Set<Int32> = []
        for minute in minutes {
            for hour in 0..<24 { times.insert(Int32(try TimeOfDay(hour, minute).secondOfDay)) }
        }
        return try CalendarSchedule(dates: .all, times: times, named: "hourly")
    }

    /// The same in some months only.
    ///
    /// - Throws: `SchedulingFailure` with the code `invalidArgument` if nothing is left, as of 31 January in February.
    public func only(in months: Month...) throws(SchedulingFailure) -> CalendarSchedule {
        try only(in: months)
    }

    /// The same in each of some months.
    public func only(in months: some Sequence<Month>) throws(SchedulingFailure) -> CalendarSchedule {
        var copy = self
        let kept = months.reduce(UInt16(0)) { $0 | 1 << UInt16($1.rawValue - 1) }
        guard kept != 0 else { throw .schedule(description, "it has no month", "Name at least one month.") }
        copy.dates.keep(months: kept)
        try copy.checkPossible(description)
        return copy
    }

    private static func seconds(_ times: some Sequence<TimeOfDay>) -> Set<Int32> {
        Set(times.map { Int32($0.secondOfDay) })
    }
}

extension DatePattern {
    /// Every day of every month.
    static let all: DatePattern = {
        var pattern = DatePattern()
        pattern.insert(days: everyDay, ofMonths: 0xFFF, fromEnd: false)
        return pattern
    }()
}

extension SchedulingFailure {
    /// A schedule that cannot be.
    static func schedule(_ text: String, _ cause: String, _ remedy: String) -> SchedulingFailure {
        SchedulingFailure(
            .invalidArgument, doing: "make the calendar schedule", subject: String(text.prefix(80)), cause: cause,
            remedy: remedy)
    }
}
