// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What somebody says, and who.
package struct Said<Value: Hashable & Sendable>: Hashable, Sendable {
    package var value: Value
    package var source: String

    package init(_ value: Value, _ source: String) {
        self.value = value
        self.source = source
    }
}

/// A battery as it is described, before anybody judged it.
package struct BatteryReport: Hashable, Sendable {
    /// From 0 to 1; nil: there is no battery.
    package var level: Double?
    /// Whether whoever reports calls it low.
    package var isWarned: Bool

    package init(level: Double?, isWarned: Bool = false) {
        self.level = level
        self.isWarned = isWarned
    }
}

/// What the system's daemons say of the conditions; nil where none of them can tell.
package struct DaemonReport: Hashable, Sendable {
    package var power: Said<PowerSource>?
    package var battery: Said<BatteryReport>?
    package var network: Said<NetworkState>?
    package var isMetered: Said<Bool>?
    package var isConstrained: Said<Bool>?
    package var isUserIdle: Said<Bool>?

    package init() {}
}

/// The daemons that describe this machine to its programs.
package protocol HostDaemons: Sendable {
    /// Asks for these, and nothing else. Starts no daemon, and does not wait long for one that hangs.
    func report(_ kinds: ConditionKinds) -> DaemonReport

    /// Calls `onNews` when one of these may have changed, or a daemon has come or gone, until the listening ends.
    func listen(_ kinds: ConditionKinds, _ onNews: @escaping @Sendable () -> Void) -> any DaemonListening
}

/// Ends with its last reference, or by `stop()`.
package protocol DaemonListening: AnyObject, Sendable {
    func narrow(to kinds: ConditionKinds)
    func stop()
}
