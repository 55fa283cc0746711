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
        }
    }

    /// Whether we took the time away, so that the run is due again and no attempt is burnt.
    package var isInterruption: Bool {
        switch self {
        case .systemSleep, .systemShutdown, .serviceStop, .powerLost, .networkLost: true
        case .budget, .cancelled, .simulated, .stalled: false
        }
    }
}
