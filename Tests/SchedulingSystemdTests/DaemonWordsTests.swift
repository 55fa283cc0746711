// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import SchedulingSystemd
import Testing

@Suite("What daemons say of the conditions")
struct DaemonWordsTests {
    /// Values of types and sizes that nobody documented.
    private static let nonsense: [BusValue?] = [
        nil, .string(""), .string("\u{0}"), .string("70"), .bool(true), .int32(-1), .uint64(.max), .uint32(.max),
        .double(.nan), .double(.infinity), .double(-.infinity), .array(of: "u", []), .structure([]),
        .variant(.array(of: "v", [])), .variant(.variant(.path("/"))),
    ]

    @Test("NetworkManager's numbers become a network, its price and its reach")
    func networkManager() {
        func network(_ state: UInt32) -> NetworkState? { NetworkManager.network(state: .variant(.uint32(state))) }
        #expect([60, 70].map(network) == [.online, .online])
        #expect([10, 20, 30, 40, 50].map(network) == Array(repeating: .offline, count: 5))
        #expect([0, 1, 65, 80].map(network) == [nil, nil, nil, nil])
        let metered = (0..<6).map { NetworkManager.isMetered(metered: .variant(.uint32(UInt32($0)))) }
        #expect(metered == [nil, true, false, true, false, nil])
        let constrained = (0..<6).map { NetworkManager.isConstrained(connectivity: .variant(.uint32(UInt32($0)))) }
        #expect(constrained == [nil, true, true, true, false, nil])
    }

    @Test("only a routable address is a network to networkd")
    func networkd() {
        func network(_ state: String) -> NetworkState? { Networkd.network(operationalState: .variant(.string(state))) }
        #expect(network("routable") == .online)
        for state in ["missing", "off", "no-carrier", "dormant", "degraded-carrier", "carrier", "degraded", "enslaved"]
        {
            #expect(network(state) == .offline)
        }
        for state in ["", "Routable", "routable ", "online"] { #expect(network(state) == nil) }
    }

    @Test("UPower's display device becomes a battery with its charge and its warning")
    func upower() {
        func battery(_ type: UInt32, _ percentage: Double, _ warning: UInt32, present: Bool = true) -> BatteryReport? {
            UPower.battery(
                isPresent: .variant(.bool(present)), type: .variant(.uint32(type)),
                percentage: .variant(.double(percentage)), warning: .variant(.uint32(warning)))
        }
        #expect(battery(2, 42, 1) == BatteryReport(level: 0.42))
        #expect(battery(3, 42, 2) == BatteryReport(level: 0.42))
        for warning in [3, 4, 5] as [UInt32] { #expect(battery(2, 42, warning)?.isWarned == true) }
        for warning in [0, 1, 2, 6] as [UInt32] { #expect(battery(2, 42, warning)?.isWarned == false) }
        // A mouse, a machine without a battery, a bay without one.
        #expect(battery(5, 42, 1) == BatteryReport(level: nil))
        #expect(battery(0, 0, 0) == BatteryReport(level: nil))
        #expect(battery(2, 42, 1, present: false) == BatteryReport(level: nil))
        #expect(battery(2, 300, 1) == BatteryReport(level: 1))
        #expect(battery(2, -1, 1) == BatteryReport(level: 0))
        #expect(UPower.power(onBattery: .variant(.bool(true))) == .battery)
        #expect(UPower.power(onBattery: .variant(.bool(false))) == .external)
    }

    @Test("words that are not documented mean nothing", arguments: nonsense.indices)
    func hostile(index: Int) {
        let value = Self.nonsense[index]
        #expect(NetworkManager.network(state: value) == nil)
        #expect(NetworkManager.isMetered(metered: value) == nil)
        #expect(NetworkManager.isConstrained(connectivity: value) == nil)
        #expect(Networkd.network(operationalState: value) == nil)
        if value?.bool == nil {
            #expect(UPower.power(onBattery: value) == nil)
            #expect(
                UPower.battery(isPresent: value, type: .uint32(2), percentage: .double(1), warning: .uint32(1)) == nil)
        }
        #expect(
            UPower.battery(isPresent: .bool(true), type: .uint32(2), percentage: value, warning: .uint32(1)) == nil)
        #expect(
            UPower.battery(isPresent: .bool(true), type: .uint32(2), percentage: .double(50), warning: value)
                == BatteryReport(level: 0.5))
    }

    @Test("only what is of interest is listened to, and the daemon's coming and going with it")
    func rules() {
        #expect(HostDaemon.upower.rules(for: [.network, .load]).isEmpty)
        let power = HostDaemon.upower.rules(for: .power)
        #expect(power.count == 2)
        #expect(
            power.contains { $0.contains("member='NameOwnerChanged'") && $0.contains("arg0='org.freedesktop.UPower'") })
        #expect(power.contains { $0.contains("path='/org/freedesktop/UPower',") })
        #expect(HostDaemon.upower.rules(for: [.power, .battery]).count == 3)
        // The kernel announces a plug; logind does not, but it may come or go.
        #expect(HostDaemon.logind.rules(for: .power).count == 1)
        #expect(HostDaemon.logind.rules(for: .user).count == 4)
        for daemon in HostDaemon.allCases {
            for rule in daemon.rules(for: .all) { #expect(rule.contains(daemon.rawValue)) }
        }
    }

    @Test("without a bus nobody tells anything, and listening to nobody can be ended")
    func noBus() {
        struct Still: TimeSource {
            func now() -> Moment { Moment(wall: .epoch, boot: 0, awake: 0) }
            func makeAlarm(_ action: @escaping @Sendable () -> Void) -> any BackgroundSurroundings.Alarm { Never() }
            struct Never: BackgroundSurroundings.Alarm { func set(wall: WallTime?, awake: Int64?) {} }
        }
        let daemons = SystemDaemons(clock: Still(), address: .peer(socket: "/nonexistent/bus"))
        #expect(daemons.report(.all) == DaemonReport())
        let listening = daemons.listen(.all) {}
        listening.narrow(to: .power)
        listening.stop()
        #expect(daemons.report([.storage, .load]) == DaemonReport())
    }
}

#endif
