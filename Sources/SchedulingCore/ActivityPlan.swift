// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// What a background activity was told: how often, how exactly, and whether again.
package struct ActivityPlan: Hashable, Sendable {
    package var interval: Duration
    package var tolerance: Duration
    package var repeats: Bool

    /// The shortest interval of a repeating activity: one of no time at all would run in a circle.
    package static let shortest = Duration.seconds(1)
    private static let longest = Duration.seconds(100 * 365 * 86_400)

    /// A plan with its times brought into what is possible: no tolerance reaches back before the last run.
    package init(interval: Duration, tolerance: Duration, repeats: Bool) {
        let least = repeats ? ActivityPlan.shortest : .zero
        self.interval = min(max(interval, least), ActivityPlan.longest)
        self.tolerance = min(max(tolerance, .zero), self.interval)
        self.repeats = repeats
    }

    /// When the activity may run, if the interval counts from `since`.
    func window(since: WallTime, at now: Moment) -> ActivityWindow {
        let nominal = since.advanced(by: interval)
        return ActivityWindow(
            since: since, opens: Deadline(nominal.advanced(by: .zero - tolerance), at: now),
            nominal: Deadline(nominal, at: now), closes: Deadline(nominal.advanced(by: tolerance), at: now))
    }

    /// When a deferred activity may run again: after a tenth of its interval, at most 15 minutes; on battery three such
    /// times later.
    func retryWindow(since: WallTime, at now: Moment) -> ActivityWindow {
        let pause = min(max(interval / 10, ActivityPlan.shortest), .seconds(15 * 60))
        let opens = Deadline(now.wall.advanced(by: pause), at: now)
        return ActivityWindow(
            since: since, opens: opens, nominal: opens, closes: Deadline(now.wall.advanced(by: pause * 4), at: now))
    }
}

/// An instant on two clocks; whichever reaches it first counts, so that no step of the wall clock makes anybody wait.
struct Deadline: Hashable, Sendable {
    let wall: WallTime
    let awake: Int64

    init(_ wall: WallTime, at now: Moment) {
        self.wall = wall
        let distance = max(0, now.wall.distance(to: wall).clampedMicroseconds)
        awake = now.awake.addingReportingOverflow(distance).overflow ? .max : now.awake + distance
    }

    func isReached(at now: Moment) -> Bool { now.wall >= wall || now.awake >= awake }
}

/// The time in which one run of an activity belongs.
struct ActivityWindow: Hashable, Sendable {
    /// From when its interval counts: what the store has, and what a claim names.
    var since: WallTime
    var opens: Deadline
    var nominal: Deadline
    var closes: Deadline
}
