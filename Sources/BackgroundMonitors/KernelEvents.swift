// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import CBackgroundLinux
import Glibc

/// A socket on which the kernel announces changes; closed with its last reference.
package final class KernelEvents: Sendable {
    package let descriptor: CInt
    private let subsystem: String?

    /// Takes over a non-blocking datagram socket; with a `subsystem`, only the kernel's device events of it count.
    package init(adopting descriptor: CInt, subsystem: String? = nil) {
        self.descriptor = descriptor
        self.subsystem = subsystem
    }

    deinit { close(descriptor) }

    /// Links, addresses and routes; nil where the host grants no such socket.
    package static func routes() -> KernelEvents? {
        let descriptor = cbackground_open_route_events()
        return descriptor < 0 ? nil : KernelEvents(adopting: descriptor)
    }

    /// Power supplies; nil where the host grants no such socket.
    package static func powerSupplies() -> KernelEvents? {
        let descriptor = cbackground_open_device_events()
        return descriptor < 0 ? nil : KernelEvents(adopting: descriptor, subsystem: "power_supply")
    }

    /// What waited on the socket.
    package enum Drained {
        case nothing
        case change
        /// The socket is of no more use.
        case broken
    }

    /// Reads everything that waits.
    package func drain() -> Drained {
        switch cbackground_drain_events(descriptor, subsystem) {
        case 0: .nothing
        case 1: .change
        default: .broken
        }
    }
}
#endif
