// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import Testing

@Suite("Power supplies")
struct PowerSupplyTests {
    struct Machine: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let supplies: [PowerSupply]
        let power: PowerSource?
    }

    static let mains = PowerSupply(name: "AC", type: "Mains", online: "1")
    static let unplugged = PowerSupply(name: "AC", type: "Mains", online: "0")
    static func battery(_ status: String?, scope: String? = nil, present: String? = "1") -> PowerSupply {
        PowerSupply(name: "BAT0", type: "Battery", scope: scope, status: status, present: present)
    }

    static let machines = [
        Machine(testDescription: "no supply at all: external", supplies: [], power: .external),
        Machine(testDescription: "mains only, online", supplies: [mains], power: .external),
        Machine(
            testDescription: "mains only, said to be offline: it runs, so it is fed", supplies: [unplugged],
            power: .external),
        Machine(testDescription: "battery and mains", supplies: [mains, battery("Discharging")], power: .external),
        Machine(testDescription: "battery, unplugged", supplies: [unplugged, battery("Discharging")], power: .battery),
        Machine(
            testDescription: "battery still full, unplugged", supplies: [unplugged, battery("Full")], power: .battery),
        Machine(
            testDescription: "battery of unknown status, unplugged", supplies: [unplugged, battery("Unknown")],
            power: .battery),
        Machine(
            testDescription: "charging by what is not listed", supplies: [unplugged, battery("Charging")],
            power: .external),
        Machine(testDescription: "no mains listed, discharging", supplies: [battery("Discharging")], power: .battery),
        Machine(testDescription: "no mains listed, full", supplies: [battery("Full")], power: .external),
        Machine(testDescription: "no mains listed, charge held", supplies: [battery("Not charging")], power: .external),
        Machine(testDescription: "no mains listed, status unknown", supplies: [battery("Unknown")], power: nil),
        Machine(testDescription: "no mains listed, status unreadable", supplies: [battery(nil)], power: nil),
        Machine(
            testDescription: "a battery of the system by name", supplies: [battery("Discharging", scope: "System")],
            power: .battery),
        Machine(
            testDescription: "only a mouse's battery", supplies: [battery("Discharging", scope: "Device")],
            power: .external),
        Machine(testDescription: "an empty bay", supplies: [battery("Unknown", present: "0")], power: .external),
        Machine(
            testDescription: "fed over USB, of whatever kind",
            supplies: [unplugged, PowerSupply(name: "usb", type: "USB_PD", online: "1"), battery("Discharging")],
            power: .external),
        Machine(
            testDescription: "fed by a programmable supply",
            supplies: [PowerSupply(name: "usb", type: "USB", online: "2"), battery("Unknown")], power: .external),
        Machine(
            testDescription: "mains that does not say whether it is online",
            supplies: [PowerSupply(name: "AC", type: "Mains", online: nil), battery("Unknown")], power: nil),
        Machine(
            testDescription: "mains that says nonsense",
            supplies: [PowerSupply(name: "AC", type: "Mains", online: "yes"), battery("Unknown")], power: .battery),
        Machine(
            testDescription: "a supply of unreadable type", supplies: [PowerSupply(name: "x", type: nil)], power: nil),
        Machine(
            testDescription: "a supply of a type from the future",
            supplies: [PowerSupply(name: "x", type: "Fusion", online: "0")], power: .external),
        Machine(
            testDescription: "an uninterruptible supply on its own",
            supplies: [PowerSupply(name: "ups", type: "UPS", status: "Discharging")], power: .battery),
    ]

    @Test("Where power comes from is judged from all supplies together", arguments: machines)
    func judgement(machine: Machine) {
        let (power, why) = PowerSupply.judge(machine.supplies)
        #expect(power == machine.power)
        #expect(!why.isEmpty)
    }

    @Test("how full the batteries are is judged from all of them together, and from nothing that is none")
    func charge() {
        func battery(_ capacity: String?, level: String? = nil, scope: String? = nil, present: String? = nil)
            -> PowerSupply
        {
            PowerSupply(
                name: "BAT", type: "Battery", scope: scope, present: present, capacity: capacity, capacityLevel: level)
        }
        func report(_ supplies: PowerSupply...) -> BatteryReport? { PowerSupply.charge(supplies).report }
        #expect(report(battery("42")) == BatteryReport(level: 0.42))
        #expect(report(battery("40"), battery("80")) == BatteryReport(level: 0.6))
        #expect(report(battery("42", level: "Low")) == BatteryReport(level: 0.42, isWarned: true))
        #expect(report(battery("42", level: "Normal")) == BatteryReport(level: 0.42))
        #expect(report(battery(nil, level: "Critical")) == BatteryReport(level: nil, isWarned: true))
        #expect(report(battery(nil, level: "Unknown")) == nil)
        // No battery: a mouse's, an empty bay, a plug.
        #expect(report() == BatteryReport(level: nil))
        #expect(report(battery("3", scope: "Device")) == BatteryReport(level: nil))
        #expect(report(battery("3", present: "0")) == BatteryReport(level: nil))
        #expect(report(PowerSupply(name: "AC", type: "Mains", online: "1")) == BatteryReport(level: nil))
        #expect(report(PowerSupply(name: "x", type: nil)) == nil)
        for odd in [nil, "", "-1", "101", "x", "4 2", "9999999999999999999999"] { #expect(report(battery(odd)) == nil) }
    }
}
