// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Testing

@Suite("Clocks that move")
struct ClockTests {
    let time = ManualTime()
    let diary = Diary()

    func makeTest() throws -> TestScheduler {
        try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in diary.note("\(time.date.timeIntervalSince1970)") }
        }
    }

    @Test("a clock that is set forward over an instant starts the task at once, and once")
    func forward() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 3600, now: time)
        try await test.stepWallClock(by: .seconds(7200))
        #expect(diary.all == ["\(time.date.timeIntervalSince1970)"])
        try await test.advance(by: .seconds(86_400))
        #expect(try test.scheduler.outcomes("a") == [.succeeded])
    }

    @Test("a clock that is set back makes a task wait for its instant, and it runs once")
    func back() async throws {
        let test = try makeTest()
        let instant = time.date.addingTimeInterval(3600)
        try test.scheduler.submitRefresh("a", in: 3600, now: time)
        try await test.advance(by: .seconds(1800))
        try await test.stepWallClock(by: .seconds(-7200))
        try await test.advance(by: .seconds(7200 + 1799))
        #expect(diary.all.isEmpty)
        try await test.advance(by: .seconds(86_400))
        #expect(diary.all == ["\(instant.timeIntervalSince1970)"])
        #expect(try test.scheduler.outcomes("a") == [.succeeded])
    }

    @Test("a wake-up that fired, with none after it to be had, is not relied on when the clock is set back before it")
    func backBeforeTheLast() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            for name in ["a", "later", "more"] {
                scheduler.register(forTaskWithIdentifier: name) { _ in diary.note(name) }
            }
        }
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        try test.scheduler.submitProcessing("later", in: 7200, now: time)
        test.refuseWakeups("the bus is gone")
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["a"])
        try await test.stepWallClock(by: .seconds(-40))
        test.refuseWakeups(nil)
        test.forgetEvents()
        try test.scheduler.submitProcessing("more", in: 3600, now: time)
        #expect(test.events.contains { $0.kind == .wakeupMoved }, "\(test.events)")
    }

    @Test("an instant that passed while the host slept is served once, when it is awake again")
    func slept() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 3600, now: time)
        try await test.suspend(for: .seconds(8 * 3600))
        try await test.advance(by: .seconds(86_400))
        #expect(try test.scheduler.outcomes("a") == [.succeeded])
        #expect(test.launchCount == 1)
    }

    @Test("a task that was submitted under a wrong clock keeps its distance from now, and history says so")
    func wrongClock() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 3600, now: time)
        try await test.stepWallClock(by: .seconds(-10 * 365 * 86_400))
        #expect(try test.scheduler.outcomes("a") == [.clockMoved])
        #expect(test.wakeups == [time.date.addingTimeInterval(3600)])
        try await test.reboot(downFor: .seconds(60))
        #expect(test.wakeups == [time.date.addingTimeInterval(3540)])
        try await test.advance(by: .seconds(3600))
        #expect(try test.scheduler.outcomes("a") == [.clockMoved, .succeeded])
    }
}
