// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings

/// What systemd-networkd says of the network (org.freedesktop.network1(5), networkctl(1)). It knows of no metered and no
/// constrained networks.
package enum Networkd {
    static let path = "/org/freedesktop/network1"
    static let interface = "org.freedesktop.network1.Manager"

    /// Only a routable address leads off the local link.
    package static func network(operationalState: BusValue?) -> NetworkState? {
        switch operationalState?.text {
        case "routable": .online
        case "missing", "off", "no-carrier", "dormant", "degraded-carrier", "carrier", "degraded", "enslaved": .offline
        default: nil
        }
    }
}

#endif
