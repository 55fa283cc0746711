// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling
import SchedulingTesting
import Synchronization
import Testing

@Suite("Schedules under trial: set clocks, other zones, simulated launches, retries beside the grid")
struct ScheduleTrialsTests {
    /// Friday, 27 March 2026, 12:00 UTC.
    private static let march = Date(timeIntervalSince1970: 1_774_612_800)
    private let diary = Diary()
    private struct Failed: Error {}

    private func host(
        _ time: ManualTime,
        _ handle: @escaping @Sendable (TaskContext, ManualTime) async throws -> Void = { _, _ in }
    ) throws -> TestScheduler {
        let (diary, start) = (diary, time.date)
        return try TestScheduler(time: time, configuration: .init(limits: .unlimited)) { scheduler in
            for identifier in ["a", "b"] {
                scheduler.register(forTaskWithIdentifier: identifier) { context in
                    diary.note("\(identifier) \(Int(time.date.timeIntervalSince(start)))")
                    try await handle(context, time)
                }
            }
        }
    }

    private func request(_ identifier: String, _ schedule: TaskSchedule? = nil) -> ProcessingTaskRequest {
        let request = ProcessingTaskRequest(identifier: identifier)
        request.schedule = schedule
        return request
    }

    /// Commits so far: the counter in the index of SQLite's log (https://www.sqlite.org/walformat.html, "iChange").
    private func commits(_ host: TestScheduler) throws -> UInt32 {
        let index = try Data(contentsOf: URL(fileURLWithPath: host.directory + "/scheduling.sqlite-shm"))
        return index.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self) }
    }

    // MARK: Clocks

    private static let steps: [Duration] = [
        .seconds(1), .seconds(-1), .seconds(3600), .seconds(-3600), .seconds(-1_774_612_800), .seconds(5_483_505_600),
    ]

    @Test(
        "the clock is set and set back during a run: few commits, the run ends once, and the grid goes on",
        arguments: steps)
    func duringARun(_ step: Duration) async throws {
        let isLong = Mutex(true)
        let time = ManualTime(date: Self.march)
        let host = try host(time) { context, time in
            let first = isLong.withLock { isLong in
                defer { isLong = false }
                return isLong
            }
            if first { try await time.sleep(for: .seconds(500)) }
        }
        try host.scheduler.submit(request("a", .every(.seconds(7200))))
        try host.scheduler.submit(request("b", .calendar(try .daily(at: .init(2, 30)), timeZone: "Europe/Warsaw")))
        try await host.advance(by: .seconds(300))
        #expect(diary.all == ["a 0"])
        let before = try commits(host)
        try await host.stepWallClock(by: step)
        let there = try commits(host)
        try await host.stepWallClock(by: .zero - step)
        let back = try commits(host)
        #expect(there > before && there - before < 20)
        #expect(back - there < 20)
        try await host.advance(by: .seconds(300))
        // Set anew in 1970, its next instant is long past when the clock is right again: by the rule it comes at once.
        let isEarly = step < .seconds(-86_400)
        #expect(try host.scheduler.outcomes("a").filter { $0 == .succeeded }.count == (isEarly ? 2 : 1))
        #expect(host.wakeups.count == 1)
        let ran = diary.all.count
        try await host.advance(by: .seconds(86_400))
        #expect((11...13).contains(diary.all.suffix(from: ran).filter { $0.hasPrefix("a") }.count))
        #expect(diary.all.suffix(from: ran).filter { $0.hasPrefix("b") }.count == 1)
        #expect(host.launchFailures.isEmpty)
    }

    @Test("a run that began under a clock of the year 2200 is tried again soon, not in the year 2200")
    func retriedAfterTheWrongClock() async throws {
        let time = ManualTime(date: Date(timeIntervalSince1970: 7_258_118_400))
        let host = try host(time) { context, time in
            try await time.sleep(for: .seconds(600))
            if context.attempt == 1 { throw Failed() }
        }
        let request = request("a", .every(.seconds(86_400)))
        request.retry = .linear(.seconds(300), jitter: 0)
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(100))
        try await host.stepWallClock(by: .seconds(-5_483_505_600))
        try await host.advance(by: .seconds(500 + 300 + 700))
        #expect(try host.scheduler.outcomes("a") == [.clockMoved, .failed, .clockMoved, .succeeded])
        try await host.advance(by: .seconds(86_400))
        #expect(diary.all.count >= 3)
    }

    // MARK: Zones

    @Test("a local schedule never comes before its earliest date, whatever is counted anew")
    func earliest() async throws {
        let time = ManualTime(date: Self.march)
        let host = try host(time)
        let nightly = request("a", .calendar(try .daily(at: .init(18))))
        nightly.earliestBeginDate = time.date.addingTimeInterval(10 * 86_400)
        try host.scheduler.submit(nightly)
        let other = request("b")
        other.earliestBeginDate = time.date.addingTimeInterval(60)
        try host.scheduler.submit(other)
        try await host.advance(by: .seconds(60))
        #expect(host.wakeups.map { $0.formatted(.iso8601) } == ["2026-04-06T18:00:00Z"])
        try host.scheduler.submit(request("a", .calendar(try .daily(at: .init(18)))))
        try await host.changeTimeZone("Asia/Tokyo")
        #expect(host.wakeups.map { $0.formatted(.iso8601) } == ["2026-04-07T09:00:00Z"])
        try await host.changeTimeZone("Europe/Warsaw")
        #expect(host.wakeups.map { $0.formatted(.iso8601) } == ["2026-04-06T16:00:00Z"])
    }

    // MARK: Submitting again

    @Test("the same schedule submitted again at a start launches nothing")
    func submittedAgain() async throws {
        let time = ManualTime(date: Self.march)
        let host = try host(time)
        try host.scheduler.submit(request("a", .every(.seconds(3600))))
        try await host.advance(by: .seconds(1000))
        let (launches, wakeups) = (host.launchCount, host.wakeups)
        try host.scheduler.submit(request("a", .every(.seconds(3600))))
        let kept = request("a")
        kept.conflict = .keep
        try host.scheduler.submit(kept)
        try await host.advance(by: .seconds(60))
        #expect(host.launchCount == launches)
        #expect(host.wakeups == wakeups)
        try await host.advance(by: .seconds(3000))
        #expect(diary.all == ["a 0", "a 3600"])
    }

    @Test("a schedule submitted again by its handler goes on, and one that runs is listed", arguments: [true, false])
    func submittedInside(_ isGrid: Bool) async throws {
        let time = ManualTime(date: Self.march)
        let schedule: TaskSchedule = isGrid ? .every(.seconds(1000)) : .after(.seconds(1000))
        let again = Mutex<(@Sendable () throws -> Void)?>(nil)
        let host = try host(time) { _, time in
            try await time.sleep(for: .seconds(100))
            try again.withLock { $0 }?()
        }
        again.withLock { action in
            action = { [scheduler = host.scheduler] in
                let request = ProcessingTaskRequest(identifier: "a")
                request.schedule = schedule
                try scheduler.submit(request)
            }
        }
        try host.scheduler.submit(request("a", schedule))
        try await host.advance(by: .seconds(50))
        #expect(await host.scheduler.pendingTaskRequests().map(\.schedule) == [schedule])
        try await host.advance(by: .seconds(3200))
        #expect(diary.all == (isGrid ? ["a 0", "a 1000", "a 2000", "a 3000"] : ["a 0", "a 1100", "a 2200"]))
        again.withLock { $0 = nil }
    }

    // MARK: Beside the grid

    @Test("a simulated launch that has to wait for a long run comes after it, and does not start a second grid")
    func forcedBehindARun() async throws {
        let time = ManualTime(date: Self.march)
        let host = try host(time) { _, time in try await time.sleep(for: .seconds(200)) }
        let request = request("a", .every(.seconds(1000)))
        request.missedRuns = .skip
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(50))
        try host.scheduler.simulateLaunch(forTaskWithIdentifier: "a")
        try await host.advance(by: .seconds(3000))
        #expect(diary.all == ["a 0", "a 200", "a 1000", "a 2000", "a 3000"])
    }

    @Test("overlap .replace: a retry of an earlier run waits for a later one instead of stopping it")
    func retryDoesNotReplace() async throws {
        let time = ManualTime(date: Self.march)
        let start = time.date
        let host = try host(time) { context, time in
            if context.attempt == 1, context.scheduledDate == start { throw Failed() }
            if context.attempt == 1 { try await time.sleep(for: .seconds(80)) }
        }
        let request = request("a", .every(.seconds(100)))
        request.overlap = .replace
        request.retry = .linear(.seconds(150), jitter: 0)
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(290))
        #expect(diary.all == ["a 0", "a 100", "a 180", "a 200"])
        #expect(try host.scheduler.outcomes("a") == [.failed, .succeeded, .succeeded, .succeeded])
    }

    @Test(
        "a delay before another try may be negative or endless", arguments: [Duration.seconds(-5), .seconds(Int64.max)])
    func wildDelays(_ delay: Duration) async throws {
        let time = ManualTime(date: Self.march)
        let host = try host(time) { context, _ in if context.attempt == 1 { throw TaskRetry(after: delay) } }
        try host.scheduler.submit(request("a"))
        try await host.advance(by: .seconds(60))
        #expect(diary.all == (delay < .zero ? ["a 0", "a 0"] : ["a 0"]))
        #expect(try !host.scheduler.explain("a").description.isEmpty)
        #expect(host.wakeups.count == (delay < .zero ? 0 : 1))
    }

    @Test("retry(after:) in an expiration handler counts, and a completion after it does not")
    func retryWhenExpired() async throws {
        let time = ManualTime(date: Self.march)
        let diary = diary
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let host = try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "a", using: nil) { task in
                diary.note("\(task.attempt)")
                if task.attempt == 2 { return task.setTaskCompleted(success: true) }
                task.expirationHandler = {
                    task.retry(after: .seconds(30))
                    task.setTaskCompleted(success: true)
                }
                begin.yield()
            }
        }
        try host.scheduler.submit(request("a"))
        try await host.advance(by: .seconds(1), until: .launched)
        // Launched is not begun: a closure has a thread of its own.
        for await _ in begun { break }
        try host.scheduler.simulateExpiration(forTaskWithIdentifier: "a")
        try await host.ring()
        try await host.advance(by: .seconds(40))
        #expect(diary.all == ["1", "2"])
        #expect(try host.scheduler.outcomes("a") == [.expired, .succeeded])
    }
}
