// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Testing

/// How long these take is what `SchedulingTesting` promises: a month in a moment.
@Suite("A month on a simulated host")
struct MonthTests {
    let time = ManualTime()

    private func month(of schedule: TaskSchedule) async throws -> TestScheduler {
        let test = try TestScheduler(time: time) { [time] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in try await time.sleep(for: .seconds(20)) }
        }
        let request = ProcessingTaskRequest(identifier: "a")
        request.schedule = schedule
        try test.scheduler.submit(request)
        try await test.advance(by: .seconds(30 * 86_400 - 1))
        return test
    }

    @Test("of an hourly task: 720 launches, 720 runs, each at its instant")
    func hourly() async throws {
        let test = try await month(of: .every(.seconds(3600)))
        let runs = try test.scheduler.history(for: "a", limit: 1000)
        #expect(runs.count == 720 && test.launchCount == 720)
        #expect(runs.allSatisfy { $0.outcome == .succeeded && $0.startDate == $0.scheduledDate })
    }

    @Test("of a daily task: 30 launches, 30 runs")
    func daily() async throws {
        let test = try await month(of: .every(.seconds(86_400)))
        #expect(try test.scheduler.history(for: "a", limit: 1000).count == 30 && test.launchCount == 30)
    }
}
