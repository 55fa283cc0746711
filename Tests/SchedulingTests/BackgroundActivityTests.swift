// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Synchronization
import Testing

@Suite("Background activities of a program")
struct BackgroundActivityTests {
    let time = ManualTime()
    let diary = Diary()
    let test: TestScheduler

    init() throws { test = try TestScheduler(time: time) { _ in } }

    /// Every hour, thirty minutes around it.
    func hourly(_ identifier: String = "org.example.tidy") -> BackgroundActivityScheduler {
        let activity = test.backgroundActivity(identifier: identifier)
        activity.interval = 3600
        activity.repeats = true
        return activity
    }

    /// Schedules a block that notes the minute in which it runs.
    func schedule(
        _ activity: BackgroundActivityScheduler, _ result: BackgroundActivityScheduler.Result = .finished
    ) {
        let start = time.date
        activity.schedule { [diary, time] completion in
            diary.note("\(Int(time.date.timeIntervalSince(start) / 60))")
            completion(result)
        }
    }

    @Test("the defaults are Apple's: once, background quality, a tolerance of half the interval until one is set")
    func defaults() {
        let activity = test.backgroundActivity(identifier: "org.example.tidy")
        #expect(activity.identifier == "org.example.tidy")
        #expect(!activity.repeats)
        #expect(activity.qualityOfService == .background)
        activity.interval = 600
        #expect(activity.tolerance == 300)
        activity.tolerance = 5
        activity.interval = 1200
        #expect(activity.tolerance == 5)
        #expect(BackgroundActivityScheduler.Result.finished.rawValue == 1)
        #expect(BackgroundActivityScheduler.Result.deferred.rawValue == 2)
    }

    @Test("it runs every interval while the program lives, and no process is started for it")
    func repeats() async throws {
        let activity = hourly()
        schedule(activity)
        try await test.advance(by: .seconds(3 * 3600 + 60))
        #expect(diary.all == ["60", "120", "180"])
        #expect(test.wakeups.isEmpty)
        #expect(!test.holdsLocks)
    }

    @Test("one that does not repeat runs once, and can be scheduled again")
    func once() async throws {
        let activity = hourly()
        activity.repeats = false
        schedule(activity)
        try await test.advance(by: .seconds(86_400))
        #expect(diary.all == ["60"])
        schedule(activity)
        try await test.advance(by: .seconds(86_400))
        #expect(diary.all == ["60", "60"])
    }

