// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

/// Files of the tz database (RFC 9636).
func feedZone(_ bytes: [UInt8]) {
    guard let rules = try? ZoneRules(tzif: bytes, name: "Fuzz/Zone") else { return }
    let instants: [Int64] = [.min / 2, -86_400_000_000, 0, 1_767_225_600_000_000, 7_000_000_000_000_000, .max / 2]
    for microseconds in instants {
        let instant = WallTime(microseconds: microseconds)
        hold(abs(rules.offset(at: instant)) <= 26 * 3600, "an offset of \(rules.offset(at: instant)) s")
        _ = rules.instants(of: rules.reading(at: instant))
    }
    guard let daily = try? CalendarSchedule("02:30") else { return }
    var last = WallTime(microseconds: 1_767_225_600_000_000)
    for _ in 0..<4 {
        guard let next = daily.next(after: last, in: rules) else { return }
        hold(next > last, "\(next) is not after \(last)")
        last = next
    }
}
