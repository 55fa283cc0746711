// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How busy the machine is.
public struct SystemLoad: Hashable, Sendable {
    /// The share of the last minute in which work had to wait for the processors, the disks or memory: from 0 to 1.
    public let level: Double
    /// Whether that is much: lost at 40 percent and above, met again below 20.
    public let isHigh: Bool

    package static let hysteresis = Hysteresis(lost: 0.40, met: 0.20)

    /// Nil for what is no number.
    package init?(level: Double, before: SystemLoad?) {
        guard let level = level.share else { return nil }
        self.level = level
        isHigh = SystemLoad.hysteresis.isHigh(level, wasHigh: before?.isHigh)
    }
}
