// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// What the conditions of the host mean to transfers.
package enum HostDemands {
    /// What has to be observed for these demands.
    package static func kinds(for demands: TransferDemands) -> ConditionKinds {
        var kinds: ConditionKinds = [.network]
        if !demands.isDisjoint(with: [.unmeteredNetwork, .noCellularNetwork]) { kinds.insert(.metered) }
        if demands.contains(.unconstrainedNetwork) { kinds.insert(.constrained) }
        if demands.contains(.externalPower) { kinds.insert(.power) }
        return kinds
    }

    /// The demands that are not met; what nobody can tell holds nothing back.
    package static func unmet(by conditions: Conditions) -> TransferDemands {
        var unmet: TransferDemands = []
        if conditions.network.value == .offline { unmet.insert(.network) }
        // Nobody tells here what a network is made of: one that is paid by the byte counts as a cellular one.
        if conditions.isMetered.value == true { unmet.formUnion([.unmeteredNetwork, .noCellularNetwork]) }
        if conditions.isConstrained.value == true { unmet.insert(.unconstrainedNetwork) }
        if conditions.power.value == .battery { unmet.insert(.externalPower) }
        return unmet
    }

    /// Whether a host is this machine: it is there without any network.
    package static func isLocal(_ authority: String) -> Bool {
        authority.hasPrefix("127.") || authority.hasPrefix("[::1]") || authority == "localhost"
            || authority.hasPrefix("localhost:")
    }
}
