// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// One wake-up that was started and confirmed.
package struct ArmedWakeup: Hashable, Sendable {
    /// The timer's name, never used twice.
    package var name: String
    /// When it fires.
    package var instant: WallTime
    /// Who holds it: a restarted manager has forgotten it and has another generation.
    package var generation: String
    /// How much later than what is due it may lie, because a live runner acts first.
    package var slack: Duration

    package init(name: String, instant: WallTime, generation: String, slack: Duration = .zero) {
        self.name = name
        self.instant = instant
        self.generation = generation
        self.slack = slack
    }

    /// Whether this wake-up is early enough for work that is due at `due`.
    ///
    /// One that has fired counts too while its launch is under way (`isLaunching`): as long as it is recorded, that launch
    /// has not looked for the last time, and will see the work. Otherwise each of ten requests in a row that are due at
    /// once would start a process.
    package func covers(_ due: WallTime, now: WallTime, generation: String, isLaunching: Bool) -> Bool {
        self.generation == generation && (instant > now || isLaunching) && instant <= due.advanced(by: slack)
    }
}

/// Which adapter wakes the program, and why that one.
public struct Backend: Hashable, Sendable, CustomStringConvertible {
    /// The sort of adapter.
    public enum Kind: String, Hashable, Sendable {
        /// systemd starts the program when it is not running.
        case systemd
        /// Timers inside this process: nothing runs after it has ended.
        case dispatch
        /// A simulated host, in tests.
        case simulated
    }

    /// The sort of adapter.
    public let kind: Kind
    /// Why this one, for people.
    public let reason: String
    /// What could keep a task from running although it was accepted: lingering off, a masked unit. Empty when all is well.
    public let warnings: [String]

    package init(kind: Kind, reason: String, warnings: [String] = []) {
        self.kind = kind
        self.reason = reason
        self.warnings = warnings
    }

    /// One line with all of it.
    public var description: String {
        ([kind.rawValue + ": " + reason] + warnings).joined(separator: "; ")
    }
}

/// A waker that ends with its user's last session unless it is told to linger.
package protocol LingeringControl: Sendable {
    func enableLingering() throws(SchedulingFailure)
}

/// Wakes the program at an instant although it does not run.
///
/// Blocking calls, none longer than a few seconds. Calls are serialised by the runtime.
package protocol Waker: Sendable {
    /// Which adapter this is. Asked rarely; may look at the system.
    func backend() -> Backend

    /// Who would hold a timer that is armed now; cheap. Differs after the manager was restarted.
    func generation() -> String

    /// Makes sure that systemd knows how to start this program (unit file, enabled at login); called before the first
    /// `arm` of a process and at the end of every launch. Cheap when nothing is to be done.
    func prepare() throws(SchedulingFailure)

    /// What the last `prepare` found wrong and could not mend, for people; nil when all is well.
    func trouble() -> String?

    /// Starts a new wake-up, and returns when it is confirmed. An instant in the past fires at once.
    func arm(at instant: WallTime, now: Moment) throws(SchedulingFailure) -> ArmedWakeup

    /// Stops one wake-up by name; one that is gone is no error.
    func disarm(_ name: String)

    /// Stops every wake-up of this app except `kept` (nil: all of them, because nothing is pending any more; then the
    /// launch at login is disabled too).
    func disarmAll(except kept: String?)

    /// Whether the wake-up of this name has fired and the launch that it started is not over.
    func isLaunching(_ name: String) -> Bool

    /// Whether the wake-up of this name is still there and waiting to fire.
    func isArmed(_ name: String) -> Bool
}

extension Waker {
    package func trouble() -> String? { nil }
}
