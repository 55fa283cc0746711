// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation

/// Round instants of local time to write below a timeline.
package struct TimeAxis: Sendable {
    package struct Tick: Hashable, Sendable {
        package let instant: WallTime
        package let label: String
    }

    package let ticks: [Tick]

    private static let steps: [Int64] = [
        60, 300, 900, 1800, 3600, 2 * 3600, 3 * 3600, 6 * 3600, 12 * 3600, 86_400, 2 * 86_400, 7 * 86_400, 14 * 86_400,
        28 * 86_400, 56 * 86_400,
    ]

    /// At most so many.
    package init(from: WallTime, to: WallTime, most: Int, zone: TimeZone) {
        let seconds = max(1, from.distance(to: to).components.seconds)
        let step = TimeAxis.steps.first { seconds / $0 <= Int64(max(1, most)) } ?? seconds
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        var ticks: [Tick] = []
        // Quarters of an hour are round in every zone there is; a change of its rules moves the local hours along.
        let stride = min(step, 900)
        let first = from.microseconds / 1_000_000
        var second = (first / stride) * stride
        let last = to.microseconds / 1_000_000
        while second <= last {
            let date = Date(timeIntervalSince1970: Double(second))
            let local = second + Int64(zone.secondsFromGMT(for: date))
            if second >= first, local.isMultiple(of: step) {
                ticks.append(
                    Tick(
                        instant: WallTime(microseconds: second * 1_000_000),
                        label: TimeAxis.label(
                            calendar.dateComponents([.month, .day, .hour, .minute], from: date), step)))
            }
            second += stride
        }
        self.ticks = ticks
    }

    private static func label(_ parts: DateComponents, _ step: Int64) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let hour = parts.hour ?? 0
        let minute = parts.minute ?? 0
        if step >= 86_400 || (hour == 0 && minute == 0) {
            return "\(parts.day ?? 0) " + months[((parts.month ?? 1) - 1) % 12]
        }
        return "\(hour < 10 ? "0" : "")\(hour):\(minute < 10 ? "0" : "")\(minute)"
    }
}
