// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings

/// Observes the conditions of this host, each by the best source that answers: the daemons first, then the kernel.
package struct HostConditions: ConditionsSource {
    private let power: SysfsPower
    private let network: RouteNetwork
    private let storage: FileSystemSpace?
    private let load: ProcLoad
    private let clock: any TimeSource
    private let daemons: (any HostDaemons)?

    /// Without `daemons` the kernel is asked alone; without `storage`, nobody can tell how much space is left.
    package init(
        clock: any TimeSource, power: SysfsPower = SysfsPower(), network: RouteNetwork = RouteNetwork(),
        storage: FileSystemSpace? = nil, load: ProcLoad = ProcLoad(), daemons: (any HostDaemons)? = nil
    ) {
        self.clock = clock
        self.power = power
        self.network = network
        self.storage = storage
        self.load = load
        self.daemons = daemons
    }

    package func observe(_ kinds: ConditionKinds) -> Conditions { read(kinds, before: Conditions()).conditions }

    package func watch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> any ConditionsWatch {
        HostConditionsWatch(clock: clock, daemons: daemons, read: { read($0, before: $1) }, onChange: onChange)
    }

    /// One look, and of which conditions nobody announces a change.
    package struct Reading: Sendable {
        package var conditions: Conditions
        package var unannounced: ConditionKinds

        package init(_ conditions: Conditions, unannounced: ConditionKinds = []) {
            self.conditions = conditions
            self.unannounced = unannounced
        }
    }

    private func read(_ kinds: ConditionKinds, before: Conditions) -> Reading {
        let now = clock.now().wall
        // A battery is not low while it is fed.
        let asked = kinds.contains(.battery) ? kinds.union(.power) : kinds
        let said = daemons?.report(asked) ?? DaemonReport()
        var seen = Conditions()
        var unannounced: ConditionKinds = []
        if asked.contains(.power) { seen.power = said.power.map { observed($0, now) } ?? power.observe(at: now) }
        if kinds.contains(.network) { seen.network = network(said.network, now) }
        if kinds.contains(.metered) { seen.isMetered = observed(said.isMetered, now) }
        if kinds.contains(.constrained) { seen.isConstrained = observed(said.isConstrained, now) }
        if kinds.contains(.battery) {
            seen.battery = battery(said.battery, seen.power.value, before.battery.value, now)
            // The kernel announces plugs, and not every percent; UPower looks for itself.
            if said.battery == nil, seen.battery.value?.level != nil { unannounced.insert(.battery) }
        }
        if kinds.contains(.storage) {
            seen.storage =
                storage?.observe(at: now, before: before.storage.value)
                ?? Observed(nil, source: "no directory to look at", at: now)
            unannounced.insert(.storage)
        }
        if kinds.contains(.load) {
            seen.load = load.observe(at: now, before: before.load.value)
            unannounced.insert(.load)
        }
        if kinds.contains(.user) {
            seen.isUserIdle = observed(said.isUserIdle, now)
            // logind does not announce that a terminal has become idle.
            if said.isUserIdle != nil { unannounced.insert(.user) }
        }
        return Reading(seen.only(kinds), unannounced: unannounced)
    }

    private func observed<Value>(_ said: Said<Value>?, _ now: WallTime) -> Observed<Value> {
        said.map { Observed($0.value, source: $0.source, at: now) } ?? Observed(nil, source: "nobody can tell", at: now)
    }

    /// A daemon that sees no network may only not be the one that manages it: the kernel's route counts then.
    private func network(_ said: Said<NetworkState>?, _ now: WallTime) -> Observed<NetworkState> {
        if said?.value == .online { return observed(said, now) }
        let route = network.observe(at: now)
        return said == nil || route.value == .online ? route : observed(said, now)
    }

    private func battery(
        _ said: Said<BatteryReport>?, _ power: PowerSource?, _ before: BatteryCharge?, _ now: WallTime
    ) -> Observed<BatteryCharge> {
        let (report, source) = said.map { ($0.value, $0.source) } ?? self.power.charge()
        let charge = report.map { report in
            guard power != .external, let level = report.level, !report.isWarned else {
                return BatteryCharge(level: report.level, isLow: power != .external && report.isWarned)
            }
            return BatteryCharge(level: level, before: before)
        }
        return Observed(charge, source: source, at: now)
    }
}
#endif
