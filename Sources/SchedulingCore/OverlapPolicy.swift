// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What happens when a run of a task becomes due while an earlier run of it goes on. Two never run at once.
public enum OverlapPolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// It waits until the earlier run has ended. The default.
    case queue
    /// It is skipped, and history says so.
    case skip
    /// The earlier run is told to stop, with the reason `replaced`, and makes room.
    case replace
}

/// What happens when a request is submitted while one of the same identifier is pending that was never started.
public enum ConflictPolicy: String, Hashable, Sendable, Codable, CaseIterable {
    /// The new one takes its place, as on Apple's systems. The default. A recurring request with the same schedule and no
    /// other earliest date keeps its next instant: programs may submit it at each start.
    case replace
    /// The pending one stays, and the new one is dropped without an error.
    case keep
    /// `submit` throws `notPermitted`; the pending one stays.
    case fail
}
