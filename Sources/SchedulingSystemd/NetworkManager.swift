// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings

/// What NetworkManager says of the network (NetworkManager's D-Bus reference, "NMState", "NMConnectivityState",
/// "NMMetered").
package enum NetworkManager {
    static let path = "/org/freedesktop/NetworkManager"

    /// 10 asleep, 20 disconnected, 30 disconnecting, 40 connecting, 50 connected locally, without a default route; 60
    /// connected, a default route exists; 70 connected, and the Internet was reached.
    package static func network(state: BusValue?) -> NetworkState? {
        switch state?.uint64 {
        case 60, 70: .online
        case 10, 20, 30, 40, 50: .offline
        default: nil
        }
    }

    /// 1 none, 2 portal, 3 limited, 4 full; 0 unknown.
    package static func isConstrained(connectivity: BusValue?) -> Bool? {
        switch connectivity?.uint64 {
        case 1, 2, 3: true
        case 4: false
        default: nil
        }
    }

    /// 1 yes, 2 no, 3 guessed yes, 4 guessed no; 0 unknown.
    package static func isMetered(metered: BusValue?) -> Bool? {
        switch metered?.uint64 {
        case 1, 3: true
        case 2, 4: false
        default: nil
        }
    }
}

#endif
