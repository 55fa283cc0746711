// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import CBackgroundSystemd
import Glibc
import SchedulingCore

/// What a D-Bus call failed with.
package struct BusError: Error, Hashable, Sendable {
    /// The error's D-Bus name; nil when the failure is on our side of the wire.
    package var name: String?
    package var message: String
    /// A positive errno, as sd-bus maps it (sd_bus_error(3)).
    package var number: Int32

    package init(name: String? = nil, message: String, number: Int32) {
        self.name = name
        self.message = message
        self.number = number
    }

    /// From what an sd-bus call returned: a negative errno.
    init(result: Int32, _ doing: String) {
        self.init(message: doing + ": " + BusError.text(of: -result), number: -result)
    }

    /// Whether the connection is gone (or belongs to the parent of a fork: ECHILD), so that a new one may help.
    package var isDisconnected: Bool {
        switch name {
        case "org.freedesktop.DBus.Error.NoReply": true  // the daemon says it when the other side left the bus
        case "org.freedesktop.DBus.Error.Disconnected": true
        case .some(let name) where !name.hasPrefix("System.Error."): false
        default: [ENOTCONN, ECONNRESET, EPIPE, ESHUTDOWN, ECONNABORTED, ECHILD, ENOBUFS].contains(number)
        }
    }

    /// Whether nobody answered in time.
    package var isTimeout: Bool { number == ETIMEDOUT }

    package var isUnitMissing: Bool {
        name == "org.freedesktop.systemd1.NoSuchUnit" || name == "org.freedesktop.systemd1.LoadFailed"
            || name == "org.freedesktop.DBus.Error.FileNotFound"
    }

    /// The cause, in words.
    package var cause: String {
        guard let name else { return message }
        return message.isEmpty ? name : message + " (" + name + ")"
    }

    package func failure(doing: String, subject: String, remedy: String) -> SchedulingFailure {
        SchedulingFailure(.busFailed, doing: doing, subject: subject, cause: cause, remedy: remedy)
    }

    static func text(of number: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            guard let start = buffer.baseAddress, strerror_r(number, start, 256) == 0 else { return "errno \(number)" }
            return String(cString: start)
        }
    }
}

#endif
