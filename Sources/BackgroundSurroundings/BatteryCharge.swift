// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How full the machine's battery is.
public struct BatteryCharge: Hashable, Sendable {
    /// From 0 (empty) to 1 (full); nil: there is no battery, or it does not say.
    public let level: Double?
    /// Whether little is left: lost at 15 percent and below, met again above 20; or as UPower warns.
    public let isLow: Bool

    package static let hysteresis = Hysteresis(lost: 0.15, met: 0.20)

    package init(level: Double?, isLow: Bool) {
        self.level = level.flatMap(\.share)
        self.isLow = isLow
    }

    /// Judges a level by the bounds, and by what was found `before`.
    package init(level: Double, before: BatteryCharge?) {
        let level = level.share
        self.level = level
        isLow = level.map { BatteryCharge.hysteresis.isLow($0, wasLow: before?.isLow) } ?? false
    }
}
