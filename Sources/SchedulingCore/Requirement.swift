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
}

extension Requirement {
    /// The part of this set that the conditions do not meet. An unknown condition does not hold a task back: a machine
    /// that cannot tell where its power comes from would otherwise never run anything.
    package func unmet(by conditions: Conditions) -> Requirement {
        var unmet: Requirement = []
        if contains(.network), conditions.network.value == .offline { unmet.insert(.network) }
        if contains(.externalPower), conditions.power.value == .battery { unmet.insert(.externalPower) }
        return unmet
    }
}
