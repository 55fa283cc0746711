// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// The README's example of what goes beyond Apple's requests.

import Scheduling
import SchedulingTesting
import Testing

@Suite("The README's schedule")
struct ReadmeScheduleExample {
    @Test("it is accepted, and kept as it is written")
    func accepted() async throws {
        let host = try TestScheduler { $0.register(forTaskWithIdentifier: "backup") { _ in } }
        let scheduler = host.scheduler
        do {
            // [example]
            let backup = ProcessingTaskRequest(identifier: "backup")
            let nights = try CalendarSchedule.weekly(on: .monday, .thursday, at: .init(2, 30))
            backup.schedule = .calendar(nights, timeZone: "Europe/Warsaw")
            backup.requirements = [.unmeteredNetwork, .batteryNotLow]
            backup.missedRuns = .runOnce
            backup.retry = .exponential(.seconds(60), attempts: 5)
            backup.tags = ["account-1"]
            try backup.setInput(["path": "/srv/photos"])
            try scheduler.submit(backup)
            // [end]
        }
        let kept = try #require(await scheduler.pendingTaskRequests().first)
        #expect(kept.retry == .exponential(.seconds(60), attempts: 5))
        #expect(kept.requirements == [.unmeteredNetwork, .batteryNotLow])
        #expect(try kept.input(as: [String: String].self) == ["path": "/srv/photos"])
        #expect(kept.schedule?.description == "Mon,Thu *-*-* 02:30:00 in Europe/Warsaw")
    }
}
