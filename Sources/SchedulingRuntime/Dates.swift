// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import SchedulingCore

extension Date {
    package init(_ instant: WallTime) {
        self.init(timeIntervalSince1970: Double(instant.microseconds) / 1_000_000)
    }
}

extension WallTime {
    /// The instant of a date, rounded to the next microsecond, or nil if it is no number or beyond the year 9999.
    package init?(_ date: Date) {
        let seconds = date.timeIntervalSince1970
        guard seconds.isFinite, seconds < 253_402_300_800 else { return nil }  // 10000-01-01T00:00:00Z
        // Rounded up, because a task never starts early. Everything in the past is due at once.
        self.init(microseconds: seconds <= 0 ? 0 : Int64((seconds * 1_000_000).rounded(.up)))
    }
}

extension HistoryEntry {
    /// The instant that was asked for; nil for a row about a whole launch.
    public var scheduledDate: Date? { scheduled.map { Date($0) } }
    /// When the handler was started; nil if it was not.
    public var startDate: Date? { started.map { Date($0) } }
    /// When it ended, or when this was recorded.
    public var endDate: Date { Date(ended) }
}

extension Observed {
    /// When it was seen.
    public var date: Date { Date(at) }
}
