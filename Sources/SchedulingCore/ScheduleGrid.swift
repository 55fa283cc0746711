// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// The instants of a schedule that are fixed in advance: every so often, or by the calendar of a zone.
struct ScheduleGrid {
    enum Kind {
        /// Microseconds; the grid goes through `anchor`.
        case interval(Int64, anchor: WallTime)
        case calendar(CalendarSchedule, ZoneRules)
    }
    let kind: Kind

    /// How many instants lie in (start, end].
    func count(after start: WallTime, through end: WallTime) -> Int64 {
        guard start < end else { return 0 }
        switch kind {
        case .interval(let interval, let anchor): return steps(interval, anchor, end) - steps(interval, anchor, start)
        case .calendar(let calendar, let zone): return Int64(calendar.count(after: start, through: end, in: zone))
        }
    }

    /// The first instant after this one; nil: there is none before the year 10000.
    func next(after instant: WallTime) -> WallTime? {
        switch kind {
        case .interval(let interval, let anchor):
            return at(steps(interval, anchor, instant) + 1, interval, anchor)
        case .calendar(let calendar, let zone): return calendar.next(after: instant, in: zone)
        }
    }

    /// The `number`-th newest instant at or before this one; the newest is number 1.
    func newest(_ number: Int64, through instant: WallTime) -> WallTime? {
        switch kind {
        case .interval(let interval, let anchor):
            return at(steps(interval, anchor, instant) + 1 - number, interval, anchor)
        case .calendar(let calendar, let zone):
            var found = calendar.previous(atOrBefore: instant, in: zone)
            for _ in 1..<max(1, number) {
                found = found.flatMap {
                    calendar.previous(atOrBefore: $0.advanced(by: .microseconds(-1)), in: zone)
                }
            }
            return found
        }
    }

    /// Whole intervals from the anchor to an instant, rounded towards the past.
    private func steps(_ interval: Int64, _ anchor: WallTime, _ instant: WallTime) -> Int64 {
        let distance = anchor.distance(to: instant).clampedMicroseconds
        return distance / interval - (distance % interval < 0 ? 1 : 0)
    }

    private func at(_ step: Int64, _ interval: Int64, _ anchor: WallTime) -> WallTime {
        let (span, overflow) = step.multipliedReportingOverflow(by: interval)
        return anchor.advanced(by: .microseconds(overflow ? (step < 0 ? .min : .max) : span))
    }
}
