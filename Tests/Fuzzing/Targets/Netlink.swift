// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors

/// What the kernel sends about routes and devices.
func feedNetlink(_ bytes: [UInt8]) {
    _ = RouteScan(datagram: bytes, sequence: 7) { _ in 1 }
    if bytes.count > 12 {
        // Past the check of the sequence.
        var ours = bytes
        ours.replaceSubrange(8..<12, with: [7, 0, 0, 0])
        _ = RouteScan(datagram: ours, sequence: 7) { $0 == 1 ? 1 : 0 }
    }
    _ = RouteScan.isDeviceEvent(bytes, of: "power_supply")
}
