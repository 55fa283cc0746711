// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Testing

@Suite("Submitting and cancelling")
struct SubmittingTests {
    let time = ManualTime()

    func makeTest(_ identifiers: [String] = ["a", "b"]) throws -> TestScheduler {
        try TestScheduler(time: time) { scheduler in
            for identifier in identifiers { scheduler.register(forTaskWithIdentifier: identifier) { _ in } }
        }
    }

    @Test("the same identifier again replaces what was pending, and moves the wake-up")
    func replaces() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 600, now: time)
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        #expect(test.wakeups == [time.date.addingTimeInterval(60)])
        #expect(await test.scheduler.pendingTaskRequests().count == 1)
        #expect(try test.scheduler.outcomes("a") == [.replaced])
    }

    @Test("a second refresh is one too many, with Apple's code and a sentence")
    func tooMany() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 600, now: time)
        #expect {
            try test.scheduler.submitRefresh("b", in: 600, now: time)
        } throws: { error in
            (error as? TaskScheduler.Error)?.code == .tooManyPendingTaskRequests
        }
        #expect(await test.scheduler.pendingTaskRequests().map(\.identifier) == ["a"])
    }

    @Test("a request without a handler is refused with a sentence that says what to do")
    func noHandler() throws {
        let test = try makeTest()
        #expect {
            try test.scheduler.submitRefresh("unknown", now: time)
        } throws: { error in
            guard let error = error as? TaskScheduler.Error else { return false }
            return error.code == .notPermitted && "\(error)".contains("register(forTaskWithIdentifier")
        }
    }

    @Test("a date that is no number or beyond the year 9999 is refused; one in the past is now")
    func dates() async throws {
        let test = try makeTest()
        for bad in [Double.nan, .infinity, 1e300, 253_402_300_800] {
            let request = AppRefreshTaskRequest(identifier: "a")
            request.earliestBeginDate = Date(timeIntervalSince1970: bad)
            #expect(throws: TaskScheduler.Error.self) { try test.scheduler.submit(request) }
        }
        for past in [-1e300, -62_135_596_800, 0, 1] {
            let request = AppRefreshTaskRequest(identifier: "a")
            request.earliestBeginDate = Date(timeIntervalSince1970: past)
            try test.scheduler.submit(request)
        }
        #expect(test.wakeups == [time.date])
    }

    @Test("identifiers that are empty, huge or hold control characters are refused by register and by submit")
    func identifiers() throws {
        let test = try makeTest()
        for bad in ["", "a\nb", "a\u{0}", String(repeating: "x", count: 300)] {
            #expect(!test.scheduler.register(forTaskWithIdentifier: bad) { _ in })
            #expect(throws: TaskScheduler.Error.self) { try test.scheduler.submitRefresh(bad, now: time) }
        }
    }

    @Test(
        "a second handler for an identifier is refused with false, and one that comes too late serves continued tasks only"
    )
    func registration() async throws {
        let test = try makeTest()
        #expect(!test.scheduler.register(forTaskWithIdentifier: "a") { _ in })
        try test.startResident()
        try await test.advance(by: .zero)
        // Late ones serve continued tasks only, which may be registered at any time.
        let resident = try #require(test.resident)
        let isTaken = resident.register(forTaskWithIdentifier: "late") { _ in }
        #expect(isTaken)
        #expect {
            try resident.submitRefresh("late", now: time)
        } throws: {
            "\($0)".contains("came too late")
        }
    }

    @Test("several requests are submitted together or not at all")
    func batch() async throws {
        let test = try makeTest(["a", "b", "c"])
        let requests = ["a", "b"].map { ProcessingTaskRequest(identifier: $0) }
        try test.scheduler.submit(contentsOf: requests)
        #expect(await test.scheduler.pendingTaskRequests().count == 2)
        let bad = ["c", "missing"].map { ProcessingTaskRequest(identifier: $0) }
        #expect(throws: TaskScheduler.Error.self) { try test.scheduler.submit(contentsOf: bad) }
        #expect(await test.scheduler.pendingTaskRequests().count == 2)
    }

    @Test("both forms of submitTaskRequest say what happened")
    func asyncForms() async throws {
        let test = try makeTest()
        try await test.scheduler.submitTaskRequest(AppRefreshTaskRequest(identifier: "a"))
        await #expect(throws: TaskScheduler.Error.self) {
            try await test.scheduler.submitTaskRequest(AppRefreshTaskRequest(identifier: "missing"))
        }
        let error = await withCheckedContinuation { continuation in
            test.scheduler.submitTaskRequest(AppRefreshTaskRequest(identifier: "missing")) {
                continuation.resume(returning: $0)
            }
        }
        #expect((error as? TaskScheduler.Error)?.code == .notPermitted)
    }

    @Test("cancelling takes the request and the wake-up away, and history keeps it")
    func cancels() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        try test.scheduler.submitProcessing("b", in: 60, now: time)
        test.scheduler.cancel(taskRequestWithIdentifier: "a")
        #expect(await test.scheduler.pendingTaskRequests().map(\.identifier) == ["b"])
        test.scheduler.cancelAllTaskRequests()
        #expect(test.wakeups.isEmpty)
        #expect(try test.scheduler.outcomes("a") == [.cancelled])
        try await test.advance(by: .seconds(120))
        #expect(test.launchCount == 0)
    }

    @Test("pending requests are copies: changing one changes nothing")
    func copies() async throws {
        let test = try makeTest()
        try test.scheduler.submitProcessing("a", in: 60, power: true, now: time)
        let pending = await test.scheduler.pendingTaskRequests()
        let copy = try #require(pending.first as? ProcessingTaskRequest)
        #expect(copy.requiresExternalPower && !copy.requiresNetworkConnectivity)
        #expect(copy.earliestBeginDate == time.date.addingTimeInterval(60))
        copy.earliestBeginDate = nil
        let again = await test.scheduler.pendingTaskRequests()
        #expect(again.first?.earliestBeginDate != nil)
    }

    @Test("errors are matched as Apple's are")
    func errors() throws {
        let test = try makeTest()
        do {
            try test.scheduler.submitRefresh("missing", now: time)
            Issue.record("it was accepted")
        } catch TaskScheduler.Error.notPermitted {
            // what an app writes
        }
        let error = TaskScheduler.Error(.unavailable) as NSError
        #expect(error.domain == "BGTaskSchedulerErrorDomain" && error.code == 1)
    }

    @Test("a cancelled run is told, also in another process")
    func cancelsARun() async throws {
        let diary = Diary()
        let test = try TestScheduler(time: time) { [time] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { context in
                do { try await time.sleep(for: .seconds(20)) } catch {
                    diary.note("\(context.expirationReason!)")
                    throw error
                }
            }
        }
        try test.scheduler.submitRefresh("a", now: time)
        try await test.advance(by: .seconds(5))
        test.scheduler.cancel(taskRequestWithIdentifier: "a")
        try await test.ring()
        #expect(diary.all == ["it was cancelled"])
        #expect(try test.scheduler.outcomes("a") == [.cancelled])
    }
}
