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

    package init(power: Observed<PowerSource>, network: Observed<NetworkState>) {
        self.power = power
        self.network = network
    }
}

/// Observes the conditions, and says so when they change.
package protocol ConditionsSource: Sendable {
    /// A fresh observation, made now. Blocking for a few milliseconds at the most.
    func observe() -> Conditions

    /// Calls `onChange` with a fresh observation after every change until the returned token is let go.
    func watch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> any ConditionsWatch
}

/// A running observation; it ends with its last reference, or by `stop()`.
package protocol ConditionsWatch: AnyObject, Sendable {
    func stop()
}
