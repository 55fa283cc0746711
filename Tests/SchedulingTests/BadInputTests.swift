// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import Foundation
import Scheduling
import SchedulingTesting
import Testing

@testable import SchedulingRuntime

@Suite("Bad input")
struct BadInputTests {
    let time = ManualTime()

    @Test("a task that is completed twice keeps its first end")
    func completedTwice() async throws {
        let test = try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "a", using: nil) { task in
                task.setTaskCompleted(success: true)
                task.setTaskCompleted(success: false)
                task.setTaskCompleted(success: true)
            }
        }
        try test.scheduler.submitRefresh("a", now: time)
        try await test.advance(by: .seconds(60))
        #expect(try test.scheduler.outcomes("a") == [.succeeded])
        #expect(test.launchCount == 1)
    }

    @Test(
        "a handler that is deaf to its expiration is closed, and completing after that, or after its launch, does nothing",
        arguments: [true, false])
    func completedTooLate(hasExpirationHandler: Bool) async throws {
        let (started, hasStarted) = AsyncStream<Void>.makeStream()
        let (ended, hasEnded) = AsyncStream<Void>.makeStream()
        let go = DispatchSemaphore(value: 0)
        let test = try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "a", using: nil) { task in
                if hasExpirationHandler { task.expirationHandler = {} }
                hasStarted.yield()
                go.wait()
                task.setTaskCompleted(success: true)
                hasEnded.yield()
            }
        }
        try test.scheduler.submitRefresh("a", now: time)
        try await test.advance(by: .seconds(1), until: .launched)
        for await _ in started { break }
        try await test.advance(by: .seconds(60), until: .launched)
        #expect(try test.scheduler.outcomes("a") == [.expired])
        go.signal()
        for await _ in ended { break }
        try await test.advance(by: .seconds(3600))
        #expect(try test.scheduler.outcomes("a") == [.expired])
        #expect(test.launchCount == 1)
    }

    @Test("a queue that comes to a run only after it was closed does not begin it")
    func tooLateToBegin() async throws {
        let queue = DispatchQueue(label: "busy")
        let diary = Diary()
        let test = try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "a", using: queue) { task in
                diary.note("began")
                task.setTaskCompleted(success: true)
            }
        }
        queue.suspend()
        try test.scheduler.submitRefresh("a", now: time)
        try await test.advance(by: .seconds(60), until: .launched)
        #expect(try test.scheduler.outcomes("a") == [.expired])
        queue.resume()
        queue.sync {}
        #expect(diary.all.isEmpty)
    }

    @Test("the last day of the year 9999 is accepted, shown again, and explained")
    func year9999() async throws {
        let test = try TestScheduler(time: time) { $0.register(forTaskWithIdentifier: "a") { _ in } }
        let request = ProcessingTaskRequest(identifier: "a")
        request.earliestBeginDate = Date(timeIntervalSince1970: 253_402_214_400)
        try test.scheduler.submit(request)
        let pending = await test.scheduler.pendingTaskRequests()
        #expect(pending.first?.earliestBeginDate == request.earliestBeginDate)
        let explanation = try test.scheduler.explain("a").description
        #expect(explanation.contains("9999-12-31"), "\(explanation)")
        #expect(test.wakeups.count == 1)
    }

    @Test("re-check intervals of ages neither overflow nor crash an explanation")
    func recheckOfAges() async throws {
        let configuration = TaskScheduler.Configuration(recheckIntervals: [.seconds(Int64.max)])
        let test = try TestScheduler(time: time, configuration: configuration) {
            $0.register(forTaskWithIdentifier: "a") { _ in }
        }
        test.power = .battery
        try test.scheduler.submitProcessing("a", power: true, now: time)
        try await test.advance(by: .seconds(60))
        #expect(try test.scheduler.explain("a").state == .waiting)
        #expect(!(try test.scheduler.explain("a").description.isEmpty))
    }

    @Test("a line for people does not end a program that cannot write it")
    func closedStandardError() throws {
        let file = try #require(FileHandle(forReadingAtPath: "/dev/null"))
        Composition.log("a warning", to: file)
    }
}
