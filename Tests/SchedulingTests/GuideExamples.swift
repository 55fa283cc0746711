// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// The Swift blocks of the guide to SchedulingTesting. They are compiled, and run.

import Scheduling
import SchedulingTesting
import Synchronization
import Testing

@Suite("The guide to testing one's tasks")
struct GuideExamples {
    // [example]
    @Test("the refresh asks for the next one and takes half a minute")
    func refresh() async throws {
        let time = ManualTime()
        let host = try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "refresh") { _ in
                let request = AppRefreshTaskRequest(identifier: "refresh")
                request.earliestBeginDate = time.date.addingTimeInterval(3600)
                try scheduler.submit(request)
                try await time.sleep(for: .seconds(20))  // your work, as long as it takes
            }
        }
        try host.scheduler.submit(AppRefreshTaskRequest(identifier: "refresh"))
        try await host.advance(by: .seconds(60))
        #expect(try host.scheduler.history(for: "refresh").map(\.duration) == [.seconds(20)])
        #expect(host.wakeups.count == 1)
    }
    // [end]

    // [example]
    @Test("the index is built only where there is a network that costs nothing, and nobody waits for the machine")
    func conditions() async throws {
        let host = try TestScheduler { scheduler in
            scheduler.register(forTaskWithIdentifier: "index") { _ in }
        }
        let request = ProcessingTaskRequest(identifier: "index")
        request.requirements = [.unmeteredNetwork, .userIdle]
        host.isNetworkMetered = true
        host.isUserIdle = false
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(1))
        let explanation = try host.scheduler.explain("index")
        #expect(explanation.state == .waiting && explanation.reasons.count == 2, "\(explanation)")
        host.isNetworkMetered = false
        host.isUserIdle = true
        try await host.advance(by: .seconds(15 * 60))  // the next look at it
        #expect(try host.scheduler.history(for: "index").map(\.outcome) == [.succeeded])
    }
    // [end]

    // [example]
    @Test("an import that is cut goes on, whatever becomes of the machine")
    func aHardDay() async throws {
        let time = ManualTime()
        let chunks = Mutex(0)
        let host = try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "import") { _ in
                while chunks.withLock({ $0 < 10 }) {
                    try await time.sleep(for: .seconds(30))
                    chunks.withLock { $0 += 1 }
                }
            }
        }
        try host.scheduler.submit(ProcessingTaskRequest(identifier: "import"))
        try await host.advance(by: .seconds(100))
        try await host.suspend(for: .seconds(8 * 3600))  // the lid is closed over night
        try await host.stepWallClock(by: .seconds(-3600))  // somebody sets the clock back
        try await host.advance(by: .seconds(40))
        try await host.reboot(downFor: .seconds(60))  // the power fails
        try await host.advance(by: .seconds(600))
        #expect(chunks.withLock(\.self) == 10)
        let outcomes = try host.scheduler.history(for: "import").reversed().map(\.outcome)
        #expect(outcomes == [.interrupted, .interrupted, .succeeded])
        #expect(host.launchFailures.isEmpty)
    }
    // [end]

    // [example]
    @Test("the newspaper comes at seven in the morning, wherever the machine is")
    func travelling() async throws {
        let time = ManualTime(date: Date(timeIntervalSince1970: 1_782_000_000))  // 21 June 2026, midnight in UTC
        let host = try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "newspaper") { _ in }
        }
        try await host.changeTimeZone("Europe/Warsaw")
        let request = ProcessingTaskRequest(identifier: "newspaper")
        request.schedule = .calendar(try .daily(at: .init(7)))
        try host.scheduler.submit(request)
        #expect(host.wakeups == [time.date.addingTimeInterval(5 * 3600)])
        try await host.changeTimeZone("America/New_York")
        #expect(host.wakeups == [time.date.addingTimeInterval(11 * 3600)])
    }
    // [end]

    // [example]
    @Test("an upload that kills its process is tried five times, and not for ever")
    func crashes() async throws {
        let host = try TestScheduler { scheduler in
            scheduler.register(forTaskWithIdentifier: "upload", using: nil) { _ in /* never completes */ }
        }
        try host.scheduler.submit(ProcessingTaskRequest(identifier: "upload"))
        for _ in 0..<5 {
            while !host.holdsLocks { try await host.advance(by: .seconds(10), until: .launched) }
            host.crash()  // kill -9 for every process of the program
        }
        try await host.advance(by: .seconds(3600))
        #expect(try host.scheduler.history(for: "upload").first?.outcome == .gaveUp)
    }
    // [end]

    // [example]
    @Test("a month of nightly cleanups: each night one, also in the night of the long sleep")
    func aMonth() async throws {
        let time = ManualTime()
        let host = try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "cleanup") { _ in try await time.sleep(for: .seconds(90)) }
        }
        let request = ProcessingTaskRequest(identifier: "cleanup")
        request.schedule = .every(.seconds(24 * 3600))
        try host.scheduler.submit(request)
        try await host.advance(by: .seconds(10 * 24 * 3600))
        try await host.suspend(for: .seconds(36 * 3600))
        try await host.advance(by: .seconds(18 * 24 * 3600))
        let runs = try host.scheduler.history(for: "cleanup", limit: 100).filter { $0.outcome == .succeeded }
        #expect(runs.count == 30, "one late run stands for the night that was slept through")
    }
    // [end]

    // [example]
    @Test("what happened, in order")
    func events() async throws {
        let host = try TestScheduler { scheduler in
            scheduler.register(forTaskWithIdentifier: "refresh") { _ in }
        }
        try host.scheduler.submit(AppRefreshTaskRequest(identifier: "refresh"))
        try await host.advance(by: .seconds(5))
        let told = host.events.filter { $0.identifier == "refresh" }.map(\.kind)
        #expect(told == [.submitted, .started, .ended], "\(host.events)")
    }
    // [end]

    // [example]
    @Test("while the window is open, the program itself refreshes, and nothing is launched")
    func aProgramThatStays() async throws {
        let host = try TestScheduler { scheduler in
            scheduler.register(forTaskWithIdentifier: "refresh") { _ in }
        }
        try host.startResident()  // another process of the program, in run()
        try await host.advance(by: .zero)
        try host.scheduler.submit(AppRefreshTaskRequest(identifier: "refresh"))
        try await host.ring()  // it hears of the submission at once
        #expect(try host.scheduler.history(for: "refresh").count == 1)
        #expect(host.launchCount == 0)
    }
    // [end]
}
