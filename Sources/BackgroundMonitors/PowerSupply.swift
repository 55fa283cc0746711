// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// One power supply as the kernel describes it (Documentation/ABI/testing/sysfs-class-power), each property as its
/// text; nil where it is missing or cannot be read.
package struct PowerSupply: Hashable, Sendable {
    package var name: String
    package var type: String?
    package var scope: String?
    package var online: String?
    package var status: String?
    package var present: String?
    package var capacity: String?
    package var capacityLevel: String?

    package init(
        name: String, type: String?, scope: String? = nil, online: String? = nil, status: String? = nil,
        present: String? = nil, capacity: String? = nil, capacityLevel: String? = nil
    ) {
        self.name = name
        self.type = type
        self.scope = scope
        self.online = online
        self.status = status
        self.present = present
        self.capacity = capacity
        self.capacityLevel = capacityLevel
    }

    /// What the supplies of a machine together say: the power source (nil: they do not tell), and why, for people.
    package static func judge(_ supplies: [PowerSupply]) -> (power: PowerSource?, why: String) {
        // A mouse's battery, or a phone that we charge, is a supply with the scope "Device".
        let ofTheSystem = supplies.filter { $0.scope != "Device" }
        let feeds = ofTheSystem.filter(\.isFeed)
        if let feed = feeds.first(where: \.isOnline) { return (.external, "\(feed.name) is online") }

        let batteries = ofTheSystem.filter(\.isBattery)
        // A battery that is being charged is fed by something, though no supply says so.
        if let battery = batteries.first(where: { $0.status == "Charging" }) {
            return (.external, "\(battery.name) is charging")
        }
        if let battery = batteries.first(where: { $0.status == "Discharging" }) {
            return (.battery, "\(battery.name) is discharging")
        }
        if let battery = batteries.first {
            if let feed = feeds.first {
                return feeds.contains { $0.online == nil }
                    ? (nil, "\(feed.name) does not say whether it is online")
                    : (.battery, "\(battery.name) is there and \(feed.name) is offline")
            }
            switch battery.status {
            case "Full", "Not charging": return (.external, "\(battery.name) is not discharging")
            default: return (nil, "\(battery.name) does not say whether it is discharging")
            }
        }
        // What has no readable type may be a battery.
        if let dumb = ofTheSystem.first(where: { $0.type == nil }) {
            return (nil, "the type of \(dumb.name) cannot be read")
        }
        return (.external, "no battery")
    }

    /// What the batteries of a machine together say of their charge, and why, for people; nil: they do not tell. Several
    /// count alike: what one holds more than another is not known everywhere.
    package static func charge(_ supplies: [PowerSupply]) -> (report: BatteryReport?, why: String) {
        let ofTheSystem = supplies.filter { $0.scope != "Device" }
        let batteries = ofTheSystem.filter(\.isBattery)
        guard let first = batteries.first else {
            if let dumb = ofTheSystem.first(where: { $0.type == nil }) {
                return (nil, "the type of \(dumb.name) cannot be read")
            }
            return (BatteryReport(level: nil), "no battery")
        }
        let levels = batteries.compactMap { $0.capacity.flatMap { Int($0) } }.filter { 0...100 ~= $0 }
        let isWarned = batteries.contains { ["Critical", "Low"].contains($0.capacityLevel) }
        let names = batteries.map(\.name).joined(separator: ", ")
        guard !levels.isEmpty else {
            // An odd battery that only says how it feels.
            return first.capacityLevel == nil || first.capacityLevel == "Unknown"
                ? (nil, "\(names) does not say how full it is")
                : (BatteryReport(level: nil, isWarned: isWarned), "\(names) is \(first.capacityLevel ?? "")")
        }
        let level = Double(levels.reduce(0, +)) / Double(levels.count) / 100
        return (BatteryReport(level: level, isWarned: isWarned), names)
    }

    /// Feeds the system from outside: "Mains", "Wireless", "USB" and its kinds ("USB_PD", "USB_C", …).
    private var isFeed: Bool {
        guard let type else { return false }
        return type == "Mains" || type == "Wireless" || type == "BrickID" || type.hasPrefix("USB")
    }

    /// "1: Online Fixed", "2: Online Programmable".
    private var isOnline: Bool { online == "1" || online == "2" }

    /// A battery in its bay, or an uninterruptible supply that runs on its own.
    private var isBattery: Bool { (type == "Battery" && present != "0") || type == "UPS" }
}
