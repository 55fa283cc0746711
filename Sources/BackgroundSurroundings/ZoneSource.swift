// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Knows the rules of time zones, and which one is this system's.
package protocol ZoneSource: Sendable {
    /// The rules of a zone of the tz database ("Europe/Warsaw"); nil is the system's own zone. May read a file.
    func rules(for identifier: String?) throws(ZoneFailure) -> ZoneRules

    /// A word that differs after the system's zone, or its rules, changed. Cheap: it looks at files, it reads none.
    func localIdentity() -> String

    /// Calls `onChange` when the system's zone may have changed, until the returned token is let go. Nil: it cannot be
    /// watched here, ask `localIdentity()` from time to time.
    func watch(_ onChange: @escaping @Sendable () -> Void) -> (any ZoneWatch)?
}

/// A running watch of a `ZoneSource`; it ends with its last reference, or by `stop()`.
package protocol ZoneWatch: AnyObject, Sendable {
    func stop()
}

/// Why the rules of a zone cannot be had.
package struct ZoneFailure: Error, Hashable, Sendable {
    /// The zone, as it was asked for, or a file.
    package let subject: String
    package let cause: String
    package let remedy: String

    package init(subject: String, cause: String, remedy: String) {
        self.subject = subject
        self.cause = cause
        self.remedy = remedy
    }
}
