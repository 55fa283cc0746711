// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Why a transfer does not move now.
public enum WaitReason: String, Sendable, Codable, CaseIterable {
    /// Its earliest instant has not come.
    case notBefore
    /// Others come first, in all or at its host.
    case turn
    /// The last attempt failed, and the next one is later.
    case retry
    /// The server asked to be left alone, or failed others too often.
    case serverBusy
    /// There is no network.
    case network
    /// There is no network of the kind that it may use: unmetered, not to be spared, not cellular.
    case unmeteredNetwork
    /// It is discretionary, and the host runs on its battery.
    case externalPower
    /// The disk or the quota is full; it is looked at again by itself.
    case storage
    /// Its hook is not registered in this process (`authorize`), or did not answer.
    case authorizer
    /// It was paused.
    case paused
    /// Another process of the app has the session.
    case otherProcess
}
