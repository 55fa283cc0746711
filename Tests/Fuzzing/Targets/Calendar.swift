// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

/// Calendar schedules in words, and the instants that they name.
func feedCalendar(_ text: String) {
    let schedule: CalendarSchedule
    do {
        schedule = try CalendarSchedule(text)
    } catch {
        hold(!error.cause.isEmpty && !error.remedy.isEmpty, "a failure that does not help")
        return
    }
    let words = schedule.description
    guard let again = try? CalendarSchedule(words) else {
        fatalError("\(text.debugDescription) tells itself as \(words)")
    }
    hold(again == schedule, "\(words) is another schedule than \(text.debugDescription)")
    var instant = WallTime(microseconds: 1_767_225_600_000_000)
    for _ in 0..<3 {
        guard let next = schedule.next(after: instant, in: ZoneRules()) else { break }
        hold(next > instant, "\(words): \(next) is not after \(instant)")
        hold(schedule.previous(atOrBefore: next, in: ZoneRules()) == next, "\(words): \(next) is not found backwards")
        hold(schedule.count(after: instant, through: next, in: ZoneRules()) == 1, "\(words): not one until \(next)")
        instant = next
    }
}
