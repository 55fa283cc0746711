// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import Scheduling
import SchedulingTesting
import Testing

@Suite("A store that refuses")
struct RefusingStoreTests {
    let time = ManualTime()
    let diary = Diary()

    func makeTest() throws -> TestScheduler {
        try TestScheduler(time: time) { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in diary.note("ran") }
        }
    }

    /// A connection of another program, for mischief.
    func mischief(_ test: TestScheduler, _ sql: String) throws {
        let path = test.directory + "/scheduling.sqlite"
        try Database(path: path, mode: .existing, busyTimeout: .seconds(1)).execute(sql)
    }

    @Test("a launch whose store takes nothing gives up after a few tries, and starts anew only after a pause")
    func launchGivesUp() async throws {
        let test = try makeTest()
        test.power = .battery
        try test.scheduler.submitProcessing("a", in: 10, power: true, now: time)
        try mischief(
            test, "CREATE TRIGGER full BEFORE UPDATE ON occurrences BEGIN SELECT RAISE(FAIL, 'disk full'); END")
        try await test.advance(by: .seconds(60))
        #expect(test.launchFailures.count == 1)
        #expect(test.log.filter { $0.contains("disk full") }.count == 4)
        #expect(!test.wakeups.isEmpty)
        try mischief(test, "DROP TRIGGER full")
        test.power = .external
        try await test.advance(by: .seconds(300))
        #expect(diary.all == ["ran"])
    }

    @Test("what a runner could not record before it gave up is recovered by the next process, while its own lives on")
    func givenUpIsRecovered() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 3600, now: time)
        try mischief(
            test, "CREATE TRIGGER full BEFORE INSERT ON history BEGIN SELECT RAISE(FAIL, 'disk full'); END")
        try test.scheduler.simulateLaunch(forTaskWithIdentifier: "a")
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["ran"])
        try mischief(test, "DROP TRIGGER full")
        try await test.advance(by: .seconds(7200))
        #expect(diary.all == ["ran", "ran"])
        #expect(try test.scheduler.outcomes("a") == [.abandoned, .succeeded])
    }

    @Test("a program that stays and cannot read its store tries again ever later, and runs the task when it can")
    func residentWaits() async throws {
        let test = try makeTest()
        try test.startResident()
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        try await test.ring()
        try mischief(test, "ALTER TABLE occurrences RENAME TO away")
        try await test.advance(by: .seconds(64))
        #expect((1...10).contains(test.log.count), "\(test.log)")
        #expect(diary.all.isEmpty)
        try mischief(test, "ALTER TABLE away RENAME TO occurrences")
        try await test.advance(by: .seconds(120))
        #expect(diary.all == ["ran"])
    }

    @Test("an end that the store refuses is recorded when it can be, before the launch is over, and runs once")
    func endIsKept() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 10, now: time)
        try mischief(
            test, "CREATE TRIGGER full BEFORE DELETE ON occurrences BEGIN SELECT RAISE(FAIL, 'disk full'); END")
        try await test.advance(by: .milliseconds(10_500))
        #expect(diary.all == ["ran"])
        #expect(try test.scheduler.outcomes("a") == [])
        try mischief(test, "DROP TRIGGER full")
        try await test.advance(by: .seconds(3600))
        #expect(diary.all == ["ran"])
        #expect(try test.scheduler.outcomes("a") == [.succeeded])
        #expect(test.launchFailures.isEmpty && test.wakeups.isEmpty, "\(test.launchFailures) \(test.log)")
    }
}
