// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// When a task recurs: on a fixed grid of instants, by the calendar, or each time so long after the last run.
///
/// One run of it is pending at a time. The next instant is counted from the scheduled instant of the run before, never from
/// when that run happened to start, so a late run does not shift the grid.
public struct TaskSchedule: Hashable, Sendable, Codable, CustomStringConvertible {
    package enum Rule: Hashable, Sendable, Codable {
        /// Microseconds between the instants of the grid.
        case every(Int64)
        /// Microseconds between the end of a run and the next.
        case after(Int64)
        /// In this zone of the tz database; nil is the system's.
        case calendar(CalendarSchedule, zone: String?)
    }
    package let rule: Rule
    /// Microseconds by which a run may come later than its instant, to share a wake-up.
    package let flex: Int64

    /// Every so often, on a grid that begins at the request's earliest date (or now, without one).
    ///
    /// `flex`: how much later than its instant a run may come. Within this window it runs as soon as the program is up for
    /// something else, at the window's end it runs anyway: fewer wake-ups for the same work. At least a second and at most
    /// 100 years; a flex that is longer than the interval is refused by `submit`.
    public static func every(_ interval: Duration, flex: Duration = .zero) -> TaskSchedule {
        TaskSchedule(rule: .every(interval.clampedMicroseconds), flex: flex.clampedMicroseconds)
    }

    /// Each time so long after the end of the run before; the first at the request's earliest date, or now.
    ///
    /// `flex` as for `every`.
    public static func after(_ delay: Duration, flex: Duration = .zero) -> TaskSchedule {
        TaskSchedule(rule: .after(delay.clampedMicroseconds), flex: flex.clampedMicroseconds)
    }

    /// At times of day on days of the calendar, in a time zone ("Europe/Warsaw"); nil is the system's, also when that
    /// changes.
    ///
    /// A time that clocks skip runs once, when they would have shown it; a time that they show twice runs the first time,
    /// or both times for a schedule of every hour. `flex` as for `every`, at most a day. A zone that the system does not
    /// know is refused by `submit`.
    public static func calendar(
        _ calendar: CalendarSchedule, timeZone: String? = nil, flex: Duration = .zero
    ) -> TaskSchedule {
        TaskSchedule(rule: .calendar(calendar, zone: timeZone), flex: flex.clampedMicroseconds)
    }

    /// A few words for people.
    public var description: String {
        let window = flex > 0 ? ", within \(Duration.microseconds(flex).spoken)" : ""
        switch rule {
        case .every(let interval): return "every \(Duration.microseconds(interval).spoken)\(window)"
        case .after(let delay): return "\(Duration.microseconds(delay).spoken) after each run\(window)"
        case .calendar(let calendar, let zone): return "\(calendar) in \(zone ?? "the system's time zone")\(window)"
        }
    }

    /// Whether the next instant is counted from the scheduled one, and not from the end of a run.
    package var isGrid: Bool { if case .after = rule { false } else { true } }

    /// Whether it moves with the system's time zone.
    package var isLocal: Bool { if case .calendar(_, nil) = rule { true } else { false } }

    private static let longest: Int64 = 100 * 366 * 86_400 * 1_000_000

    package func validate() throws(SchedulingFailure) {
        switch rule {
        case .every(let length), .after(let length):
            guard (1_000_000...Self.longest).contains(length) else {
                throw .impossible("schedule", description, "Use an interval from one second to 100 years.")
            }
            guard (0...length).contains(flex) else {
                throw .impossible("schedule", description, "Use a flex from zero up to the interval.")
            }
        case .calendar:
            guard (0...86_400_000_000).contains(flex) else {
                throw .impossible("schedule", description, "Use a flex from zero to a day.")
            }
        }
    }
}
