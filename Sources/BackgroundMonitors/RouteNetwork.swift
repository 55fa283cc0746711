// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import CBackgroundLinux
import Glibc

/// Tells from the kernel's routing table whether there is a network.
package struct RouteNetwork: Sendable {
    package init() {}

    /// Whether a default route leaves this machine, now.
    package func observe(at now: WallTime) -> Observed<NetworkState> {
        switch cbackground_has_default_route() {
        case 1: Observed(.online, source: "routing table: a default route", at: now)
        case 0: Observed(.offline, source: "routing table: no default route", at: now)
        default: Observed(nil, source: "routing table: \(SystemError.current())", at: now)
        }
    }
}
#endif
