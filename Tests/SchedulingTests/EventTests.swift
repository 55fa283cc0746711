// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Testing

@testable import SchedulingRuntime

@Suite("Events: what was decided, as it happens")
struct EventTests {
    let time = ManualTime()

    private func makeTest(
        _ handler: @escaping @Sendable (TaskContext) async throws -> Void = { _ in }
    ) throws -> TestScheduler {
        try TestScheduler(time: time) { scheduler in
            scheduler.register(forTaskWithIdentifier: "a", handler: handler)
            scheduler.register(forTaskWithIdentifier: "b") { _ in }
        }
    }

    @Test("each decision of a run that succeeds gives one event, in order, with the instants and who did it")
    func oneRun() async throws {
        let test = try makeTest { [time] _ in try await time.sleep(for: .seconds(7)) }
        let instant = time.date.addingTimeInterval(60)
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        try await test.advance(by: .seconds(120))
        #expect(
            test.events.map(\.kind) == [
                .submitted, .wakeupArmed, .launchBegan, .started, .wakeupMoved, .ended, .wakeupStopped, .launchEnded,
            ], "\(test.events)")
        let about = test.events.filter { $0.identifier == "a" }
        #expect(about.map(\.kind) == [.submitted, .started, .ended])
        #expect(about.allSatisfy { $0.scheduledDate == instant && $0.app == "org.example.test" && !$0.isElsewhere })
        #expect(Set(about.map(\.run)).count == 1 && about[0].run != nil)
        #expect(about.map(\.processIdentifier) == [101, 102, 102])
        #expect(about.map(\.attempt) == [0, 1, 1])
        #expect(about[1].date == instant)
        #expect(about[2].date == instant.addingTimeInterval(7))
        #expect(about[2].outcome == .succeeded && about[2].duration == .seconds(7) && about[2].nextDate == nil)
        #expect(about[2].description == "a succeeded after 7.000 s")
        #expect(test.events[1].nextDate == instant)
        #expect(try test.scheduler.history(for: "a").map(\.duration) == [.seconds(7)])
    }

    @Test("a request that is replaced and one that is cancelled are told of, each once")
    func replacedAndCancelled() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        try test.scheduler.submitRefresh("a", in: 90, now: time)
        try test.scheduler.submitProcessing("b", in: 90, now: time)
        test.scheduler.cancelAllTaskRequests()
        let about = test.events.filter { $0.identifier != nil }
        #expect(
            about.map { "\($0.identifier ?? "") \($0.kind)" } == [
                "a submitted", "a replaced", "a submitted", "b submitted", "b cancelled", "a cancelled",
            ])
        #expect(about[1].duration == nil && about[1].outcome == nil)
    }

    @Test("what was undone is not told: a submission that the limit refuses leaves no event")
    func undone() async throws {
        let test = try makeTest()
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        #expect(throws: (any Error).self) { try test.scheduler.submitRefresh("b", in: 60, now: time) }
        test.scheduler.cancel(taskRequestWithIdentifier: "a")
        #expect(test.events.compactMap(\.identifier) == ["a", "a"], "\(test.events)")
    }

    @Test("what a task waits for is told with the next look, and why it is told to stop, and that it is due again")
    func waitsAndStops() async throws {
        let test = try makeTest { [time] _ in try await time.sleep(for: .seconds(600)) }
        test.power = .battery
        try test.scheduler.submitProcessing("a", power: true, now: time)
        try await test.advance(by: .seconds(1))
        let waiting = try #require(test.events.last { $0.kind == .waiting })
        #expect(waiting.unmet == .externalPower && waiting.nextDate == time.date.addingTimeInterval(15 * 60 - 1))
        #expect(waiting.description == "a is due and waits for external power")
        test.power = .external
        try await test.advance(by: .seconds(16 * 60))
        test.power = .battery
        try await test.advance(by: .seconds(1))
        let about = test.events.filter { $0.identifier == "a" }
        #expect(about.map(\.kind) == [.submitted, .waiting, .started, .expiring, .ended, .waiting])
        #expect(about[3].reason == .powerLost && about[4].reason == .powerLost && about[4].outcome == .interrupted)
        #expect(about[4].nextDate != nil)
        #expect(about[4].attempt == 1)
    }

    @Test("deaths, attempts that are used up, a missing handler, a moved clock and lines for people are events")
    func mishaps() async throws {
        let test = try makeTest { [time] _ in try await time.sleep(for: .seconds(20)) }
        try test.scheduler.submitRefresh("a", now: time)
        for _ in 0..<5 {
            while test.scheduler.explainedState("a") != .isRunning { try await test.advance(by: .seconds(10)) }
            test.crash()
        }
        try await test.advance(by: .seconds(300))
        let about = test.events.filter { $0.identifier == "a" }
        #expect(about.filter { $0.outcome == .abandoned }.map(\.attempt) == [1, 2, 3, 4, 5])
        #expect(about.last?.kind == .gaveUp)
        test.scheduler.register(forTaskWithIdentifier: "late") { _ in }  // in this process only
        try test.scheduler.submitRefresh("late", now: time)
        try await test.advance(by: .seconds(1))
        #expect(test.events.filter { $0.identifier == "late" }.map(\.kind) == [.submitted, .noHandler])
        test.scheduler.register(forTaskWithIdentifier: "late") { _ in }
        #expect(test.events.last?.kind == .warning)
        #expect(test.events.last?.detail.contains("registered already") == true)
        try test.scheduler.submitProcessing("b", in: 60, now: time)
        try await test.stepWallClock(by: .seconds(-40 * 24 * 3600))
        try await test.reboot(downFor: .seconds(1))
        #expect(test.events.contains { $0.kind == .clockMoved && $0.identifier == "b" })
    }

    @Test("a wake-up that cannot be armed is told once")
    func noWakeup() async throws {
        let test = try makeTest()
        test.refuseWakeups("no bus")
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        #expect(test.events.filter { $0.kind == .wakeupFailed }.count == 1)
        #expect(test.events.first { $0.kind == .wakeupFailed }?.detail.contains("no bus") == true)
    }

    @Test("a consumer sees everything since it asked, each thing once, and of another process the end of its run")
    func acrossProcesses() async throws {
        let test = try makeTest()
        try test.scheduler.submitProcessing("b", in: 5, now: time)
        var events = test.scheduler.events.makeAsyncIterator()
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        try await test.advance(by: .seconds(120))
        try await test.ring()
        var seen: [TaskEvent] = []
        while seen.filter({ $0.kind == .ended }).count < 2 {
            let event = try #require(await events.next())
            seen.append(event)
        }
        #expect(seen.filter { !$0.isElsewhere }.map(\.kind) == [.submitted])
        let elsewhere = seen.filter(\.isElsewhere)
        #expect(elsewhere.map(\.identifier) == ["b", "a"])
        #expect(elsewhere.map(\.processIdentifier) == [102, 103])
        #expect(elsewhere.allSatisfy { $0.outcome == .succeeded })
        // Nothing twice, although the doorbell rings for what this process wrote too.
        try test.scheduler.submitRefresh("a", in: 60, now: time)
        try await test.ring()
        test.scheduler.cancelAllTaskRequests()
        try await test.ring()
        try test.scheduler.submitRefresh("a", in: 90, now: time)
        var kinds: [TaskEvent.Kind] = []
        for _ in 0..<6 { kinds.append(try #require(await events.next()).kind) }
        #expect(kinds == [.submitted, .wakeupArmed, .cancelled, .wakeupStopped, .submitted, .wakeupArmed])
    }

    @Test("several consumers get everything each, a sequence that is left costs nothing, and a cancelled one ends")
    func consumers() async throws {
        let test = try makeTest()
        let scheduler = test.scheduler
        var first = scheduler.events.makeAsyncIterator()
        var second = scheduler.events.makeAsyncIterator()
        do { _ = scheduler.events }
        try scheduler.submitRefresh("a", in: 60, now: time)
        #expect(await first.next()?.kind == .submitted)
        #expect(await second.next()?.kind == .submitted)
        #expect(await first.next()?.kind == .wakeupArmed)
        let events = scheduler.events
        let consumer = Task {
            var count = 0
            for await _ in events { count += 1 }
            return count
        }
        consumer.cancel()
        #expect(await consumer.value == 0)
        test.crash()
        #expect(await second.next()?.kind == .wakeupArmed)
        #expect(await second.next() == nil, "its process is dead")
    }

    @Test("a slow consumer keeps the newest thousand, and is told how many it missed in their place")
    func slowConsumer() async throws {
        let buffer = EventBuffer()
        func event(_ number: Int) -> TaskEvent {
            var event = TaskEvent(.submitted, "\(number)", app: "x", processIdentifier: 1, at: .epoch)
            event.attempt = number
            return event
        }
        for number in 0..<2500 { buffer.push(event(number)) }
        let gap = try #require(buffer.take())
        #expect(gap.kind == .missed && gap.count == 1500)
        for number in 1500..<2000 { #expect(buffer.take()?.attempt == number) }
        for number in 2500..<3200 { buffer.push(event(number)) }
        #expect(buffer.take()?.count == 200)
        for number in 2200..<3200 { #expect(buffer.take()?.attempt == number) }
        #expect(buffer.take() == nil && buffer.isEmpty)
    }

    @Test("an observer is called in order and misses nothing: a launch returns after it was told everything")
    func observer() async throws {
        let diary = Diary()
        let test = try TestScheduler(time: time) { scheduler in
            scheduler.onEvent { event in diary.note("\(event.processIdentifier) \(event.kind)") }
            scheduler.register(forTaskWithIdentifier: "a") { _ in }
        }
        try test.scheduler.submitRefresh("a", in: 5, now: time)
        try await test.advance(by: .seconds(6))
        // The other process, which submitted, is told on a queue of its own.
        let launch = diary.all.filter { $0.hasPrefix("102 ") }.map { $0.dropFirst(4) }
        #expect(launch == ["launchBegan", "started", "wakeupMoved", "ended", "wakeupStopped", "launchEnded"])
    }

    @Test("who waits for the observers waits until they were told everything")
    func flush() async throws {
        let (hub, diary, gate) = (EventHub(), Diary(), DispatchSemaphore(value: 0))
        hub.add { event in
            if event.attempt == 0 { gate.wait() }  // on the hub's own queue
            diary.note("\(event.attempt)")
        }
        for number in 0..<3 {
            var event = TaskEvent(.started, "a", app: "x", processIdentifier: 1, at: .epoch)
            event.attempt = number
            hub.emit(event)
        }
        #expect(diary.all.isEmpty)
        DispatchQueue(label: "gate").async { gate.signal() }
        await hub.flush()
        #expect(diary.all == ["0", "1", "2"])
    }

    @Test("a continued task's life is told like any other")
    func continued() async throws {
        let test = try makeTest()
        test.scheduler.register(forTaskWithIdentifier: "export") { _ in }
        try test.scheduler.submit(
            BGContinuedProcessingTaskRequest(identifier: "export", title: "Exporting", subtitle: ""))
        try await test.advance(by: .seconds(2))
        #expect(test.events.filter { $0.identifier == "export" }.map(\.kind) == [.submitted, .started, .ended])
    }
}

extension TaskScheduler {
    fileprivate enum Explained { case isRunning, other }
    fileprivate func explainedState(_ identifier: String) -> Explained {
        if case .running? = try? explain(identifier).state { .isRunning } else { .other }
    }
}
