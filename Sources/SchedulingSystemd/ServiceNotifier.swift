// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import Glibc

/// Speaks to the service manager that started this process (sd_notify(3)); silent without one.
///
/// Not libsystemd's own `sd_notify`: it reads `NOTIFY_SOCKET` at every call, and we take that out of the environment at
/// once, so that no child speaks in our name.
package struct ServiceNotifier: Hashable, Sendable {
    /// The socket from `NOTIFY_SOCKET`, a path or `@` with an abstract name; nil: nobody listens.
    package let socket: String?

    package init(socket: String?) { self.socket = socket }

    /// Tells what is being done, on one line.
    package func tell(status: String, extendBy: Duration?) {
        send(ServiceNotifier.lines(status: status, extendBy: extendBy))
    }

    /// Tells that this launch reached us.
    package func tellReady() { send("READY=1") }

    /// Sends lines like `READY=1`; says whether the manager's socket took them. Waits a second at the most.
    @discardableResult
    package func send(_ lines: String) -> Bool {
        guard let socket, var address = ServiceNotifier.address(socket) else { return false }
        let opened = Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard opened >= 0 else { return false }
        let descriptor = OwnedDescriptor(opened)
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(descriptor.number, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let bytes = Array(lines.utf8)
        // The exact length: it is part of an abstract name (unix(7), "Address format").
        let length = socklen_t(MemoryLayout<sa_family_t>.size + socket.utf8.count)
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                var sent: Int
                repeat {
                    sent = sendto(descriptor.number, bytes, bytes.count, Int32(MSG_NOSIGNAL), address, length)
                } while sent < 0 && errno == EINTR
                return sent == bytes.count
            }
        }
    }

    package static func lines(status: String, extendBy: Duration?) -> String {
        let line = "STATUS=" + String(status.map { $0.isNewline ? " " : $0 })
        guard let extendBy else { return line }
        return line + "\nEXTEND_TIMEOUT_USEC=\(max(1, extendBy.clampedMicroseconds))"
    }

    private static func address(_ socket: String) -> sockaddr_un? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(socket.utf8)
        guard let first = bytes.first, bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
        switch first {
        case UInt8(ascii: "@"): bytes[0] = 0
        case UInt8(ascii: "/"): break
        default: return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return address
    }
}

#endif
