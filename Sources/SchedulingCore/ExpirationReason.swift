// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Why a running task was told to stop.
public enum ExpirationReason: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// Its time was used up.
    case budget = 1
    /// The host is going to sleep.
    case systemSleep = 2
    /// The host is shutting down.
    case systemShutdown = 3
    /// The program was asked to stop (SIGTERM).
    case serviceStop = 4
    /// The external power it requires is gone.
    case powerLost = 5
    /// The network it requires is gone.
    case networkLost = 6
    /// Its request was cancelled while it ran.
    case cancelled = 7
    /// Somebody simulated an expiration.
    case simulated = 8
    /// It reported no progress for too long.
    case stalled = 9
    /// The network is metered now, and it requires one that is not.
    case networkMetered = 11
    /// The network no longer leads all the way, and it requires one that does.
    case networkConstrained = 12
    /// Little is left in the battery.
    case batteryLow = 13
    /// Little space is left where the app keeps its state.
    case storageLow = 14
    /// The machine is busy.
    case loadHigh = 15
    /// Somebody uses the machine again.
    case userActive = 16
    /// A later run of the same task took its place.
    case replaced = 10

    /// A few words for people.
    public var description: String {
        switch self {
        case .budget: "its time was used up"
        case .systemSleep: "the host went to sleep"
        case .systemShutdown: "the host shut down"
        case .serviceStop: "the program was asked to stop"
        case .powerLost: "external power was lost"
        case .networkLost: "the network was lost"
        case .cancelled: "it was cancelled"
        case .simulated: "an expiration was simulated"
        case .stalled: "it made no progress"
        case .networkMetered: "the network became metered"
        case .networkConstrained: "the network became constrained"
        case .batteryLow: "the battery ran low"
        case .storageLow: "the storage ran low"
        case .loadHigh: "the machine became busy"
        case .userActive: "somebody used the machine"
        case .replaced: "a later run took its place"
        }
    }

    /// One word for programs; never changes.
    package var word: String {
        switch self {
        case .budget: "budget"
        case .systemSleep: "system-sleep"
        case .systemShutdown: "system-shutdown"
        case .serviceStop: "service-stop"
        case .powerLost: "power-lost"
        case .networkLost: "network-lost"
        case .cancelled: "cancelled"
        case .simulated: "simulated"
        case .stalled: "stalled"
        case .networkMetered: "network-metered"
        case .networkConstrained: "network-constrained"
        case .batteryLow: "battery-low"
        case .storageLow: "storage-low"
        case .loadHigh: "load-high"
        case .userActive: "user-active"
        case .replaced: "replaced"
        }
    }

    /// Whether we took the time away, so that the run is due again and no attempt is burnt.
    package var isInterruption: Bool {
        switch self {
        case .systemSleep, .systemShutdown, .serviceStop, .powerLost, .networkLost, .networkMetered,
            .networkConstrained, .batteryLow, .storageLow, .loadHigh, .userActive:
            true
        case .budget, .cancelled, .simulated, .stalled, .replaced: false
        }
    }
}
