// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc

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

/// Where the service manager of a scope listens, and who must be behind it.
package struct ManagerAddress: Hashable, Sendable {
    package let scope: SystemdScope
    package let uid: UInt32
    /// The manager's own socket, as `systemctl` uses it: it needs no D-Bus daemon.
    package let privateSocket: String

    package init(scope: SystemdScope, environment: [String: String], uid: UInt32) {
        self.scope = scope
        self.uid = uid
        switch scope {
        case .system: privateSocket = "/run/systemd/private"
        case .user:
            let runtime = environment["XDG_RUNTIME_DIR"].flatMap { $0.hasPrefix("/") ? $0 : nil }
            privateSocket = (runtime ?? "/run/user/\(uid)") + "/systemd/private"
        }
    }

    /// This process's own address for a scope.
    package static func ofThisProcess(_ scope: SystemdScope) -> ManagerAddress {
        var environment: [String: String] = [:]
        if let runtime = getenv("XDG_RUNTIME_DIR") { environment["XDG_RUNTIME_DIR"] = String(cString: runtime) }
        return ManagerAddress(scope: scope, environment: environment, uid: geteuid())
    }

    /// The user that the manager runs as, or root.
    var trusted: Set<UInt32> { [uid, 0] }

    /// "the user manager of uid 1000 (/run/user/1000/systemd/private)".
    package var description: String {
        switch scope {
        case .user: "the user manager of uid \(uid) (\(privateSocket))"
        case .system: "the system manager (\(privateSocket))"
        }
    }

    /// The identity of the listening socket, which a new manager makes anew; nil without one.
    package var socketIdentity: String? {
        var about = stat()
        guard stat(privateSocket, &about) == 0 else { return nil }
        return "\(about.st_dev):\(about.st_ino):\(about.st_ctim.tv_sec).\(about.st_ctim.tv_nsec)"
    }
}

#endif
