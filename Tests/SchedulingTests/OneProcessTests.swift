// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundStore
import BackgroundSurroundings
import Foundation
import Scheduling
import SchedulingCore
import SchedulingRuntime
import Synchronization
import Testing

@testable import SchedulingStore
@testable import SchedulingTesting

/// The order in which one process does what cannot be seen from outside.
@Suite("The order of things in one process")
struct OneProcessTests {
    let diary = Diary()

    /// Handlers run at once, where they are started.
    func makeScheduler(
        _ directory: String, permitted: [String]? = nil, time: any TimeSource = ManualTime(),
        budgets: Budgets = Budgets(),
        background: (@Sendable (@escaping @Sendable () -> Void) -> Void)? = { $0() },
        onTidy: @escaping @Sendable () -> Void = {}
    ) throws -> TaskScheduler {
        let diary = diary
        let surroundings = OneProcess(directory: directory, diary: diary, onTidy: onTidy)
        let environment = SchedulingEnvironment(
            appIdentifier: "org.example.one", time: time, conditions: surroundings, host: surroundings,
            waker: surroundings, launch: .background(instance: "1"),
            openStore: { () throws(SchedulingFailure) in
                try SchedulingStore(
                    directory: StateDirectory(path: directory), machine: "m", boot: "b", pid: 1,
                    lockPatience: .milliseconds(5))
            },
            processIdentifier: 1,
            permissions: Permissions(identifiers: permitted, modes: nil, appIdentifier: "org.example.one"),
            background: background,
            listenForStop: { _ in
                diary.note("hears a stop")
                return { diary.note("deaf again") }
            }, log: { diary.note($0) })
        return TaskScheduler(configuration: .init(budgets: budgets), environment: .success(environment))
    }

    @Test("a launch stops other wake-ups under the arming lock, so that none is taken for a leftover while it is armed")
    func tidiesUnderTheLock() async throws {
        let directory = NSTemporaryDirectory() + "/background-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let scheduler = try makeScheduler(directory)
        scheduler.register(forTaskWithIdentifier: "a") { _ in }
        let request = AppRefreshTaskRequest(identifier: "a")
        request.earliestBeginDate = Date(timeIntervalSince1970: 1_767_225_600 + 600)
        try scheduler.submit(request)
        #expect(try await scheduler.handleBackgroundLaunch())
        #expect(diary.all.contains("tidies up, locked: true"), "\(diary.all)")
        #expect(!diary.all.contains("tidies up, locked: false"))
    }

    @Test("a clock that is mended while a launch arms the last wake-up and leaves is followed: nobody else would look")
    func clockMendedAtTheEnd() async throws {
        let directory = NSTemporaryDirectory() + "/background-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let time = ManualTime()
        let ahead = Duration.seconds(100 * 365 * 86_400)
        time.stepWallClock(by: ahead)
        let isMended = Mutex(false)
        let mend: @Sendable () -> Void = {
            let isFirst = isMended.withLock { mended in
                defer { mended = true }
                return !mended
            }
            if isFirst { time.stepWallClock(by: .zero - ahead) }
        }
        let scheduler = try makeScheduler(directory, time: time, onTidy: mend)
        scheduler.register(forTaskWithIdentifier: "a") { _ in }
        let request = AppRefreshTaskRequest(identifier: "a")
        request.earliestBeginDate = time.date.addingTimeInterval(600)
        try scheduler.submit(request)
        #expect(try await scheduler.handleBackgroundLaunch())
        #expect(isMended.withLock { $0 })
        let armed = diary.all.last { $0.hasPrefix("arms in") }
        #expect(armed == "arms in \(Duration.seconds(600))", "\(diary.all)")
        #expect(try scheduler.history(for: "a").contains { $0.outcome == .clockMoved })
    }

    @Test("a launch hears a request to stop before anything can start, and no longer when it is over")
    func hearsStopsFirst() async throws {
        let directory = NSTemporaryDirectory() + "/background-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        #expect(try await makeScheduler(directory).handleBackgroundLaunch())
        let order = diary.all.filter { ["hears a stop", "starts", "deaf again"].contains($0) }
        #expect(order == ["hears a stop", "starts", "deaf again"])
    }

