// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings

/// What UPower says of power and battery (UPower reference, "org.freedesktop.UPower", "org.freedesktop.UPower.Device").
package enum UPower {
    static let path = "/org/freedesktop/UPower"
    static let interface = "org.freedesktop.UPower"
    /// One device that stands for all batteries of the machine.
    static let devicePath = "/org/freedesktop/UPower/devices/DisplayDevice"
    static let deviceInterface = "org.freedesktop.UPower.Device"

    package static func power(onBattery: BusValue?) -> PowerSource? {
        onBattery?.bool.map { $0 ? .battery : .external }
    }

    /// `type`: 2 is a battery, 3 a supply that bridges power cuts. `warning`: 0 unknown, 1 none, 2 discharging (of a
    /// supply that bridges), 3 low, 4 critical, 5 action.
    package static func battery(
        isPresent: BusValue?, type: BusValue?, percentage: BusValue?, warning: BusValue?
    ) -> BatteryReport? {
        guard let type = type?.uint64, let isPresent = isPresent?.bool else { return nil }
        guard type == 2 || type == 3, isPresent else { return BatteryReport(level: nil) }
        guard let percentage = percentage?.double, percentage.isFinite else { return nil }
        let isWarned = warning?.uint64.map { 3...5 ~= $0 } ?? false
        return BatteryReport(level: (percentage / 100).share, isWarned: isWarned)
    }
}

#endif
