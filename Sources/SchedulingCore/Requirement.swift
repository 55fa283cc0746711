// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// What a task needs of the world before it starts, and while it runs.
public struct Requirement: OptionSet, Hashable, Sendable {
    /// The set as bits; persisted, so a bit never changes its meaning.
    public let rawValue: Int

    /// A set from its bits.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Some network, of any kind.
    public static let network = Requirement(rawValue: 1 << 0)
    /// Power from outside, not from a battery.
    public static let externalPower = Requirement(rawValue: 1 << 1)
    /// A network that is not metered: no volume to pay for, no quota. Implies `network`.
    public static let unmeteredNetwork = Requirement(rawValue: 1 << 2)
    /// A network that leads all the way: not behind a portal, with the Internet in reach. Implies `network`.
    public static let unconstrainedNetwork = Requirement(rawValue: 1 << 3)
    /// A battery with more than a little left, or power from outside.
    public static let batteryNotLow = Requirement(rawValue: 1 << 4)
    /// More than a little space where the app keeps its state.
    public static let storageNotLow = Requirement(rawValue: 1 << 5)
    /// A machine that is not busy.
    public static let lowLoad = Requirement(rawValue: 1 << 6)
    /// A machine that nobody uses at present.
    public static let userIdle = Requirement(rawValue: 1 << 7)

    /// Not a condition: the window of a schedule is open, and it may run earlier than it has to.
    package static let window = Requirement(rawValue: 1 << 30)
}

extension Requirement {
    /// What the conditions lack of this set, each requirement alone; of a network that is not there nothing but
    /// `network`. An unknown condition does not hold a task back: a machine that cannot tell where its power comes from
    /// would otherwise never run anything.
    package func unmet(by conditions: Conditions) -> Requirement {
        var unmet: Requirement = []
        if !isDisjoint(with: [.network, .unmeteredNetwork, .unconstrainedNetwork]),
            conditions.network.value == .offline
        {
            unmet.insert(.network)
        } else {
            if contains(.unmeteredNetwork), conditions.isMetered.value == true { unmet.insert(.unmeteredNetwork) }
            if contains(.unconstrainedNetwork), conditions.isConstrained.value == true {
                unmet.insert(.unconstrainedNetwork)
            }
        }
        if contains(.externalPower), conditions.power.value == .battery { unmet.insert(.externalPower) }
        if contains(.batteryNotLow), conditions.battery.value?.isLow == true { unmet.insert(.batteryNotLow) }
        if contains(.storageNotLow), conditions.storage.value?.isLow == true { unmet.insert(.storageNotLow) }
        if contains(.lowLoad), conditions.load.value?.isHigh == true { unmet.insert(.lowLoad) }
        if contains(.userIdle), conditions.isUserIdle.value == false { unmet.insert(.userIdle) }
        return unmet
    }

    /// Why a run is told to stop that lost these; of several, the one that is named first here.
    package var expirationReason: ExpirationReason? {
        if contains(.externalPower) { return .powerLost }
        if contains(.network) { return .networkLost }
        if contains(.unmeteredNetwork) { return .networkMetered }
        if contains(.unconstrainedNetwork) { return .networkConstrained }
        if contains(.batteryNotLow) { return .batteryLow }
        if contains(.storageNotLow) { return .storageLow }
        if contains(.lowLoad) { return .loadHigh }
        return contains(.userIdle) ? .userActive : nil
    }

    /// The conditions that decide on this set.
    package var conditions: ConditionKinds {
        var kinds: ConditionKinds = []
        if !isDisjoint(with: [.network, .unmeteredNetwork, .unconstrainedNetwork]) { kinds.insert(.network) }
        if contains(.externalPower) { kinds.insert(.power) }
        if contains(.unmeteredNetwork) { kinds.insert(.metered) }
        if contains(.unconstrainedNetwork) { kinds.insert(.constrained) }
        if contains(.batteryNotLow) { kinds.insert(.battery) }
        if contains(.storageNotLow) { kinds.insert(.storage) }
        if contains(.lowLoad) { kinds.insert(.load) }
        if contains(.userIdle) { kinds.insert(.user) }
        return kinds
    }
}

extension Requirement {
    /// What is required, in a few words each, for people.
    package var names: [String] { Self.named.filter { contains($0.0) }.map(\.1) }

    private static let named: [(Requirement, String)] = [
        (.externalPower, "external power"), (.network, "a network"), (.unmeteredNetwork, "an unmetered network"),
        (.unconstrainedNetwork, "an unconstrained network"), (.batteryNotLow, "a charged battery"),
        (.storageNotLow, "free storage"), (.lowLoad, "low load"), (.userIdle, "an idle user"),
    ]
}
