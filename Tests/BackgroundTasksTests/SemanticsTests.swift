// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks
import SchedulingTesting
import Testing

/// What handlers say, in order, for a test that waits for it.
private final class Notes: Sendable {
    private let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    func note(_ line: String) { continuation.yield(line) }
    var next: String? {
        get async {
            var lines = stream.makeAsyncIterator()
            return await lines.next()
        }
    }
}

extension TestScheduler {
    fileprivate func refresh(_ identifier: String, in delay: TimeInterval? = nil) throws {
        let request = BGAppRefreshTaskRequest(identifier: identifier)
        request.earliestBeginDate = delay.map { time.date.addingTimeInterval($0) }
        try scheduler.submit(request)
    }

    fileprivate func processing(_ identifier: String, in delay: TimeInterval? = nil) throws {
        let request = BGProcessingTaskRequest(identifier: identifier)
        request.earliestBeginDate = delay.map { time.date.addingTimeInterval($0) }
        try scheduler.submit(request)
    }

    fileprivate func outcomes(_ identifier: String) throws -> [String] {
        try scheduler.history(for: identifier).reversed().map(\.outcome.description)
    }
}

/// Apple's documented rules, each named after its row in Documentation/AppleDifferences.md; and what Apple leaves open.
@Suite("Apple's semantics", .timeLimit(.minutes(5)))
struct SemanticsTests {
    private let time = ManualTime()
    private let notes = Notes()

    /// A host whose program handles these identifiers in Apple's form.
    private func host(
        _ identifiers: String..., queue: DispatchQueue? = nil, handler: @escaping @Sendable (BGTask) -> Void
    ) throws -> TestScheduler {
        try TestScheduler(time: time) { scheduler in
            for identifier in identifiers {
                scheduler.register(forTaskWithIdentifier: identifier, using: queue, launchHandler: handler)
            }
        }
    }

    // MARK: Requests

