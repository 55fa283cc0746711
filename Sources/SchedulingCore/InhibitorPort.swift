// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What an activity keeps the host from.
package enum Inhibition: String, Hashable, Sendable, CaseIterable {
    /// Sleep waits for us, at most as long as the host's policy says.
    case sleep
    /// Shutdown waits for us, at most as long as the host's policy says.
    case shutdown
    /// The host does not go to sleep for want of anybody using it.
    case idle
}

/// A lock that is held until it is released, or until its last reference is gone.
package protocol HeldInhibitor: AnyObject, Sendable {
    func release()
}

/// What came of asking for locks.
package struct InhibitorAnswer: Sendable {
    /// The locks that were granted.
    package var held: [any HeldInhibitor]
    /// What was not, for people.
    package var refusals: [String]
    /// Whether somebody is there who says no: where nobody grants locks, nobody puts the host to sleep behind us either.
    package var wasDenied: Bool

    package init(held: [any HeldInhibitor] = [], refusals: [String] = [], wasDenied: Bool = false) {
        self.held = held
        self.refusals = refusals
        self.wasDenied = wasDenied
    }
}

/// Locks of one's own on the host, as many as one likes, beside the one set of `HostPort`.
package protocol InhibitorPort: Sendable {
    /// As `HostPort.listen`.
    func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent]

    /// Takes a lock of each kind. Blocks for a call each; what is refused is in the answer.
    func inhibit(_ kinds: [Inhibition], why: String) -> InhibitorAnswer
}
