// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundMonitors
import BackgroundSurroundings
import Testing

@Suite("Conditions of the host")
struct HostConditionsTests {
    /// Daemons that say what they are told to.
    private struct Daemons: HostDaemons {
        var answer = DaemonReport()
        func report(_ kinds: ConditionKinds) -> DaemonReport { answer }
        func listen(_ kinds: ConditionKinds, _ onNews: @escaping @Sendable () -> Void) -> any DaemonListening {
            Listening()
        }
        private final class Listening: DaemonListening {
            func narrow(to kinds: ConditionKinds) {}
            func stop() {}
        }
    }

    /// A host whose kernel tells nothing of power.
    private func host(_ change: (inout DaemonReport) -> Void) -> HostConditions {
        var report = DaemonReport()
        change(&report)
        return HostConditions(
            clock: SystemClocks(), power: SysfsPower(root: "/dev/null/none"), daemons: Daemons(answer: report))
    }

    @Test("what a daemon says of power comes first, and names its source", arguments: [PowerSource.external, .battery])
    func daemonsFirst(source: PowerSource) {
        let power = host { $0.power = Said(source, "UPower") }.observe(.power).power
        #expect(power.value == source)
        #expect(power.source == "UPower")
    }

    @Test("where no daemon can tell, the kernel's supplies are asked")
    func suppliesSecond() {
        let power = host { _ in }.observe(.power).power
        #expect(power.value == nil)
        #expect(power.source.hasPrefix("/dev/null/none: "))
    }

    @Test("the network of this host can be told by the kernel alone, one way or the other")
    func network() {
        let network = HostConditions(clock: SystemClocks()).observe(.network).network
        #expect(network.value != nil)
        #expect(network.source.hasPrefix("routing table: "))
    }

    @Test("a daemon that sees a network is believed; one that sees none, only where the kernel has no route either")
    func networkOrder() throws {
        let route = try #require(HostConditions(clock: SystemClocks()).observe(.network).network.value)
        let online = host { $0.network = Said(.online, "NetworkManager") }.observe(.network).network
        #expect(online.value == .online)
        #expect(online.source == "NetworkManager")
        let offline = host { $0.network = Said(.offline, "NetworkManager") }.observe(.network).network
        #expect(offline.value == route)
        #expect(offline.source == (route == .online ? "routing table: a default route" : "NetworkManager"))
    }

    @Test("only a daemon knows what kind of network it is, and whether somebody is there")
    func daemonsOnly() {
        let kinds: ConditionKinds = [.metered, .constrained, .user]
        let unknown = host { _ in }.observe(kinds)
        #expect(unknown.isMetered.value == nil)
        #expect(unknown.isConstrained.value == nil)
        #expect(unknown.isUserIdle.value == nil)
        #expect(unknown.isUserIdle.source == "nobody can tell")
        let known = host { report in
            report.isMetered = Said(true, "NetworkManager")
            report.isConstrained = Said(false, "NetworkManager")
            report.isUserIdle = Said(true, "logind")
        }.observe(kinds)
        #expect(known.isMetered.value == true)
        #expect(known.isConstrained.value == false)
        #expect(known.isUserIdle.source == "logind")
    }

    @Test("a battery is not low while it is fed, and is low where its daemon warns or little is left")
    func battery() {
        func isLow(_ level: Double?, warned: Bool, on source: PowerSource?) -> Bool? {
            host { report in
                report.power = source.map { Said($0, "UPower") }
                report.battery = Said(BatteryReport(level: level, isWarned: warned), "UPower")
            }.observe(.battery).battery.value?.isLow
        }
        #expect(isLow(0.05, warned: true, on: .external) == false)
        #expect(isLow(0.05, warned: false, on: .battery) == true)
        #expect(isLow(0.5, warned: true, on: .battery) == true)
        #expect(isLow(0.5, warned: false, on: .battery) == false)
        #expect(isLow(0.05, warned: false, on: nil) == true)
        #expect(isLow(nil, warned: false, on: .battery) == false)
    }

    @Test("nothing is said of what was not asked for")
    func onlyWhatIsAsked() {
        let seen = host { report in
            report.power = Said(.battery, "UPower")
            report.isUserIdle = Said(true, "logind")
        }.observe(.battery)
        #expect(seen.power == .notAsked)
        #expect(seen.network == .notAsked)
        #expect(seen.isUserIdle == .notAsked)
        #expect(seen.load == .notAsked)
    }

    @Test("storage and load of this host can be told")
    func storageAndLoad() throws {
        let host = HostConditions(clock: SystemClocks(), storage: FileSystemSpace(path: "/"))
        let seen = host.observe([.storage, .load])
        let space = try #require(seen.storage.value)
        #expect(space.capacity > 0)
        #expect(0...space.capacity ~= space.available)
        #expect(seen.storage.source == "statvfs of /")
        let load = try #require(seen.load.value)
        #expect(0...1 ~= load.level)
        #expect(seen.load.source.hasPrefix("/proc/"))
    }

    @Test("a directory that is not there has no space that anybody knows of")
    func noDirectory() {
        let host = HostConditions(clock: SystemClocks(), storage: FileSystemSpace(path: "/dev/null/none"))
        let seen = host.observe(.storage).storage
        #expect(seen.value == nil)
        #expect(seen.source.hasPrefix("statvfs of /dev/null/none: "))
        #expect(HostConditions(clock: SystemClocks()).observe(.storage).storage.value == nil)
    }
}
#endif
