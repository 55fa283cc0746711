// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc
import SchedulingCore

/// Whether a user's manager, and with it the user's timers, lives without a login (loginctl(1), "enable-linger").
package enum Lingering {
    /// The sentence for a user without it; nil when it is on.
    package static func warning(uid: UInt32) -> String? {
        guard let name = userName(uid) else { return "uid \(uid) has no name, so lingering cannot be looked up" }
        guard access("/var/lib/systemd/linger/" + name, F_OK) != 0 else { return nil }
        return
            "lingering is off: nothing runs while \(name) is not logged in, nor after a reboot before the first login; "
            + "`loginctl enable-linger \(name)` turns it on"
    }

    /// Asks logind to turn it on, which polkit allows anybody for oneself. Nobody calls this without having been told to.
    package static func enable(uid: UInt32) throws(SchedulingFailure) {
        do throws(BusError) {
            let bus = try Bus(.systemBus, trusted: nil)
            _ = try bus.call(
                "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "SetUserLinger",
                [.uint32(uid), .bool(true), .bool(false)])
        } catch {
            throw error.failure(
                doing: "turn lingering on for uid", subject: String(uid),
                remedy: "Let an administrator run `loginctl enable-linger \(userName(uid) ?? String(uid))`.")
        }
    }

    /// Where the user's home is; nil for a uid without an entry.
    static func home(_ uid: UInt32) -> String? { entry(uid) { String(cString: $0.pw_dir) } }

    package static func userName(_ uid: UInt32) -> String? { entry(uid) { String(cString: $0.pw_name) } }

    private static func entry(_ uid: UInt32, _ read: (passwd) -> String?) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { buffer in
            var entry = passwd()
            var found: UnsafeMutablePointer<passwd>?
            guard let start = buffer.baseAddress, getpwuid_r(uid, &entry, start, buffer.count, &found) == 0, let found
            else { return nil }
            return read(found.pointee)
        }
    }
}

#endif