    @Test("a handler that keeps its thread delays neither what is due later nor the end of its own time")
    func longHandlers() async throws {
        let directory = NSTemporaryDirectory() + "/background-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let time = SystemClocks()
        let scheduler = try makeScheduler(
            directory, time: time, budgets: Budgets(refresh: .milliseconds(300)), background: nil)
        let (events, event) = AsyncStream<String>.makeStream()
        let mayEnd = DispatchSemaphore(value: 0)
        scheduler.register(forTaskWithIdentifier: "long", using: nil) { task in
            task.expirationHandler = { mayEnd.signal() }
            event.yield("long")
            mayEnd.wait()
            event.yield("long expired")
            task.setTaskCompleted(success: false)
        }
        scheduler.register(forTaskWithIdentifier: "later", using: nil) { task in
            event.yield("later")
            task.setTaskCompleted(success: true)
        }
        let requests = [AppRefreshTaskRequest(identifier: "long"), ProcessingTaskRequest(identifier: "later")]
        scheduler.register(forTaskWithIdentifier: "first", using: nil) { task in
            task.setTaskCompleted(success: true)
            event.yield("first")
        }
        try scheduler.submit(ProcessingTaskRequest(identifier: "first"))
        let running = Task { try await scheduler.run() }
        for await _ in events { break }
        for (request, delay) in zip(requests, [0.05, 0.1]) {
            request.earliestBeginDate = Date(timeIntervalSinceNow: delay)
            try scheduler.submit(request)
        }
        var heard: [String] = []
        for await what in events {
            heard.append(what)
            if heard.count == 3 { break }
        }
        #expect(heard.first == "long" && Set(heard) == ["long", "later", "long expired"])
        running.cancel()
        try await running.value
        #expect(try scheduler.outcomes("long") == [.expired])
        #expect(try scheduler.outcomes("later") == [.succeeded])
    }

    /// The doorbell's thread may be the one that works.
    private func settle(_ scheduler: TaskScheduler) { while scheduler.isWorking { sched_yield() } }

    @Test("a handler that goes on after its run was closed bars its identifier from its process' next runner, too")
    func handlersOutliveRunners() throws {
        let directory = NSTemporaryDirectory() + "/background-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let scheduler = try makeScheduler(directory)
        var tasks: [BGTask] = []
        scheduler.register(forTaskWithIdentifier: "a", using: nil) { tasks.append($0) }
        try scheduler.submit(AppRefreshTaskRequest(identifier: "a"))
        try scheduler.simulateLaunch(forTaskWithIdentifier: "a")
        settle(scheduler)
        try scheduler.simulateExpiration(forTaskWithIdentifier: "a")  // nobody hears it, so the run is closed
        settle(scheduler)
        #expect(try scheduler.outcomes("a") == [.expired])
        try scheduler.submit(AppRefreshTaskRequest(identifier: "a"))
        try scheduler.simulateLaunch(forTaskWithIdentifier: "a")
        settle(scheduler)
        #expect(tasks.count == 1, "the second one begins beside the first")
        tasks.first?.setTaskCompleted(success: true)
        settle(scheduler)
        try scheduler.simulateLaunch(forTaskWithIdentifier: "a")
        settle(scheduler)
        #expect(tasks.count == 2)
        tasks.last?.setTaskCompleted(success: true)
        settle(scheduler)
        #expect(try scheduler.outcomes("a") == [.expired, .succeeded])
    }

    @Test("a runner that meets the handler of an earlier one starts its identifier when that has returned")
    func runnersHearOfEarlierHandlers() throws {
        let directory = NSTemporaryDirectory() + "/background-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let scheduler = try makeScheduler(directory)
        var tasks: [BGTask] = []
        scheduler.register(forTaskWithIdentifier: "a", using: nil) { tasks.append($0) }
        // While this one works, the second runner stays.
        scheduler.register(forTaskWithIdentifier: "b", using: nil) { tasks.append($0) }
        try scheduler.submit(AppRefreshTaskRequest(identifier: "a"))
        try scheduler.simulateLaunch(forTaskWithIdentifier: "a")
        settle(scheduler)
        try scheduler.simulateExpiration(forTaskWithIdentifier: "a")
        settle(scheduler)
        try scheduler.submit(AppRefreshTaskRequest(identifier: "a"))
        try scheduler.submit(ProcessingTaskRequest(identifier: "b"))
        try scheduler.simulateLaunch(forTaskWithIdentifier: "b")
        settle(scheduler)
        #expect(tasks.map(\.identifier) == ["a", "b"])
        tasks[0].setTaskCompleted(success: true)
        settle(scheduler)
        #expect(tasks.map(\.identifier) == ["a", "b", "a"])
        for task in tasks { task.setTaskCompleted(success: true) }
    }

