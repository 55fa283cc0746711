// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What a clock on the wall shows, without saying in which zone: seconds since 1970-01-01 00:00:00 as it counts them.
package struct LocalReading: Hashable, Comparable, Sendable {
    package static let secondsInDay: Int64 = 86_400

    package var seconds: Int64

    package init(seconds: Int64) { self.seconds = seconds }

    package init(day: Int, secondOfDay: Int64) {
        seconds = Int64(day) * Self.secondsInDay + secondOfDay
    }

    /// The day, counted from 1970-01-01.
    package var day: Int { Int(seconds.flooredQuotient(by: Self.secondsInDay)) }

    /// 0 up to 86,400.
    package var secondOfDay: Int64 { seconds.flooredRemainder(by: Self.secondsInDay) }

    package static func < (left: LocalReading, right: LocalReading) -> Bool { left.seconds < right.seconds }
}

/// The instants at which a zone's clocks show one reading.
package enum LocalInstants: Hashable, Sendable {
    /// The usual case.
    case one(WallTime)
    /// Clocks were set back and show it twice.
    case two(first: WallTime, second: WallTime)
    /// Clocks were set forward over it. The instant is the one at which they would have shown it, had they not been.
    case skipped(shifted: WallTime)
}
