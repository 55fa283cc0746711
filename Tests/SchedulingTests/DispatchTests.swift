// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import Scheduling
import SchedulingTesting
import Testing

/// Where nothing can start the program: the Dispatch adapter, with the real runtime and store.
@Suite("Without a service manager")
struct DispatchTests {
    let time = ManualTime()
    let diary = Diary()

    private func makeTest(lasting seconds: Int = 0) throws -> TestScheduler {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            for name in ["a", "b"] {
                scheduler.register(forTaskWithIdentifier: name) { context in
                    diary.note("\(name) \(context.attempt)")
                    if seconds > 0 { try await time.sleep(for: .seconds(seconds)) }
                    diary.note("\(name) done")
                }
            }
        }
        test.loseServiceManager()
        return test
    }

    @Test("what is submitted runs in the process that lives, at its instant and not before, and history says so")
    func runsInTheProcess() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        #expect(test.scheduler.backend.kind == .dispatch)
        try await test.advance(by: .seconds(59))
        #expect(diary.all.isEmpty)
        try await test.advance(by: .seconds(1))
        #expect(diary.all == ["a 1", "a done"])
        #expect(try test.scheduler.outcomes("a") == [.succeeded])
        #expect(test.launchCount == 0 && test.wakeups.isEmpty)
    }

    @Test("what was missed while no process lived runs once, late, as soon as the next one submits anything")
    func submitCatchesUp() async throws {
        let test = try makeTest()
        try test.scheduler.submitProcessing("a", in: 60, now: time)
        test.crash()
        try await test.advance(by: .seconds(3600))
        _ = try test.scheduler.history()  // a process that asks only; it does not stay to run anything
        try await test.advance(by: .seconds(60))
        #expect(diary.all.isEmpty)
        try test.scheduler.submitProcessing("b", in: 600, now: time)
        try await test.advance(by: .zero)
        #expect(diary.all == ["a 1", "a done"])
        try await test.advance(by: .seconds(600))
        #expect(diary.all == ["a 1", "a done", "b 1", "b done"])
        #expect(try test.scheduler.outcomes("a") == [.succeeded])
    }

    @Test("run() catches up by itself, before anything is submitted")
    func runCatchesUp() async throws {
        let test = try makeTest()
        try test.scheduler.submitProcessing("a", in: 60, now: time)
        try test.scheduler.submitProcessing("b", in: 7200, now: time)
        test.crash()
        try await test.advance(by: .seconds(3600))
        try test.startResident()
        try await test.advance(by: .zero)
        #expect(diary.all == ["a 1", "a done"])
        try await test.advance(by: .seconds(3600))
        #expect(diary.all == ["a 1", "a done", "b 1", "b done"])
    }

    @Test("a run that died with its process is tried again by the next one, and both are in the history")
    func deathInARun() async throws {
        let test = try makeTest(lasting: 20)
        try test.scheduler.submitProcessing("a", now: time)
        try await test.advance(by: .seconds(10))
        test.crash()
        try await test.advance(by: .seconds(100))
        try test.startResident()
        try await test.advance(by: .seconds(60))
        #expect(diary.all.filter { $0 != "a done" } == ["a 1", "a 2"])
        #expect(try test.scheduler.outcomes("a") == [.abandoned, .succeeded])
    }

    @Test(
        "a reboot in a run burns no attempt, sleep cuts a run and it goes on afterwards, a stepped clock starts what is due"
    )
    func sleepRebootAndClock() async throws {
        let test = try makeTest(lasting: 20)
        try test.scheduler.submitProcessing("a", now: time)
        try await test.advance(by: .seconds(10))
        try await test.suspend(for: .seconds(3600))
        try await test.advance(by: .seconds(5))
        #expect(diary.all == ["a 1", "a 1"])
        try await test.reboot(downFor: .seconds(60))
        try test.startResident()
        try await test.advance(by: .seconds(20))
        #expect(diary.all == ["a 1", "a 1", "a 1", "a done"])
        #expect(try test.scheduler.outcomes("a") == [.interrupted, .interrupted, .succeeded])
        try test.resident?.submitProcessing("b", in: 3600, now: time)
        try await test.stepWallClock(by: .seconds(3600))
        #expect(diary.all.last == "b 1")
    }

    @Test("a task whose condition is lost waits, and runs in the process that sees it come back")
    func conditions() async throws {
        let test = try makeTest()
        test.power = .battery
        try test.scheduler.submitProcessing("a", power: true, now: time)
        try await test.advance(by: .seconds(60))
        #expect(diary.all.isEmpty)
        #expect(try test.scheduler.explain("a").state == .waiting)
        test.power = .external
        try await test.advance(by: .zero)
        #expect(diary.all == ["a 1", "a done"])
    }

    @Test(
        "a wake-up that a service manager held, or that was stopped by hand, covers nothing here",
        arguments: ["", "1"])
    func leftovers(generation: String) async throws {
        let test = try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in diary.note("a") }
            scheduler.register(forTaskWithIdentifier: "b") { _ in diary.note("b") }
        }
        try test.scheduler.submitProcessing("a", in: 60, now: time)
        try Database(path: test.directory + "/scheduling.sqlite", mode: .existing, busyTimeout: .seconds(1))
            .execute("UPDATE wakeup SET generation = '\(generation)'")
        test.loseServiceManager()
        try test.scheduler.submitProcessing("b", in: 120, now: time)
        try await test.advance(by: .seconds(120))
        #expect(diary.all == ["a", "b"])
    }
}
