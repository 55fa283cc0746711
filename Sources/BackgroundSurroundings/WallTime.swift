// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// An instant of civil time in UTC, in microseconds since 1970: what is persisted, and what people mean by "at".
///
/// The clock behind it can be stepped. Whatever must not notice a step is measured on `Moment.boot` or `.awake`.
public struct WallTime: Hashable, Comparable, Sendable {
    package var microseconds: Int64

    package init(microseconds: Int64) { self.microseconds = microseconds }

    package static let distantPast = WallTime(microseconds: .min)
    package static let distantFuture = WallTime(microseconds: .max)
    package static let epoch = WallTime(microseconds: 0)

    /// Whether the left instant comes first.
    public static func < (left: WallTime, right: WallTime) -> Bool { left.microseconds < right.microseconds }

    /// This instant moved by a duration; it stops at the ends instead of overflowing.
    package func advanced(by duration: Duration) -> WallTime {
        let (sum, overflow) = microseconds.addingReportingOverflow(duration.clampedMicroseconds)
        guard overflow else { return WallTime(microseconds: sum) }
        return duration < .zero ? .distantPast : .distantFuture
    }

    /// How far `other` lies ahead of this instant (negative: behind).
    package func distance(to other: WallTime) -> Duration {
        let (difference, overflow) = other.microseconds.subtractingReportingOverflow(microseconds)
        guard overflow else { return .microseconds(difference) }
        return .microseconds(other < self ? Int64.min : Int64.max)
    }
}

extension Duration {
    /// The whole microseconds in this duration, clamped to what `Int64` holds.
    package var clampedMicroseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, overflowed) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000)
        if overflowed { return seconds < 0 ? .min : .max }
        return sum
    }
}

/// As one number: microseconds since 1970 in UTC.
extension WallTime: Codable {
    /// Reads the number.
    public init(from decoder: any Decoder) throws {
        microseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes the number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microseconds)
    }
}
