// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What was seen of one property of the world: the value, when, and by whom. A nil value means nobody could tell.
public struct Observed<Value: Hashable & Sendable>: Hashable, Sendable {
    /// What was seen; nil when it is unknown.
    public let value: Value?
    /// Who saw it, for people: "UPower", "/sys/class/power_supply", "routing table".
    public let source: String
    /// When it was seen.
    package let at: WallTime

    package init(_ value: Value?, source: String, at: WallTime) {
        self.value = value
        self.source = source
        self.at = at
    }

    /// Nobody needed to know.
    package static var notAsked: Observed { Observed(nil, source: "not asked", at: .distantPast) }
}

/// Where the machine's power comes from.
public enum PowerSource: String, Hashable, Sendable, CaseIterable {
    /// Plugged in, or a machine without a battery.
    case external
    /// Running on its battery.
    case battery
}

/// What the network offers at present.
public enum NetworkState: String, Hashable, Sendable, CaseIterable {
    /// No route that leaves this machine.
    case offline
    /// A default route exists.
    case online
}

/// The conditions that tasks can require, each as it was last observed.
public struct Conditions: Hashable, Sendable {
    /// Where power comes from.
    public var power: Observed<PowerSource>
    /// Whether there is a network.
    public var network: Observed<NetworkState>
    /// Whether the network is metered: its user pays by volume, or has a quota.
    public var isMetered: Observed<Bool>
    /// Whether the network leads less far than it seems: behind a portal that asks for a login, or with the Internet
    /// out of reach.
    public var isConstrained: Observed<Bool>
    /// How full the battery is.
    public var battery: Observed<BatteryCharge>
    /// How much space is left where the app keeps its state.
    public var storage: Observed<StorageSpace>
    /// How busy the machine is.
    public var load: Observed<SystemLoad>
    /// Whether nobody uses the machine.
    public var isUserIdle: Observed<Bool>

    package init(
        power: Observed<PowerSource> = .notAsked, network: Observed<NetworkState> = .notAsked,
        isMetered: Observed<Bool> = .notAsked, isConstrained: Observed<Bool> = .notAsked,
        battery: Observed<BatteryCharge> = .notAsked, storage: Observed<StorageSpace> = .notAsked,
        load: Observed<SystemLoad> = .notAsked, isUserIdle: Observed<Bool> = .notAsked
    ) {
        self.power = power
        self.network = network
        self.isMetered = isMetered
        self.isConstrained = isConstrained
        self.battery = battery
        self.storage = storage
        self.load = load
        self.isUserIdle = isUserIdle
    }

    /// These of the conditions; the others as if nobody had asked.
    package func only(_ kinds: ConditionKinds) -> Conditions {
        Conditions(
            power: kinds.contains(.power) ? power : .notAsked,
            network: kinds.contains(.network) ? network : .notAsked,
            isMetered: kinds.contains(.metered) ? isMetered : .notAsked,
            isConstrained: kinds.contains(.constrained) ? isConstrained : .notAsked,
            battery: kinds.contains(.battery) ? battery : .notAsked,
            storage: kinds.contains(.storage) ? storage : .notAsked,
            load: kinds.contains(.load) ? load : .notAsked,
            isUserIdle: kinds.contains(.user) ? isUserIdle : .notAsked)
    }

    /// Whether somebody who decides by these conditions would decide the same by the others: a battery that lost a
    /// percent is no news.
    package func decideLike(_ other: Conditions) -> Bool {
        power.value == other.power.value && network.value == other.network.value
            && isMetered.value == other.isMetered.value && isConstrained.value == other.isConstrained.value
            && battery.value?.isLow == other.battery.value?.isLow
            && storage.value?.isLow == other.storage.value?.isLow
            && load.value?.isHigh == other.load.value?.isHigh && isUserIdle.value == other.isUserIdle.value
    }
}

/// Observes the conditions, and says so when they change.
package protocol ConditionsSource: Sendable {
    /// A fresh observation of these, made now; the others are not asked for. Blocking for a few milliseconds at the most.
    func observe(_ kinds: ConditionKinds) -> Conditions

    /// A watch that calls `onChange` with a fresh observation after every change, until it is let go. It begins with its
    /// first `observe`, which also says of what.
    func watch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> any ConditionsWatch
}

/// A running observation; it ends with its last reference, or by `stop()`.
package protocol ConditionsWatch: AnyObject, Sendable {
    /// A fresh observation of these, which are watched from now on, and nothing else. Changes count from it.
    func observe(_ kinds: ConditionKinds) -> Conditions

    /// Watches no more than these from now on.
    func narrow(to kinds: ConditionKinds)

    func stop()
}
