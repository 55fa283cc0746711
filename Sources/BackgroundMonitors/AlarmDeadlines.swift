// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// What an alarm was set to and has not gone off for: decides whether a timer that fired is to be believed.
package struct AlarmDeadlines: Sendable {
    package private(set) var wall: WallTime?
    package private(set) var awake: Int64?

    package init() {}

    package mutating func set(wall: WallTime?, awake: Int64?) {
        self.wall = wall
        self.awake = awake
    }

    /// Whether the alarm goes off at `now`; true once for each setting.
    package mutating func take(at now: Moment) -> Bool {
        let wallReached = wall.map { $0 <= now.wall } ?? false
        let awakeReached = awake.map { $0 <= now.awake } ?? false
        guard wallReached || awakeReached else { return false }
        set(wall: nil, awake: nil)
        return true
    }

    /// How long before a wall deadline its alarm says that it is near, in microseconds: some times what a sleeping processor and
    /// a few reads of a database take, and short enough that nothing is cold again at the deadline.
    package static let lead: Int64 = 2_000

    package func isNear(at now: Moment) -> Bool {
        wall.map { $0 > now.wall && $0 <= now.wall.advanced(by: .microseconds(Self.lead)) } ?? false
    }

    /// What to set the wall timer to: the deadline, or, while that is not near, a moment before.
    package func wallTimer(leadingAt now: Moment) -> Int64? {
        guard let wall else { return nil }
        let instant = Self.timerInstant(wall.microseconds)
        let leads = wall > now.wall && !isNear(at: now)
        return leads ? Self.timerInstant(instant - Self.lead) : instant
    }

    /// The furthest instant a timer is set to, in microseconds of either clock: in the year 2096. Dispatch encodes an
    /// instant in 62 bits of nanoseconds; a timer that fires there looks at the true deadline and is set again.
    package static let furthest: Int64 = 4_000_000_000_000_000

    /// The instant to set a timer to for a deadline, in microseconds: never before 1 (0 means "now" to Dispatch and
    /// must not depend on it), never after `furthest`.
    package static func timerInstant(_ microseconds: Int64) -> Int64 {
        min(max(microseconds, 1), furthest)
    }
}
