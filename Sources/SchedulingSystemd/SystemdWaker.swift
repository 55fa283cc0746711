// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import SchedulingCore

/// Wakes the app through transient systemd timers that start its template service.
package final class SystemdWaker: Waker {
    private let specification: ServiceSpecification
    private let scope: SystemdScope

    /// Throws `.invalidArgument` for an app id, path or variable that cannot be in a unit. Touches nothing outside.
    package init(specification: ServiceSpecification, scope: SystemdScope) throws(SchedulingFailure) {
        self.specification = specification
        self.scope = scope
    }

    /// Which manager would start this process's app. Connects once, and disconnects.
    package static func detect(environment: [String: String], uid: UInt32) -> SystemdDetection {
        .unusable(reason: "not built yet")
    }

    package func backend() -> Backend { Backend(kind: .systemd, reason: "") }
    package func generation() -> String { "" }
    package func prepare() throws(SchedulingFailure) {}
    package func arm(at instant: WallTime, now: Moment) throws(SchedulingFailure) -> ArmedWakeup {
        ArmedWakeup(name: "", instant: instant, generation: "")
    }
    package func disarm(_ name: String) {}
    package func disarmAll(except kept: String?) {}
    package func isArmed(_ name: String) -> Bool { false }

    /// Asks logind to keep this user's manager running without a login. Nobody calls it by itself.
    package func enableLingering() throws(SchedulingFailure) {}
}

#endif
