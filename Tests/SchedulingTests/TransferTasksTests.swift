// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Scheduling
import SchedulingRuntime
import SchedulingTesting
import Testing

/// The task of a transfer session, as the session sees it.
@Suite("Tasks of transfer sessions")
struct TransferTasksTests {
    let time = ManualTime()
    let diary = Diary()

    /// Its handler works for so long, which may be more than any budget.
    private func makeTest(working seconds: Int = 0, limits: RequestLimits = .apple) throws -> TestScheduler {
        try TestScheduler(time: time, configuration: .init(limits: limits)) { [diary, time] scheduler in
            scheduler.registerTransfers("photos") { context in
                diary.note("\(context.identifier) \(context.attempt)")
                do {
                    try await time.sleep(for: .seconds(seconds))
                    diary.note("done")
                } catch {
                    diary.note("\(context.expirationReason.map(String.init(describing:)) ?? "no reason")")
                    throw error
                }
            }
            scheduler.register(forTaskWithIdentifier: "a") { _ in }
        }
    }

    private func wall(in seconds: Int) -> WallTime { time.now().wall.advanced(by: .seconds(seconds)) }

    @Test("it moves without a word in history, back and forth, and one wake-up moves with it")
    func moves() async throws {
        let test = try makeTest()
        for seconds in [60, 40, 600, 20, 60] {
            try test.scheduler.scheduleTransfers("photos", at: wall(in: seconds))
            #expect(test.wakeups == [time.date.addingTimeInterval(Double(seconds))])
        }
        #expect(try test.scheduler.history().isEmpty)
        try await test.advance(by: .seconds(59))
        #expect(diary.all.isEmpty && test.launchCount == 0)
        try await test.advance(by: .seconds(1))
        #expect(diary.all == ["background.transfers.photos 1", "done"])
        #expect(try test.scheduler.outcomes("background.transfers.photos") == [.succeeded])
        try test.scheduler.scheduleTransfers("photos", at: wall(in: 60))
        try test.scheduler.scheduleTransfers("photos", at: nil)
        #expect(test.wakeups.isEmpty)
        #expect(try test.scheduler.history().count == 1)
    }

    @Test("no limit counts it, nobody's list shows it, and cancelling all leaves it")
    func isApart() async throws {
        let test = try makeTest(limits: .init(total: 1))
        try test.scheduler.scheduleTransfers("photos", at: wall(in: 60))
        try test.scheduler.submitRefresh("a", in: 600, now: time)
        let pending = await test.scheduler.pendingTaskRequests()
        #expect(pending.map(\.identifier) == ["a"])
        test.scheduler.cancelAllTaskRequests()
        let left = await test.scheduler.pendingTaskRequests()
        #expect(left.isEmpty)
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["background.transfers.photos 1", "done"])
    }

    @Test("no budget ends it; sleep does, with its reason, and it goes on afterwards")
    func hasNoBudget() async throws {
        let test = try makeTest(working: 36_000)
        try test.scheduler.scheduleTransfers("photos", at: wall(in: 0))
        try await test.advance(by: .seconds(7200))
        #expect(diary.all == ["background.transfers.photos 1"])
        try await test.suspend(for: .seconds(60))
        try await test.advance(by: .seconds(35_000))
        #expect(
            diary.all == ["background.transfers.photos 1", "the host went to sleep", "background.transfers.photos 1"])
        try await test.advance(by: .seconds(1000))
        #expect(diary.all.last == "done")
        #expect(try test.scheduler.outcomes("background.transfers.photos") == [.interrupted, .succeeded])
    }

    @Test("without network it waits; a handler that comes when the program runs already counts as well")
    func waitsForNetwork() async throws {
        let test = try makeTest()
        test.network = .offline
        try test.startResident()
        try await test.advance(by: .seconds(1))
        let scheduler = try #require(test.resident)
        let isFirst = scheduler.registerTransfers("late") { [diary] _ in diary.note("late") }
        let isSecond = scheduler.registerTransfers("late") { _ in }
        #expect(isFirst && !isSecond)
        try scheduler.scheduleTransfers("late", at: wall(in: 0), requirements: .network)
        try await test.advance(by: .seconds(60))
        #expect(diary.all.isEmpty)
        test.network = .online
        try await test.advance(by: .zero)
        #expect(diary.all == ["late"])
    }
}
