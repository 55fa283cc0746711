// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The two bounds of a value that trembles: what was good stays so until the value is beyond `lost`, what was bad, or was
/// never looked at, stays so until it is beyond `met`. So a task that has just started is not stopped by a tremble.
package struct Hysteresis: Hashable, Sendable {
    package var lost: Double
    package var met: Double

    /// For a value that is good while it is high.
    package func isLow(_ value: Double, wasLow: Bool?) -> Bool { wasLow == false ? value <= lost : value <= met }

    /// For a value that is good while it is low.
    package func isHigh(_ value: Double, wasHigh: Bool?) -> Bool { wasHigh == false ? value >= lost : value >= met }
}

extension Double {
    /// This as a share, clamped to 0 and 1; nil for what is no number.
    package var share: Double? { isNaN ? nil : Swift.min(Swift.max(0, self), 1) }
}
