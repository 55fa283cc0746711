// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What the host announces to those who hold work.
package enum HostEvent: Hashable, Sendable {
    /// The host is about to sleep; it waits for our lock, at most the given time.
    case willSleep(grace: Duration)
    /// It is awake again, or the shutdown was called off.
    case didWake
    /// The host is about to shut down; it waits for our lock, at most the given time.
    case willShutDown(grace: Duration)
    /// This process was asked to stop (SIGTERM).
    case stopRequested
}

/// The host's announcements, and the locks that hold it back.
package protocol HostPort: Sendable {
    /// Starts to listen, and says what was announced already before that. `onEvent` is called on one queue, in order.
    func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent]

    /// Takes the locks that delay sleep and shutdown, for the reason `why`; one set at a time. Returns what could not be
    /// had, for people, or nil. Without a lock the work goes on, unprotected.
    func holdLocks(why: String) -> String?

    /// Lets the locks go. Without effect if none are held.
    func releaseLocks()

    /// Tells the service manager what is being done (`STATUS=`), and asks it for at least that much more time
    /// (`EXTEND_TIMEOUT_USEC`) when given. Without a service manager, nothing.
    func notify(status: String, extendBy: Duration?)

    /// Tells the service manager that this launch reached us (`READY=1`).
    func notifyReady()
}

/// How this process was started.
package enum LaunchContext: Hashable, Sendable {
    /// By a person or by another program.
    case ordinary
    /// By systemd for the app's tasks; the instance is the part of the unit's name between `@` and `.service`.
    case background(instance: String)
}
