// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// When a failed attempt is made again: exponential, with full jitter, so that those who failed together do not come back
/// together. What a server asks for (`Retry-After`) is heeded first. Waiting for a network, or for room on a full disk, is no
/// attempt.
public struct TransferRetryPolicy: Sendable, Hashable, Codable {
    /// Attempts without any progress before the transfer fails, the first one included; progress counts anew. Less than 1
    /// counts as 1.
    public var maximumAttempts: Int
    /// Seconds: the first delay at most, doubled each time. Negative counts as 0, infinite as 1.
    public var base: Double
    /// Seconds: the longest delay. Negative counts as 0, infinite as 600.
    public var longest: Double
    /// Seconds: the longest `Retry-After` that is heeded. Negative counts as 0, infinite as a day.
    public var longestRetryAfter: Double

    /// Ten attempts, after 1 s to 10 min, and servers are heeded for up to a day.
    public init(
        maximumAttempts: Int = 10, base: Double = 1, longest: Double = 600, longestRetryAfter: Double = 86_400
    ) {
        self.maximumAttempts = maximumAttempts
        self.base = base
        self.longest = longest
        self.longestRetryAfter = longestRetryAfter
    }

    /// One attempt, and then the program decides: a full disk is not waited for either.
    public static let never = TransferRetryPolicy(maximumAttempts: 1)

    /// Up to so many attempts without progress.
    public static func upTo(_ attempts: Int) -> TransferRetryPolicy { TransferRetryPolicy(maximumAttempts: attempts) }
}
