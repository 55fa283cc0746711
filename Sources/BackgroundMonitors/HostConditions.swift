// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings

/// Observes power and network on this host, by the best source that answers.
package struct HostConditions: ConditionsSource {
    private let power: SysfsPower
    private let network: RouteNetwork
    private let clock: any TimeSource
    private let externalPower: @Sendable () -> Bool?

    /// `externalPower` is asked first, where somebody (logind) knows better than the supplies' list; nil: it cannot
    /// tell.
    package init(
        clock: any TimeSource, power: SysfsPower = SysfsPower(), network: RouteNetwork = RouteNetwork(),
        externalPower: @escaping @Sendable () -> Bool? = { nil }
    ) {
        self.clock = clock
        self.power = power
        self.network = network
        self.externalPower = externalPower
    }

    package func observe() -> Conditions {
        let now = clock.now().wall
        let power =
            externalPower().map { Observed($0 ? .external : .battery, source: "logind", at: now) }
            ?? power.observe(at: now)
        return Conditions(power: power, network: network.observe(at: now))
    }

    /// Changes are counted from the observation that this call makes itself; observe after it to know where they
    /// start from. A host that grants no socket is watched less: the re-check instants of waiting tasks remain.
    package func watch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> any ConditionsWatch {
        startWatch(onChange)
    }

    /// The same, as the type that can also be told to look (`recheck`).
    package func startWatch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> HostConditionsWatch {
        HostConditionsWatch(
            observe: { observe() }, onChange: onChange,
            events: [.routes(), .powerSupplies()].compactMap(\.self))
    }
}
#endif
