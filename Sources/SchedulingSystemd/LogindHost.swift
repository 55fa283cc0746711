// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import SchedulingCore

/// The host's announcements and delay locks, from logind over the system bus.
package final class LogindHost: HostPort {
    private let appIdentifier: String
    private let notifier: ServiceNotifier

    package init(appIdentifier: String, notifier: ServiceNotifier) {
        self.appIdentifier = appIdentifier
        self.notifier = notifier
    }

    package func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent] { [] }
    package func holdLocks(why: String) -> String? { nil }
    package func releaseLocks() {}
    package func notify(status: String, extendBy: Duration?) {}
    package func notifyReady() {}

    /// Whether logind sees external power; nil without logind.
    package func onExternalPower() -> Bool? { nil }
}

#endif
