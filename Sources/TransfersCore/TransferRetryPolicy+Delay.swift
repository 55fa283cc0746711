// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

extension TransferRetryPolicy {
    /// Seconds until the next attempt after so many without progress: exponential, with full jitter, so that those who
    /// failed together do not come back together.
    package func delay(attempts: Int, random: inout some RandomNumberGenerator) -> Double {
        let base = base.isFinite ? max(base, 0) : 1
        let longest = longest.isFinite ? max(longest, 0) : 600
        var most = min(base, longest)
        for _ in 1..<max(attempts, 1) where most < longest { most = min(most * 2, longest) }
        return most > 0 ? Double.random(in: 0...most, using: &random) : 0
    }

    /// As it is written down: numbers that make no sense are what they count as.
    package var plain: TransferRetryPolicy {
        TransferRetryPolicy(
            maximumAttempts: attemptsAllowed, base: base.isFinite ? max(base, 0) : 1,
            longest: longest.isFinite ? max(longest, 0) : 600, longestRetryAfter: longestHeeded)
    }

    /// At least one.
    package var attemptsAllowed: Int { max(maximumAttempts, 1) }

    package var longestHeeded: Double { longestRetryAfter.isFinite ? max(longestRetryAfter, 0) : 86_400 }
}