    @Test("on battery it waits until the end of its window, or until it is plugged in")
    func battery() async throws {
        let activity = hourly()
        test.power = .battery
        schedule(activity)
        try await test.advance(by: .seconds(89 * 60))
        #expect(diary.all.isEmpty)
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["90"])
        try await test.advance(by: .seconds(61 * 60))
        test.power = .external
        try await test.advance(by: .zero)
        #expect(diary.all == ["90", "151"])
    }

    @Test("while it runs, sleep and shutdown wait, and power that is lost asks it to defer")
    func running() async throws {
        let activity = hourly()
        let held = Mutex<(@Sendable (BackgroundActivityScheduler.Result) -> Void)?>(nil)
        let (began, beginning) = AsyncStream<Void>.makeStream()
        activity.schedule { completion in
            held.withLock { $0 = completion }
            beginning.yield()
        }
        #expect(!activity.shouldDefer)
        try await test.advance(by: .seconds(3600), until: .launched)
        for await _ in began { break }
        #expect(test.holdsLocks)
        #expect(!activity.shouldDefer)
        test.power = .battery
        #expect(activity.shouldDefer)
        held.withLock { $0?(.deferred) }
        #expect(!test.holdsLocks)
        test.power = .external
        try await test.advance(by: .seconds(359), until: .launched)
        #expect(!test.holdsLocks)
        try await test.advance(by: .seconds(1), until: .launched)
        for await _ in began { break }
        held.withLock { $0?(.finished) }
    }

    @Test("scheduled while the host goes to sleep, it runs when the host is awake again")
    func goingToSleep() async throws {
        let scheduled = Mutex<BackgroundActivityScheduler?>(nil)
        let later = Mutex<TestScheduler?>(nil)
        let test = try TestScheduler(time: time) { [time, diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in
                do { try await time.sleep(for: .seconds(25)) } catch {
                    let activity = later.withLock { $0?.backgroundActivity(identifier: "org.example.tidy") }
                    activity?.interval = 1
                    activity?.schedule { completion in
                        diary.note("ran")
                        completion(.finished)
                    }
                    scheduled.withLock { $0 = activity }
                    throw error
                }
            }
        }
        later.withLock { $0 = test }
        defer { later.withLock { $0 = nil } }
        try test.scheduler.submitRefresh("a", now: time)
        try await test.advance(by: .seconds(1))
        try await test.suspend(for: .seconds(600))
        try await test.advance(by: .seconds(2))
        #expect(scheduled.withLock { $0 != nil })
        #expect(diary.all == ["ran"])
    }

    @Test("deferred runs come again after a tenth of the interval until one finishes")
    func deferred() async throws {
        let activity = hourly()
        let start = time.date
        activity.schedule { [diary, time] completion in
            diary.note("\(Int(time.date.timeIntervalSince(start) / 60))")
            completion(diary.all.count < 3 ? .deferred : .finished)
        }
        try await test.advance(by: .seconds(140 * 60))
        #expect(diary.all == ["60", "66", "72", "132"])
    }

    @Test("a completion handler that is let go without a call: never again, said once, and no lock is left")
    func neverCompleted() async throws {
        let activity = hourly()
        activity.schedule { [diary] _ in diary.note("ran") }
        try await test.advance(by: .seconds(86_400))
        #expect(diary.all == ["ran"])
        #expect(!test.holdsLocks)
        #expect(test.log.filter { $0.contains("without a call") }.count == 1)
    }

    @Test("properties that are set before the completion handler is called count for the next time")
    func changed() async throws {
        let activity = hourly()
        let start = time.date
        activity.schedule { [diary, time, unowned activity] completion in
            diary.note("\(Int(time.date.timeIntervalSince(start) / 60))")
            activity.interval = 7200
            activity.tolerance = 0
            completion(.finished)
        }
        try await test.advance(by: .seconds(200 * 60))
        #expect(diary.all == ["60", "180"])
    }

    @Test("invalidated, or let go, it runs no more")
    func invalidated() async throws {
        let activity = hourly()
        schedule(activity)
        activity.invalidate()
        var other: BackgroundActivityScheduler? = hourly("org.example.other")
        other.map { schedule($0) }
        other = nil
        try await test.advance(by: .seconds(86_400))
        #expect(diary.all.isEmpty)
    }

    @Test("scheduled again while it waits, the new block runs instead of the old one")
    func again() async throws {
        let activity = hourly()
        activity.schedule { [diary] completion in
            diary.note("old")
            completion(.finished)
        }
        schedule(activity)
        try await test.advance(by: .seconds(3600))
        #expect(diary.all == ["60"])
    }

    @Test(
        "what cannot be scheduled is said, and never runs",
        arguments: [("", 60.0), ("org.example.a", 0.0), ("org.example.a", -1.0), ("org.example.a", .nan)])
    func mistakes(identifier: String, interval: TimeInterval) async throws {
        let activity = test.backgroundActivity(identifier: identifier)
        activity.interval = interval
        activity.repeats = true
        schedule(activity)
        try await test.advance(by: .seconds(3600))
        #expect(diary.all.isEmpty)
        #expect(test.log.filter { $0.contains("never runs") }.count == 1)
    }

    // MARK: Launches

    @Test("a launch soon after a run does not run it again; the interval counts from that run")
    func relaunchSoon() async throws {
        schedule(hourly())
        let activity = hourly()
        schedule(activity)
        try await test.advance(by: .seconds(3600))
        #expect(diary.all == ["60"])
        test.crash()
        try await test.advance(by: .seconds(600))
        let next = hourly()
        schedule(next)
        try await test.advance(by: .seconds(49 * 60))
        #expect(diary.all == ["60"])
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["60", "50"])
    }

    @Test("one whose date passed while no process lived runs at launch, and then an interval later")
    func relaunchLate() async throws {
        schedule(hourly())
        test.crash()
        try await test.advance(by: .seconds(5 * 3600))
        let activity = hourly()
        schedule(activity)
        try await test.advance(by: .zero)
        #expect(diary.all == ["0"])
        try await test.advance(by: .seconds(3600))
        #expect(diary.all == ["0", "60"])
    }

    @Test("of two processes of the program, one runs it")
    func twoProcesses() async throws {
        let one = hourly()
        schedule(one)
        let other = hourly()
        schedule(other)
        try await test.advance(by: .seconds(2 * 3600))
        #expect(diary.all == ["60", "120"])
    }

    @Test("one that died in its run counts as having run")
    func diedInRun() async throws {
        let activity = hourly()
        let (began, beginning) = AsyncStream<Void>.makeStream()
        activity.schedule { completion in
            beginning.yield()
            withExtendedLifetime(completion) {}
        }
        try await test.advance(by: .seconds(3600), until: .launched)
        for await _ in began { break }
        test.crash()
        let next = hourly()
        schedule(next)
        try await test.advance(by: .seconds(3599))
        #expect(diary.all.isEmpty)
        try await test.advance(by: .seconds(1))
        #expect(diary.all == ["60"])
    }
}
