// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

/// Which service manager starts the app.
package enum SystemdScope: String, Hashable, Sendable {
    /// The user's own manager.
    case user
    /// The system's manager; for uid 0.
    case system
}

/// Whether a systemd manager can be used here, and why (not).
package enum SystemdDetection: Hashable, Sendable {
    case usable(SystemdScope, reason: String)
    case unusable(reason: String)
}

#endif
