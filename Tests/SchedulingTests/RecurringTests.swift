// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Synchronization
import Testing

@Suite("Requests that recur, retry, overlap and follow")
struct RecurringTests {
    private let time = ManualTime()
    private let diary = Diary()

    private func host(
        _ configuration: TaskScheduler.Configuration = .init(limits: .unlimited),
        _ handle: @escaping @Sendable (TaskContext, ManualTime) async throws -> Void = { _, _ in }
    ) throws -> TestScheduler {
        let (time, diary) = (time, diary)
        let start = time.date
        return try TestScheduler(time: time, configuration: configuration) { scheduler in
            for identifier in ["a", "b", "c"] {
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

    @Test("a grid stays a grid, however long the runs take, and one wake-up is armed for the next")
    func grid() async throws {
        let host = try host { _, time in try await time.sleep(for: .seconds(20)) }
        try host.scheduler.submit(request("a", .every(.seconds(3600))))
        try await host.advance(by: .seconds(3 * 3600 + 60))
        #expect(diary.all == ["a 0", "a 3600", "a 7200", "a 10800"])
        #expect(host.wakeups.count == 1)
        #expect(try host.scheduler.outcomes("a") == [.succeeded, .succeeded, .succeeded, .succeeded])
    }

    @Test("a fixed delay counts from the end of each run, also of one that fails")
    func fixedDelay() async throws {
        struct Failed: Error {}
        let host = try host { context, time in
            try await time.sleep(for: .seconds(100))
            if context.scheduledDate.timeIntervalSince(time.date) < -3600 { throw Failed() }
            throw Failed()
        }
        try host.scheduler.submit(request("a", .after(.seconds(1000))))
        try await host.advance(by: .seconds(3000))
        #expect(diary.all == ["a 0", "a 1100", "a 2200"])
    }

    @Test("what was missed while the host was down is served once, late, and history counts the rest")
    func runOnce() async throws {
        let host = try host()
        try host.scheduler.submit(request("a", .every(.seconds(3600))))
        try await host.advance(by: .seconds(10))
        try await host.reboot(downFor: .seconds(5 * 3600))
        #expect(diary.all == ["a 0", "a 18010"])
        let missed = try host.scheduler.history(for: "a").filter { $0.outcome == .skipped }
        #expect(missed.count == 1)
        #expect(missed.first?.detail.hasPrefix("4 missed, ") == true)
        try await host.advance(by: .seconds(3600))
        #expect(diary.all.last == "a 21600")
    }

    @Test("runAll makes up for the missed runs, one after the other, up to its number")
    func runAll() async throws {
        let host = try host()
        let request = request("a", .every(.seconds(3600)))
        request.missedRuns = .runAll(max: 3)
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(10))
        try await host.reboot(downFor: .seconds(5 * 3600))
        #expect(diary.all == ["a 0", "a 18010", "a 18010", "a 18010"])
        #expect(try host.scheduler.outcomes("a").filter { $0 == .skipped }.count == 1)
    }

    @Test("skip leaves out what nothing could start in time, and says so")
    func skip() async throws {
        let host = try host()
        let request = request("a", .every(.seconds(3600)))
        request.missedRuns = .skip
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(10))
        try await host.reboot(downFor: .seconds(2 * 3600 + 300))
        #expect(diary.all == ["a 0"])
        #expect(try host.scheduler.outcomes("a").contains(.skipped))
        try await host.advance(by: .seconds(3600))
        #expect(diary.all == ["a 0", "a 10800"])
    }

    @Test("a start deadline passes while the task waits for power: it is skipped in time, with a row")
    func deadline() async throws {
        let host = try host()
        host.power = .battery
        let request = request("a")
        request.requiresExternalPower = true
        request.startDeadline = .seconds(600)
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(590))
        #expect(try host.scheduler.outcomes("a").isEmpty)
        try await host.advance(by: .seconds(20))
        #expect(try host.scheduler.outcomes("a") == [.skipped])
        #expect(host.wakeups.isEmpty)
    }

