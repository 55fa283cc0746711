// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

extension TestScheduler {
    /// Whether the network is metered; nil: unknown.
    public var isNetworkMetered: Bool? {
        get { host.isNetworkMetered }
        set { host.isNetworkMetered = newValue }
    }
    /// Whether the network is constrained, as behind a portal; nil: unknown.
    public var isNetworkConstrained: Bool? {
        get { host.isNetworkConstrained }
        set { host.isNetworkConstrained = newValue }
    }
    /// How full the battery is, from 0 to 1; nil: unknown. It is low at 0.15 and below, and until it is above 0.20 again,
    /// wherever `power` comes from: each condition is set alone.
    public var batteryLevel: Double? {
        get { host.batteryLevel }
        set { host.batteryLevel = newValue }
    }
    /// How many bytes are free on the disk of 100 GiB; nil: unknown. It is low at 500 MiB and below, and until 600 MiB are
    /// free again.
    public var freeStorage: Int64? {
        get { host.freeStorage }
        set { host.freeStorage = newValue }
    }
    /// How busy the machine is, from 0 to 1; nil: unknown. It is high at 0.4 and above, and until it is below 0.2 again.
    public var load: Double? {
        get { host.load }
        set { host.load = newValue }
    }
    /// Whether nobody uses the machine; nil: unknown.
    public var isUserIdle: Bool? {
        get { host.isUserIdle }
        set { host.isUserIdle = newValue }
    }
}
