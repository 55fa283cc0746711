// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What happens after a run that failed: whether it is tried again, when, and how often.
public struct RetryPolicy: Hashable, Sendable, Codable, CustomStringConvertible {
    package enum Growth: String, Hashable, Sendable, Codable { case linear, exponential }
    /// Microseconds.
    package let delay: Int64
    package let maximumDelay: Int64
    package let growth: Growth
    package let attempts: Int
    package let jitter: Double

    /// A failed run stays failed. The default, and Apple's rule.
    public static let never = RetryPolicy(delay: 0, maximumDelay: 0, growth: .linear, attempts: 1, jitter: 0)

    /// After `delay`, then after twice, three times `delay` and so on, at most `maximum` each time; `attempts` runs in all.
    ///
    /// `jitter` is the part of each delay, from 0 to 1, that is random: many machines do not come back in the same second.
    public static func linear(
        _ delay: Duration = .seconds(30), maximum: Duration = .seconds(5 * 3600), attempts: Int = 5,
        jitter: Double = 0.1
    ) -> RetryPolicy {
        RetryPolicy(
            delay: delay.clampedMicroseconds, maximumDelay: maximum.clampedMicroseconds, growth: .linear,
            attempts: attempts, jitter: jitter)
    }

    /// After `delay`, and twice as long each time, at most `maximum`; `attempts` runs in all. `jitter` as for `linear`.
    public static func exponential(
        _ delay: Duration = .seconds(30), maximum: Duration = .seconds(5 * 3600), attempts: Int = 5,
        jitter: Double = 0.1
    ) -> RetryPolicy {
        RetryPolicy(
            delay: delay.clampedMicroseconds, maximumDelay: maximum.clampedMicroseconds, growth: .exponential,
            attempts: attempts, jitter: jitter)
    }

    /// How long to wait after the `attempt`-th run (from 1) failed. The same seed gives the same jitter.
    package func delay(after attempt: Int, seed: UInt64) -> Duration {
        let step = max(1, attempt)
        let grown: (Int64, Bool) =
            switch growth {
            case .linear: delay.multipliedReportingOverflow(by: Int64(step))
            case .exponential: delay.multipliedReportingOverflow(by: 1 << Int64(min(step - 1, 40)))
            }
        let whole = min(grown.1 ? maximumDelay : grown.0, maximumDelay)
        let random = Double(SeededHash.mix(seed &+ UInt64(step)) >> 11) / Double(1 << 53)
        return .microseconds(whole - Int64(Double(whole) * jitter * random))
    }

    /// A few words for people.
    public var description: String {
        if attempts <= 1 { return "not tried again" }
        return "tried \(attempts) times, after \(Duration.microseconds(delay).spoken), \(growth.rawValue)"
    }

    package func validate() throws(SchedulingFailure) {
        guard self != .never else { return }
        guard delay >= 0, maximumDelay >= delay, (1...1_000_000).contains(attempts), jitter >= 0, jitter <= 1 else {
            throw .impossible(
                "retry policy", description,
                "Use delays from zero up to the maximum, 1 to 1,000,000 attempts and a jitter from 0 to 1.")
        }
    }
}
