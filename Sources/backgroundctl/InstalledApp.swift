// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import SchedulingStore

/// An app of which something is installed on this host: a unit file, a store, or both.
struct InstalledApp: Hashable, Sendable {
    var identifier: String
    /// The template that starts it; nil for one that has never used systemd.
    var unitFile: String?
    var executable: String?
    /// Whether the unit file says what it starts.
    var isReadable = true
    /// Whether it is word for word what the library wrote.
    var isAsWritten = true
    var stateDirectory: StateDirectory
}