    @Test("within its window a task shares the wake-up of another; alone it comes at the window's end")
    func flex() async throws {
        let host = try host()
        try host.scheduler.submit(request("a", .every(.seconds(3600), flex: .seconds(900))))
        let other = request("b")
        other.earliestBeginDate = time.date.addingTimeInterval(4000)
        try host.scheduler.submit(other)
        try await host.advance(by: .seconds(9000))
        #expect(
            diary.all == ["a 900", "a 4000", "b 4000", "a 8100"]
                || diary.all == ["a 900", "b 4000", "a 4000", "a 8100"])
        #expect(host.launchCount == 3)
    }

    @Test("a failed run is tried again after growing delays, and given up after its attempts")
    func retry() async throws {
        struct Failed: Error {}
        let host = try host { _, _ in throw Failed() }
        let request = request("a")
        request.retry = .exponential(.seconds(60), attempts: 4, jitter: 0)
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(3600))
        #expect(diary.all == ["a 0", "a 60", "a 180", "a 420"])
        #expect(try host.scheduler.outcomes("a") == [.failed, .failed, .failed, .failed, .gaveUp])
        #expect(host.wakeups.isEmpty)
    }

    @Test("a handler asks for another try, and the attempt is counted")
    func retryAfter() async throws {
        let host = try host { context, _ in
            if context.attempt < 3 { throw TaskRetry(after: .seconds(90)) }
        }
        try host.scheduler.submit(request("a"))
        try await host.advance(by: .seconds(3600))
        #expect(diary.all == ["a 0", "a 90", "a 180"])
        #expect(try host.scheduler.outcomes("a") == [.failed, .failed, .succeeded])
    }

    @Test("a retry of one run does not move the grid of the next")
    func retryOnGrid() async throws {
        struct Failed: Error {}
        let host = try host { context, _ in if context.attempt == 1 { throw Failed() } }
        let request = request("a", .every(.seconds(1000)))
        request.retry = .linear(.seconds(300), jitter: 0)
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(2400))
        #expect(diary.all == ["a 0", "a 300", "a 1000", "a 1300", "a 2000", "a 2300"])
    }

    @Test("overlap .queue: a run that is due meanwhile comes right after the long one")
    func queue() async throws {
        let host = try host { context, time in
            try await time.sleep(for: .seconds(time.date.timeIntervalSince(context.scheduledDate) < 1 ? 150 : 1))
        }
        try host.scheduler.submit(request("a", .every(.seconds(100))))
        try await host.advance(by: .seconds(160))
        #expect(diary.all == ["a 0", "a 150"])
    }

    @Test("overlap .skip: what is due beside a run is skipped, and history says so")
    func overlapSkip() async throws {
        let host = try host { _, time in try await time.sleep(for: .seconds(250)) }
        let request = request("a", .every(.seconds(100)))
        request.overlap = .skip
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(320))
        #expect(diary.all == ["a 0", "a 300"])
        #expect(try host.scheduler.outcomes("a") == [.succeeded, .skipped, .skipped])
    }

    @Test("overlap .replace: the earlier run is told to stop and makes room")
    func overlapReplace() async throws {
        let host = try host { _, time in try await time.sleep(for: .seconds(250)) }
        let request = request("a", .every(.seconds(100)))
        request.overlap = .replace
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(110))
        #expect(diary.all == ["a 0", "a 100"])
        let first = try #require(try host.scheduler.history(for: "a").last)
        #expect(first.outcome == .expired)
        #expect(first.reason == .replaced)
    }

    @Test("the same schedule submitted again at each start keeps its instants; another schedule replaces it")
    func resubmitted() async throws {
        let host = try host()
        try host.scheduler.submit(request("a", .every(.seconds(3600))))
        try await host.advance(by: .seconds(1000))
        try host.scheduler.submit(request("a", .every(.seconds(3600))))
        try await host.advance(by: .seconds(3000))
        #expect(diary.all == ["a 0", "a 3600"])
        try host.scheduler.submit(request("a", .every(.seconds(7200))))
        try await host.advance(by: .seconds(10))
        #expect(diary.all == ["a 0", "a 3600", "a 4000"])
        #expect(await host.scheduler.pendingTaskRequests().map(\.schedule) == [.every(.seconds(7200))])
    }

    @Test("conflict .keep drops the new request, .fail throws notPermitted")
    func conflicts() async throws {
        let host = try host()
        let first = request("a")
        first.earliestBeginDate = time.date.addingTimeInterval(100)
        try host.scheduler.submit(first)
        let second = request("a")
        second.conflict = .keep
        try host.scheduler.submit(second)
        second.conflict = .fail
        #expect(throws: TaskScheduler.Error.self) { try host.scheduler.submit(second) }
        try await host.advance(by: .seconds(200))
        #expect(diary.all == ["a 100"])
    }

    @Test("a chain runs in order; what follows a failure is skipped, and so is what follows that")
    func chains() async throws {
        struct Failed: Error {}
        let fails = Mutex(false)
        let host = try host { context, time in
            try await time.sleep(for: .seconds(10))
            if context.identifier == "a", fails.withLock({ $0 }) { throw Failed() }
        }
        func chain() -> [TaskRequest] {
            let (first, second, third) = (request("a"), request("b"), request("c"))
            second.follows = "a"
            third.follows = "b"
            return [first, second, third]
        }
        try host.scheduler.submit(contentsOf: chain())
        #expect(try host.scheduler.explain("b").description.contains("a"))
        try await host.advance(by: .seconds(60))
        #expect(diary.all == ["a 0", "b 10", "c 20"])
        fails.withLock { $0 = true }
        try host.scheduler.submit(contentsOf: chain())
        try await host.advance(by: .seconds(60))
        #expect(diary.all.suffix(1) == ["a 60"])
        #expect(try host.scheduler.outcomes("b") == [.succeeded, .skipped])
        #expect(try host.scheduler.outcomes("c") == [.succeeded, .skipped])
        #expect(await host.scheduler.pendingTaskRequests().isEmpty)
        #expect(host.wakeups.isEmpty)
    }

    @Test("a circle, a task that follows itself or nothing that is pending: refused, and nothing is written")
    func circles() async throws {
        let host = try host()
        let (first, second) = (request("a"), request("b"))
        first.follows = "b"
        second.follows = "a"
        #expect(throws: TaskScheduler.Error.self) {
            try host.scheduler.submit(contentsOf: [first, second])
        }
        second.follows = "b"
        #expect(throws: TaskScheduler.Error.self) { try host.scheduler.submit(second) }
        second.follows = "c"
        #expect(throws: TaskScheduler.Error.self) { try host.scheduler.submit(second) }
        #expect(await host.scheduler.pendingTaskRequests().isEmpty)
    }

    @Test("cancelling what a chain waits for skips the rest")
    func cancelledChain() async throws {
        let host = try host()
        let (first, second) = (request("a"), request("b"))
        first.earliestBeginDate = time.date.addingTimeInterval(100)
        second.follows = "a"
        try host.scheduler.submit(contentsOf: [first, second])
        host.scheduler.cancel(taskRequestWithIdentifier: "a")
        #expect(try host.scheduler.outcomes("b") == [.skipped])
        #expect(host.wakeups.isEmpty)
    }

    @Test("the input arrives with the run, after a reboot too; too much of it is refused")
    func input() async throws {
        struct Order: Codable, Equatable { var number: Int, words: [String] }
        let seen = Mutex<[Order?]>([])
        let host = try host { context, _ in
            let order = try context.input(as: Order.self)
            seen.withLock { $0.append(order) }
        }
        let request = request("a")
        request.earliestBeginDate = time.date.addingTimeInterval(100)
        try request.setInput(Order(number: 7, words: ["ä", ""]))
        try host.scheduler.submit(request)
        try await host.reboot(downFor: .seconds(200))
        #expect(seen.withLock { $0 } == [Order(number: 7, words: ["ä", ""])])
        try request.setInput(String(repeating: "x", count: 70_000))
        #expect(throws: TaskScheduler.Error.self) { try host.scheduler.submit(request) }
    }

    @Test("tags find what to cancel")
    func tags() async throws {
        let host = try host()
        let (first, second) = (request("a"), request("b"))
        first.earliestBeginDate = time.date.addingTimeInterval(100)
        second.earliestBeginDate = time.date.addingTimeInterval(100)
        first.tags = ["account-1", "sync"]
        second.tags = ["account-2", "sync"]
        try host.scheduler.submit(contentsOf: [first, second])
        host.scheduler.cancelAllTaskRequests(withTag: "account-1")
        #expect(await host.scheduler.pendingTaskRequests().map(\.tags) == [["account-2", "sync"]])
    }

    @Test("cancelling a recurring task while it runs ends the schedule with the run", arguments: [true, false])
    func cancelled(_ isGrid: Bool) async throws {
        let host = try host { _, time in try await time.sleep(for: .seconds(50)) }
        try host.scheduler.submit(request("a", isGrid ? .every(.seconds(100)) : .after(.seconds(100))))
        try await host.advance(by: .seconds(10))
        host.scheduler.cancel(taskRequestWithIdentifier: "a")
        try await host.ring()
        try await host.advance(by: .seconds(1000))
        #expect(diary.all == ["a 0"])
        #expect(host.wakeups.isEmpty)
        #expect(await host.scheduler.pendingTaskRequests().isEmpty)
    }

    @Test("a simulated launch of a recurring task comes beside its grid")
    func simulated() async throws {
        let host = try host()
        try host.scheduler.submit(request("a", .every(.seconds(1000))))
        try await host.advance(by: .seconds(300))
        try host.scheduler.simulateLaunch(forTaskWithIdentifier: "a")
        try await host.advance(by: .seconds(800))
        #expect(diary.all == ["a 0", "a 300", "a 1000"])
    }

    @Test("a recurring task whose process dies each time is given up for that instant only")
    func dying() async throws {
        let host = try host(.init(limits: .unlimited, maximumAttempts: 2)) { _, time in
            try await time.sleep(for: .seconds(30))
        }
        try host.scheduler.submit(request("a", .every(.seconds(10_000))))
        try await host.advance(by: .seconds(1))
        host.crash()
        try await host.advance(by: .seconds(125))
        host.crash()
        try await host.advance(by: .seconds(10_000))
        #expect(try host.scheduler.outcomes("a") == [.abandoned, .abandoned, .gaveUp, .succeeded])
        #expect(diary.all.last == "a 10000")
    }
}
