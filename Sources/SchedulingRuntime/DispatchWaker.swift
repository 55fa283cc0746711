// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

/// Where nothing can start the program: tasks run while this process lives, by its own timers, and what was missed runs
/// when it is started again.
struct DispatchWaker: Waker {
    let reason: String

    func backend() -> Backend {
        Backend(
            kind: .dispatch, reason: reason, warnings: ["tasks run only while a process of the app lives"])
    }
    func generation() -> String { "" }
    func prepare() throws(SchedulingFailure) {}
    func arm(at instant: WallTime, now: Moment) throws(SchedulingFailure) -> ArmedWakeup {
        throw SchedulingFailure(
            .noWakeup, doing: "arm a wake-up at", subject: "\(instant.microseconds)", cause: reason,
            remedy: "Tasks run while this process lives.")
    }
    func disarm(_ name: String) {}
    func disarmAll(except kept: String?) {}
    func isLaunching(_ name: String) -> Bool { false }
    func isArmed(_ name: String) -> Bool { true }
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
