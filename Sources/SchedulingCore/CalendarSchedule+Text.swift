// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

extension CalendarSchedule: CustomStringConvertible, Codable {
    /// A schedule from text, in a part of the syntax of systemd.time(7), "Calendar Events".
    ///
    /// ```
    /// Mon..Fri *-*-* 09:00:00          on weekdays at nine
    /// *-*~01 03:00                     on the last day of each month
    /// Mon *-*-1..7 08:00               on the first Monday of each month
    /// *-03,09-15 12:00                 on 15 March and 15 September
    /// *:0/15                           every quarter of an hour
    /// *-*-01 *-*~01 09:00 17:30        on the first and the last day of each month, twice
    /// ```
    ///
    /// Weekdays, dates and times, in this order; what is left out is every weekday, every day, midnight.
    ///
    /// - Weekdays: English names or their first three letters, in lists (`Mon,Thu`) and ranges (`Mon..Fri`).
    /// - Dates: `*-months-days`, or `months-days`. With `~` before the days they are counted from the month's end, `01`
    ///   being the last. The year is always `*`.
    /// - Times: `hours:minutes` or `hours:minutes:seconds`, no fractions.
    /// - A field is `*`, or a list of numbers, ranges (`9..17`) and steps (`0/15`, `9..17/2`).
    /// - `minutely`, `hourly`, `daily`, `weekly`, `monthly`, `quarterly`, `semiannually` and `yearly` stand alone.
    ///
    /// Beyond systemd, there may be several dates and several times, separated by blanks; each date has each time. Days
    /// from the end go up to 31. A time zone is not part of the text.
    ///
    /// - Throws: `SchedulingFailure` with the code `invalidArgument`, and in a sentence what is wrong.
    public init(_ text: String) throws(SchedulingFailure) {
        let parts = try CalendarText(text)
        try self.init(dates: parts.dates, times: parts.times, named: text)
    }

    /// The schedule as text, from which the same schedule can be made: "Mon..Fri *-*-* 09:00:00".
    public var description: String {
        var words: [String] = []
        if dates.weekdays != DatePattern.everyWeekday { words.append(weekdaysText) }
        for isFromEnd in [false, true] { words += datesText(isFromEnd: isFromEnd) }
        words += timesText
        return words.joined(separator: " ")
    }

    /// From its text.
    public init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    /// As its text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }

    private var weekdaysText: String {
        let days = Weekday.allCases.filter { dates.weekdays & (1 << UInt8($0.rawValue - 1)) != 0 }
        return Self.runs(of: days.map(\.rawValue)).map { run in
            let names = days.filter { run.contains($0.rawValue) }.map(\.shortName)
            return run.count > 2 ? "\(names[0])..\(names[names.count - 1])" : names.joined(separator: ",")
        }.joined(separator: ",")
    }

    /// One word for all months that have the same days.
    private func datesText(isFromEnd: Bool) -> [String] {
        let sets = isFromEnd ? dates.fromEnd : dates.fromStart
        var words: [String] = []
        var seen: Set<UInt32> = [0]
        for set in sets where seen.insert(set).inserted {
            let months = (1...12).filter { sets[$0 - 1] == set }
            let days =
                set == DatePattern.everyDay ? "*" : Self.list((1...31).filter { set & (1 << UInt32($0 - 1)) != 0 })
            words.append("*-\(months.count == 12 ? "*" : Self.list(months))\(isFromEnd ? "~" : "-")\(days)")
        }
        return words
    }

    /// One word if every hour has the same minutes and every minute the same seconds, else one for each time.
    private var timesText: [String] {
        let hours = Set(times.map { Int($0) / 3600 }).sorted()
        let minutes = Set(times.map { Int($0) / 60 % 60 }).sorted()
        let seconds = Set(times.map { Int($0) % 60 }).sorted()
        guard hours.count * minutes.count * seconds.count == times.count else {
            return times.map { time in
                "\((Int(time) / 3600).twoDigits):\((Int(time) / 60 % 60).twoDigits):\((Int(time) % 60).twoDigits)"
            }
        }
        let fields = [(hours, 24), (minutes, 60), (seconds, 60)].map { values, all in
            values.count == all ? "*" : Self.list(values)
        }
        return [fields.joined(separator: ":")]
    }

    /// "01,05..09".
    private static func list(_ values: [Int]) -> String {
        runs(of: values).map { run in
            run.count > 2
                ? "\(run.lowerBound.twoDigits)..\(run.upperBound.twoDigits)"
                : run.map(\.twoDigits).joined(separator: ",")
        }.joined(separator: ",")
    }

    /// Ascending numbers as ranges without a gap.
    private static func runs(of values: [Int]) -> [ClosedRange<Int>] {
        values.reduce(into: []) { runs, value in
            if let last = runs.last, last.upperBound + 1 == value {
                runs[runs.count - 1] = last.lowerBound...value
            } else {
                runs.append(value...value)
            }
        }
    }
}
