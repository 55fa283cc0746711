// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Testing

@Suite("A task that outlives its program")
struct LifeOfATaskTests {
    let time = ManualTime()
    let diary = Diary()

    @Test("a submitted task is started by its wake-up at its instant, not before, and the history says so")
    func wokenUp() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "refresh") { context in diary.note(context.identifier) }
        }
        try test.scheduler.submitRefresh("refresh", in: 900, now: time)
        #expect(test.wakeups == [time.date.addingTimeInterval(900)])
        try await test.advance(by: .seconds(899))
        #expect(diary.all.isEmpty)
        try await test.advance(by: .seconds(1))
        #expect(diary.all == ["refresh"])
        #expect(try test.scheduler.outcomes("refresh") == [.succeeded])
        #expect(test.wakeups.isEmpty, "nothing is pending, so nothing is armed")
        #expect(test.launchFailures.isEmpty)
    }

    @Test("a handler that submits itself again runs once each time")
    func repeats() async throws {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "refresh", using: nil) { task in
                diary.note("run")
                try? scheduler.submitRefresh("refresh", in: 3600, now: time)
                task.setTaskCompleted(success: true)
            }
        }
        try test.scheduler.submitRefresh("refresh", in: 3600, now: time)
        try await test.advance(by: .seconds(24 * 3600))
        #expect(diary.all.count == 24)
        #expect(test.launchCount == 24)
        #expect(test.wakeups.count == 1)
    }

    @Test("a task that fails is recorded and not tried again by itself; its launch is no failure")
    func fails() async throws {
        struct Broken: Error {}
        let test = try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in throw Broken() }
            scheduler.register(forTaskWithIdentifier: "b", using: nil) { $0.setTaskCompleted(success: false) }
        }
        try test.scheduler.submitRefresh("a", now: time)
        try test.scheduler.submitProcessing("b", now: time)
        try await test.advance(by: .seconds(3600))
        #expect(try test.scheduler.outcomes("a") == [.failed])
        #expect(try test.scheduler.outcomes("b") == [.failed])
        #expect(test.launchFailures.isEmpty)
    }

    @Test("a run over its budget is told so and ends as expired")
    func budget() async throws {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "slow") { context in
                do {
                    try await time.sleep(for: .seconds(3600))
                } catch {
                    diary.note("\(context.expirationReason!)")
                    throw error
                }
            }
        }
        try test.scheduler.submitRefresh("slow", now: time)
        try await test.advance(by: .seconds(29))
        #expect(diary.all.isEmpty)
        try await test.advance(by: .seconds(1))
        #expect(diary.all == ["its time was used up"])
        #expect(try test.scheduler.outcomes("slow") == [.expired])
    }

    @Test("a task that needs external power waits on battery, says for what, and runs at a re-check when plugged in")
    func power() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "cleanup") { _ in diary.note("ran") }
        }
        test.power = .battery
        try test.scheduler.submitProcessing("cleanup", power: true, now: time)
        try await test.advance(by: .seconds(60))
        let explanation = try test.scheduler.explain("cleanup")
        #expect(explanation.state == .waiting)
        #expect(explanation.reasons.map(\.what) == ["external power"])
        #expect(explanation.description.contains("plug the machine in"))
        test.power = .external
        try await test.advance(by: .seconds(14 * 60 - 1))
        #expect(diary.all.isEmpty)
        try await test.advance(by: .seconds(1))
        #expect(diary.all == ["ran"])
    }

    @Test(
        "sleep cuts a run, holds the host until it has stopped, and the work is finished after waking, no attempt burnt"
    )
    func sleep() async throws {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "work") { context in
                diary.note("attempt \(context.attempt)")
                do {
                    try await time.sleep(for: .seconds(20))
                    diary.note("done")
                } catch {
                    diary.note("cut: \(context.expirationReason!)")
                    throw error
                }
            }
        }
        try test.scheduler.submitRefresh("work", now: time)
        try await test.advance(by: .seconds(5))
        #expect(test.holdsLocks)
        try await test.suspend(for: .seconds(8 * 3600))
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["attempt 1", "cut: the host went to sleep", "attempt 1", "done"])
        #expect(try test.scheduler.outcomes("work") == [.interrupted, .succeeded])
        #expect(!test.holdsLocks)
    }

    @Test("after kill -9 in the middle of a run it runs again by itself, and the history shows both")
    func killed() async throws {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "work") { context in
                diary.note("attempt \(context.attempt)")
                try await time.sleep(for: .seconds(20))
            }
        }
        try test.scheduler.submitRefresh("work", now: time)
        try await test.advance(by: .seconds(5))
        test.crash()
        try await test.advance(by: .seconds(1800))
        #expect(diary.all == ["attempt 1", "attempt 2"])
        #expect(try test.scheduler.outcomes("work") == [.abandoned, .succeeded])
    }

    @Test("a handler that kills its process every time is given up after five attempts")
    func crashLoop() async throws {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "bad") { context in
                diary.note("attempt \(context.attempt)")
                try await time.sleep(for: .seconds(10_000_000))
            }
        }
        try test.scheduler.submitProcessing("bad", now: time)
        // Each process lives for less than the task's budget.
        for _ in 0..<100 {
            try await test.advance(by: .seconds(100))
            test.crash()
        }
        let attempts = (1...5).map { "attempt \($0)" }
        #expect(diary.all == attempts)
        let outcomes: [Outcome] = [.abandoned, .abandoned, .abandoned, .abandoned, .abandoned, .gaveUp]
        #expect(try test.scheduler.outcomes("bad") == outcomes)
    }

    @Test("what was pending when the host died runs once, late; what is due later is armed again")
    func hostDeath() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "missed") { _ in diary.note("missed") }
            scheduler.register(forTaskWithIdentifier: "later") { _ in diary.note("later") }
        }
        try test.scheduler.submitRefresh("missed", in: 600, now: time)
        try test.scheduler.submitProcessing("later", in: 86_400, now: time)
        let due = time.date.addingTimeInterval(86_400)
        try await test.reboot(downFor: .seconds(3600))
        #expect(diary.all == ["missed"])
        #expect(test.wakeups == [due])
        try await test.advance(by: .seconds(86_400))
        #expect(diary.all == ["missed", "later"])
    }

    @Test("a run whose process died is recovered by another that stays, however busy that is")
    func residentRecovers() async throws {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "work") { context in
                diary.note("attempt \(context.attempt)")
                try await time.sleep(for: .seconds(20))
            }
        }
        try test.startResident()
        try await test.advance(by: .zero)
        try test.scheduler.submitRefresh("work", now: time)
        try await test.ring()
        let first = try #require(test.resident)
        try test.startResident()
        try await test.advance(by: .seconds(5))
        first.die()
        try await test.ring()
        try await test.advance(by: .seconds(25))
        #expect(diary.all == ["attempt 1", "attempt 2"])
        #expect(try test.scheduler.outcomes("work") == [.abandoned, .succeeded])
        #expect(test.launchCount == 0)
    }

    @Test("what is submitted after nothing was pending is caught up at boot as well")
    func hostDeathAfterNothing() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in diary.note("a") }
        }
        try test.scheduler.submitRefresh("a", in: 600, now: time)
        test.scheduler.cancel(taskRequestWithIdentifier: "a")
        try test.scheduler.submitRefresh("a", in: 600, now: time)
        try await test.reboot(downFor: .seconds(3600))
        #expect(diary.all == ["a"])
    }

    @Test("a host that dies in the middle of a run burns no attempt")
    func hostDeathInARun() async throws {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "work") { context in
                diary.note("attempt \(context.attempt)")
                try await time.sleep(for: .seconds(20))
            }
        }
        try test.scheduler.submitRefresh("work", now: time)
        try await test.advance(by: .seconds(5))
        try await test.reboot(downFor: .seconds(60))
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["attempt 1", "attempt 1"])
        #expect(try test.scheduler.outcomes("work") == [.interrupted, .succeeded])
    }

    @Test("a resident program runs its own tasks at their instants; systemd does not start a second one")
    func resident() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "tick") { _ in diary.note("tick") }
        }
        try test.startResident()
        try await test.advance(by: .zero)
        try test.scheduler.submitRefresh("tick", in: 60, now: time)
        try await test.ring()
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["tick"])
        #expect(test.launchCount == 0)
        // One that dies before the instant is replaced by systemd, a few seconds late.
        try test.scheduler.submitRefresh("tick", in: 60, now: time)
        test.crash()
        try await test.advance(by: .seconds(70))
        #expect(diary.all == ["tick", "tick"])
        #expect(test.launchCount == 1)
    }

    @Test("where nothing can be armed, run() takes over the runner that a submit started, and later handlers count")
    func takesOver() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in diary.note("a") }
        }
        test.refuseWakeups("the bus is gone")
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        let isRegistered = test.scheduler.register(forTaskWithIdentifier: "b") { [diary] _ in diary.note("b") }
        #expect(isRegistered)
        try test.scheduler.submitProcessing("b", in: 30, now: time)
        let running = Task { [scheduler = test.scheduler] in try await scheduler.run() }
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["b", "a"])
        running.cancel()
        try await running.value
    }

    @Test("a manager that refuses to arm does not lose the request: it is kept, and runs in the process that lives")
    func refusedWakeup() async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in diary.note("a") }
        }
        test.refuseWakeups("the bus is gone")
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        #expect(test.scheduler.backend.warnings.contains { $0.contains("the bus is gone") })
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["a"])
    }
}
