// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What the host must have before a transfer may run; judged for each transfer by itself.
package struct TransferDemands: OptionSet, Hashable, Sendable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// A network that costs nothing by the byte.
    package static let unmeteredNetwork = TransferDemands(rawValue: 1)
    /// A network that nobody asked to spare (Low Data Mode on Apple's systems).
    package static let unconstrainedNetwork = TransferDemands(rawValue: 2)
    package static let noCellularNetwork = TransferDemands(rawValue: 4)
    package static let externalPower = TransferDemands(rawValue: 8)
    /// Without any network it waits; a transfer without this demand fails then.
    package static let network = TransferDemands(rawValue: 16)
}

extension TransferPolicy {
    package var demands: TransferDemands {
        var demands: TransferDemands = []
        if !allowsExpensiveNetwork { demands.insert(.unmeteredNetwork) }
        if !allowsConstrainedNetwork { demands.insert(.unconstrainedNetwork) }
        if !allowsCellular { demands.insert(.noCellularNetwork) }
        if isDiscretionary { demands.formUnion([.unmeteredNetwork, .externalPower]) }
        if waitsForConnectivity { demands.insert(.network) }
        return demands
    }
}

extension TransferDemands {
    /// Of unmet demands: why a transfer with these has to wait; nil if it may run.
    package func obstacle(to demands: TransferDemands) -> WaitReason? {
        let missing = intersection(demands)
        if missing.isEmpty { return nil }
        if missing.contains(.network) { return .network }
        return missing == .externalPower ? .externalPower : .unmeteredNetwork
    }
}
