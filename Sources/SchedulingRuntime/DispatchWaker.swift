// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

/// Where nothing can start the program: tasks run while this process lives, by its own timers, and what was missed runs
/// when it is started again.
package struct DispatchWaker: Waker {
    let reason: String

    package init(reason: String) { self.reason = reason }

    package func backend() -> Backend {
        Backend(
            kind: .dispatch, reason: reason, warnings: ["tasks run only while a process of the app lives"])
    }
    /// Nothing was ever recorded under it; an empty one is what a wake-up has that was stopped by hand.
    package func generation() -> String { "dispatch" }
    package func prepare() throws(SchedulingFailure) {}
    package func arm(at instant: WallTime, now: Moment) throws(SchedulingFailure) -> ArmedWakeup {
        throw SchedulingFailure(
            .noWakeup, doing: "arm a wake-up at", subject: "\(instant.microseconds)", cause: reason,
            remedy: "Tasks run while this process lives.")
    }
    package func disarm(_ name: String) {}
    package func disarmAll(except kept: String?) {}
    package func isLaunching(_ name: String) -> Bool { false }
    package func isArmed(_ name: String) -> Bool { true }
}

/// A host that announces nothing and has no locks.
package struct SilentHost: HostPort, InhibitorPort {
    package init() {}
    package func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent] { [] }
    package func inhibit(_ kinds: [Inhibition], why: String) -> InhibitorAnswer { InhibitorAnswer() }
    package func holdLocks(why: String) -> String? { nil }
    package func releaseLocks() {}
    package func notify(status: String, extendBy: Duration?) {}
    package func notifyReady() {}
}