    @Test("Limits: one refresh and ten processing requests; one more of either is too many")
    func limits() async throws {
        let identifiers = (1...11).map { "p\($0)" }
        let host = try TestScheduler(time: time) { scheduler in
            for identifier in identifiers + ["r1", "r2"] {
                scheduler.register(forTaskWithIdentifier: identifier, using: nil) { $0.setTaskCompleted(success: true) }
            }
        }
        try host.refresh("r1", in: 60)
        for identifier in identifiers.dropLast() { try host.processing(identifier, in: 60) }
        for submit in [{ try host.refresh("r2", in: 60) }, { try host.processing("p11", in: 60) }] {
            #expect {
                try submit()
            } throws: { ($0 as? BGTaskScheduler.Error)?.code == .tooManyPendingTaskRequests }
        }
        #expect(await host.scheduler.pendingTaskRequests().count == 11)
    }

    @Test("Same identifier again: it replaces also when the limit is reached, because replacing counts first")
    func replacingAtTheLimit() async throws {
        let host = try host("a", "b") { $0.setTaskCompleted(success: true) }
        try host.refresh("a", in: 60)
        try host.refresh("a", in: 120)
        #expect(
            await host.scheduler.pendingTaskRequests().map(\.earliestBeginDate) == [time.date.addingTimeInterval(120)])
    }

    @Test("Subclass of a request: the last one submitted decides which task comes")
    func subclasses() async throws {
        let host = try host("a") { [notes] task in
            notes.note("\(type(of: task))")
            task.setTaskCompleted(success: true)
        }
        try host.processing("a", in: 60)
        try host.refresh("a")
        try await host.advance(by: .seconds(120))
        #expect(await notes.next == "BGAppRefreshTask")
        #expect(try host.outcomes("a") == ["replaced", "succeeded"])
    }

    @Test("Order of checks: the handler comes before the count, and its sentence before that of the date")
    func orderOfChecks() throws {
        let host = try host("a", "b") { $0.setTaskCompleted(success: true) }
        try host.refresh("a", in: 60)
        let request = BGAppRefreshTaskRequest(identifier: "unknown")
        request.earliestBeginDate = Date(timeIntervalSince1970: .nan)
        #expect {
            try host.scheduler.submit(request)
        } throws: { error in
            (error as? BGTaskScheduler.Error)?.code == .notPermitted && "\(error)".contains("no launch handler")
        }
    }

    @Test("earliestBeginDate: two months ahead is as good as two minutes")
    func farAhead() async throws {
        let host = try host("a") { $0.setTaskCompleted(success: true) }
        try host.refresh("a", in: 60 * 86_400)
        try await host.advance(by: .seconds(60 * 86_400 - 1))
        #expect(try host.outcomes("a").isEmpty)
        try await host.advance(by: .seconds(1))
        #expect(try host.outcomes("a") == ["succeeded"])
    }

    @Test("Pending list: what runs is not pending, and what its handler submits is")
    func pending() async throws {
        let host = try TestScheduler(time: time) { [time] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { _ in
                let request = BGAppRefreshTaskRequest(identifier: "a")
                request.earliestBeginDate = time.date.addingTimeInterval(3600)
                try scheduler.submit(request)
                try await time.sleep(for: .seconds(10))
            }
        }
        try host.refresh("a")
        let next = time.date.addingTimeInterval(3600)
        try await host.advance(by: .seconds(5))
        #expect(await host.scheduler.pendingTaskRequests().map(\.earliestBeginDate) == [next])
        host.scheduler.cancelAllTaskRequests()
        #expect(await host.scheduler.pendingTaskRequests().isEmpty)
    }

    // MARK: Conditions

    @Test("Network and power: a request that requires neither runs offline and on battery")
    func noConditions() async throws {
        let host = try host("a", "b") { $0.setTaskCompleted(success: true) }
        host.power = .battery
        host.network = .offline
        try host.processing("a")
        try host.refresh("b")
        try await host.advance(by: .seconds(1))
        #expect(try host.outcomes("a") + host.outcomes("b") == ["succeeded", "succeeded"])
    }

    // MARK: Runs

    @Test("Budgets: several tasks come in one launch, run at once, and have each a time of its own")
    func budgets() async throws {
        let host = try TestScheduler(time: time) { [time] scheduler in
            for identifier in ["refresh", "processing"] {
                scheduler.register(forTaskWithIdentifier: identifier) { _ in try await time.sleep(for: .seconds(86_400))
                }
            }
        }
        try host.refresh("refresh", in: 60)
        try host.processing("processing", in: 60)
        try await host.advance(by: .seconds(89))
        #expect(try host.outcomes("refresh").isEmpty)
        try await host.advance(by: .seconds(1))
        #expect(try host.outcomes("refresh") == ["expired"])
        #expect(try host.outcomes("processing").isEmpty)
        try await host.advance(by: .seconds(570))
        #expect(try host.outcomes("processing") == ["expired"])
        #expect(host.launchCount == 1)
    }

    @Test("Queue: the handler runs on the queue that was given")
    func queue() async throws {
        let key = DispatchSpecificKey<String>()
        let queue = DispatchQueue(label: "given")
        queue.setSpecific(key: key, value: "given")
        let host = try host("a", queue: queue) { [notes] task in
            notes.note(DispatchQueue.getSpecific(key: key) ?? "another")
            task.setTaskCompleted(success: true)
        }
        try host.refresh("a")
        try await host.advance(by: .seconds(1))
        #expect(await notes.next == "given")
    }

    @Test("Queue: without one, handlers do not wait for each other")
    func noQueue() async throws {
        let refreshed = DispatchSemaphore(value: 0)
        let host = try host("a", "b") { task in
            if task is BGAppRefreshTask { refreshed.signal() } else { refreshed.wait() }
            task.setTaskCompleted(success: true)
        }
        try host.processing("a")
        try host.refresh("b")
        try await host.advance(by: .seconds(1))
        #expect(try host.outcomes("a") + host.outcomes("b") == ["succeeded", "succeeded"])
    }

    // MARK: Ends

    @Test("Expiration: the handler is called once, its property is nil from then on, and it may still complete")
    func expiration() async throws {
        let host = try host("a") { [notes] task in
            task.expirationHandler = {
                notes.note("\(task.expirationReason!), \(task.expirationHandler == nil ? "nil" : "set")")
                task.setTaskCompleted(success: false)
            }
            notes.note("ready")
        }
        try host.refresh("a")
        try await host.advance(by: .seconds(29), until: .launched)
        #expect(await notes.next == "ready")
        try await host.advance(by: .seconds(1), until: .launched)
        #expect(await notes.next == "its time was used up, nil")
        try await host.advance(by: .zero)
        #expect(try host.outcomes("a") == ["expired"])
    }

    @Test("Expiration: without a handler the task counts as completed without success, at once")
    func noExpirationHandler() async throws {
        let host = try host("a") { [notes] _ in notes.note("ready") }
        try host.refresh("a")
        try await host.advance(by: .seconds(29), until: .launched)
        #expect(await notes.next == "ready")
        try await host.advance(by: .seconds(1), until: .launched)
        try await host.advance(by: .zero)
        #expect(try host.outcomes("a") == ["expired"])
    }

    @Test("Expiration: completing with success within the grace is a success")
    func successAfterExpiration() async throws {
        let host = try host("a") { [notes] task in
            task.expirationHandler = { task.setTaskCompleted(success: true) }
            notes.note("ready")
        }
        try host.refresh("a")
        try await host.advance(by: .seconds(29), until: .launched)
        #expect(await notes.next == "ready")
        try await host.advance(by: .seconds(1), until: .launched)
        try await host.advance(by: .zero)
        #expect(try host.outcomes("a") == ["succeeded"])
    }

    @Test("Never completing: the run is closed five seconds after its time")
    func neverCompleting() async throws {
        let host = try host("a") { [notes] task in
            task.expirationHandler = { notes.note("expired") }
            notes.note("ready")
        }
        try host.refresh("a")
        try await host.advance(by: .seconds(29), until: .launched)
        #expect(await notes.next == "ready")
        try await host.advance(by: .seconds(1), until: .launched)
        #expect(await notes.next == "expired")
        try await host.advance(by: .seconds(4), until: .launched)
        #expect(try host.outcomes("a").isEmpty)
        try await host.advance(by: .seconds(1), until: .launched)
        try await host.advance(by: .zero)
        #expect(try host.outcomes("a") == ["expired"])
    }

    @Test("Completing: only the first call counts, and the expiration handler is let go with it")
    func completingTwice() async throws {
        let host = try host("a") { [notes] task in
            task.expirationHandler = { notes.note("never") }
            task.setTaskCompleted(success: true)
            task.setTaskCompleted(success: false)
            notes.note(task.expirationHandler == nil ? "nil" : "set")
        }
        try host.refresh("a")
        try await host.advance(by: .seconds(60))
        #expect(await notes.next == "nil")
        #expect(try host.outcomes("a") == ["succeeded"])
    }

    @Test("success = false: a request submitted before it is how a task tries again")
    func tryingAgain() async throws {
        let host = try TestScheduler(time: time) { [time, notes] scheduler in
            scheduler.register(forTaskWithIdentifier: "a", using: nil) { task in
                let request = BGAppRefreshTaskRequest(identifier: "a")
                request.earliestBeginDate = time.date.addingTimeInterval(600)
                notes.note("submits \((try? scheduler.submit(request)) != nil)")
                task.setTaskCompleted(success: false)
            }
        }
        try host.refresh("a")
        try await host.advance(by: .seconds(700))
        #expect(await notes.next == "submits true")
        #expect(try host.outcomes("a") == ["failed", "failed"])
    }

    @Test(
        "Cancel of a running task: its expiration handler is called; it is cancelled unless it succeeds all the same",
        arguments: [(false, "cancelled"), (true, "succeeded")])
    func cancelOfARun(success: Bool, outcome: String) async throws {
        let host = try host("a") { [notes] task in
            task.expirationHandler = {
                notes.note("\(task.expirationReason!)")
                task.setTaskCompleted(success: success)
            }
            notes.note("ready")
        }
        try host.refresh("a")
        try await host.advance(by: .seconds(1), until: .launched)
        #expect(await notes.next == "ready")
        host.scheduler.cancel(taskRequestWithIdentifier: "a")
        try await host.ring()
        #expect(await notes.next == "it was cancelled")
        #expect(try host.outcomes("a") == [outcome])
    }
}
