// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What an async handler throws to be run again: `throw TaskRetry(after: .seconds(60))`.
///
/// The run counts as failed and burns an attempt. It is tried again after this time as long as attempts are left: those of
/// the request's retry policy, else `Configuration.maximumAttempts`.
public struct TaskRetry: Error, Hashable, Sendable {
    /// How long to wait at least; more than a year counts as one.
    public let delay: Duration

    /// Another try, after this time at the earliest.
    public init(after delay: Duration) { self.delay = delay }
}