    @Test("while the process that arms is stopped, a request is kept and told of, and the next one is armed for")
    func armingHangs() async throws {
        let directory = NSTemporaryDirectory() + "/background-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let scheduler = try makeScheduler(directory)
        scheduler.register(forTaskWithIdentifier: "a") { _ in }
        scheduler.register(forTaskWithIdentifier: "b") { _ in }
        #expect(try scheduler.history().isEmpty)  // opens the store
        do {
            let hanging = try LockFile(directory + "/arming.lock")
            let isHeld = hanging.tryLock(0)
            #expect(isHeld)
            try scheduler.submit(AppRefreshTaskRequest(identifier: "a"))
            #expect(diary.all.contains { $0.contains("arming.lock") && $0.contains("fuser") }, "\(diary.all)")
            #expect(!diary.all.contains("arms"))
        }
        #expect(await scheduler.pendingTaskRequests().map(\.identifier) == ["a"])
        try scheduler.submit(ProcessingTaskRequest(identifier: "b"))
        #expect(diary.all.contains("arms"))
        #expect(!scheduler.backend.description.contains("arming.lock"))
    }

    @Test("an identifier that the Info.plist does not list is refused by register and by submit, with a sentence")
    func permitted() async throws {
        let directory = NSTemporaryDirectory() + "/background-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let scheduler = try makeScheduler(directory, permitted: ["listed"])
        #expect(scheduler.register(forTaskWithIdentifier: "listed") { _ in })
        #expect(!scheduler.register(forTaskWithIdentifier: "other") { _ in })
        #expect(diary.all.contains { $0.contains("BGTaskSchedulerPermittedIdentifiers") })
        #expect {
            try scheduler.submit(AppRefreshTaskRequest(identifier: "other"))
        } throws: { error in
            (error as? TaskScheduler.Error)?.code == .notPermitted && "\(error)".contains("Info.plist")
        }
        try scheduler.submit(AppRefreshTaskRequest(identifier: "listed"))
    }
}

/// A waker and a host that note what is asked of them.
private struct OneProcess: Waker, HostPort, ConditionsSource {
    let directory: String
    let diary: Diary
    let onTidy: @Sendable () -> Void

    func backend() -> Backend { Backend(kind: .simulated, reason: "a test") }
    func generation() -> String { "g" }
    func prepare() throws(SchedulingFailure) {}
    func arm(at instant: WallTime, now: Moment) throws(SchedulingFailure) -> ArmedWakeup {
        diary.note("arms")
        diary.note("arms in \(now.wall.distance(to: instant))")
        return ArmedWakeup(name: UUID().uuidString, instant: instant, generation: "g")
    }
    func disarm(_ name: String) {}
    func disarmAll(except kept: String?) {
        guard let lock = try? LockFile(directory + "/arming.lock") else { return }
        diary.note("tidies up, locked: \(lock.isLockedElsewhere(0))")
        onTidy()
    }
    func isLaunching(_ name: String) -> Bool { false }
    func isArmed(_ name: String) -> Bool { true }

    func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent] {
        diary.note("starts")
        return []
    }
    func holdLocks(why: String) -> String? { nil }
    func releaseLocks() {}
    func notify(status: String, extendBy: Duration?) {}
    func notifyReady() {}

    func observe(_ kinds: ConditionKinds) -> Conditions { Conditions() }
    func watch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> any ConditionsWatch { NoWatch() }
    private final class NoWatch: ConditionsWatch {
        func observe(_ kinds: ConditionKinds) -> Conditions { Conditions() }
        func narrow(to kinds: ConditionKinds) {}
        func stop() {}
    }
}
