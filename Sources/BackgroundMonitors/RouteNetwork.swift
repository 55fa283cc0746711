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
    package func observe(at now: WallTime) -> Observation<NetworkState> {
        switch cbackground_has_default_route() {
        case 1: Observation(.online, source: "routing table: a default route", at: now)
        case 0: Observation(.offline, source: "routing table: no default route", at: now)
        default: Observation(nil, source: "routing table: \(SystemError.current())", at: now)
        }
    }
}
#endif
