// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// One reading of the three clocks, taken together.
///
/// - `wall`: civil time; can be stepped (CLOCK_REALTIME, clock_gettime(2)).
/// - `boot`: microseconds since boot, sleep included (CLOCK_BOOTTIME).
/// - `awake`: microseconds since boot without sleep (CLOCK_MONOTONIC). Budgets and graces are measured on it, so that
///   a host that slept has not used up its tasks' time.
package struct Moment: Hashable, Sendable {
    package var wall: WallTime
    package var boot: Int64
    package var awake: Int64

    package init(wall: WallTime, boot: Int64, awake: Int64) {
        self.wall = wall
        self.boot = boot
        self.awake = awake
    }

    /// The reading of the awake clock after a duration; it stops at the end instead of overflowing.
    package func awake(after duration: Duration) -> Int64 {
        let (sum, overflow) = awake.addingReportingOverflow(duration.clampedMicroseconds)
        return overflow ? (duration < .zero ? .min : .max) : sum
    }
}

/// Reads the clocks and calls back at an instant.
package protocol TimeSource: Sendable {
    func now() -> Moment

    /// An alarm that is not set yet. `action` runs on a thread of the source's choosing, once for each setting.
    func makeAlarm(_ action: @escaping @Sendable () -> Void) -> any Alarm

    /// Calls `onSet` after somebody has set the wall clock, until the returned token is let go. Nil: nobody can tell.
    func watchSettings(_ onSet: @escaping @Sendable () -> Void) -> (any Sendable & AnyObject)?
}

/// One resettable alarm of a `TimeSource`.
package protocol Alarm: Sendable {
    /// Replaces what was set: goes off when the wall clock reads `wall` or the awake clock reads `awake` (microseconds),
    /// whichever comes first. Both nil: never. A wall instant follows every step of the wall clock.
    func set(wall: WallTime?, awake: Int64?)

    /// Whether the action is called on a thread that serves this alarm only, so that it may be kept (`replaceThread`).
    var hasOwnThread: Bool { get }
    /// Has that thread at hand before anything is set: to make one takes longer than to wake it.
    func prepareThread()
    /// Has it go off now, with its thread as the next one on this processor.
    func goOff(at now: Moment)
    /// Gives the alarm another thread: the one that is in the action stays there for long.
    func replaceThread()

    /// Has `action` called a moment before a wall instant that was set, so that what follows at the instant finds all it needs
    /// at hand: best effort, on the thread of the alarm's own action, which waits for it. It may be left out, or called for an
    /// instant at which the alarm does not go off.
    func whenNear(_ action: @escaping @Sendable () -> Void)
}

extension Alarm {
    package var hasOwnThread: Bool { false }
    package func prepareThread() {}
    package func goOff(at now: Moment) { set(wall: nil, awake: now.awake) }
    package func replaceThread() {}
    package func whenNear(_ action: @escaping @Sendable () -> Void) {}
}

extension TimeSource {
    package func watchSettings(_ onSet: @escaping @Sendable () -> Void) -> (any Sendable & AnyObject)? { nil }
}
