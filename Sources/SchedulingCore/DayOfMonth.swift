// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A day of a month, counted from its beginning or from its end.
public struct DayOfMonth: Hashable, Sendable, CustomStringConvertible {
    /// 1 is the first day; nil when counted from the end.
    let fromStart: Int?
    /// 0 is the last day; nil when counted from the beginning.
    let fromEnd: Int?

    /// The day of that number, 1 to 31. Months that do not have it are passed over; see `last` for their last day.
    public static func day(_ number: Int) -> DayOfMonth { DayOfMonth(fromStart: number, fromEnd: nil) }

    /// The last day of the month, the 28th to the 31st.
    public static let last = beforeLast(0)

    /// So many days before the last one, 0 to 30: `.beforeLast(1)` is the last day but one.
    public static func beforeLast(_ days: Int) -> DayOfMonth { DayOfMonth(fromStart: nil, fromEnd: days) }

    /// For people: "day 15", "last day", "2 before the last day".
    public var description: String {
        if let fromStart { return "day \(fromStart)" }
        let before = fromEnd ?? 0
        return before == 0 ? "last day" : "\(before) before the last day"
    }
}
