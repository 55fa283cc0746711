// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import Foundation
import Scheduling
import SchedulingCore
import SchedulingRuntime
import SchedulingStore
import Synchronization

/// A simulated host with the program under test on it: time moves when the test says so, and the program is launched by
/// its wake-ups as systemd would launch it.
///
/// The program's handlers run unchanged. `advance(by:)` visits the instants at which something happens in order, and waits
/// at each until every run has settled: it has ended, or it is parked (nothing of it is executing, and it sleeps on
/// `time`). Work that a handler starts with `Task.detached` or on queues of its own is outside this contract: a run in
/// Apple's form has settled when it completes. Use one from one test at a time.
public final class TestScheduler: Sendable {
    /// Until when `advance` waits at each instant.
    public enum Milestone: Sendable {
        /// Every run has ended or is parked.
        case settled
        /// Every due run was launched; for handlers that never complete.
        case launched
    }

    /// A run did not settle in ten seconds of real time: it neither ended nor sleeps on `ManualTime`.
    public struct DidNotSettle: Error, CustomStringConvertible {
        /// The identifiers of the runs.
        public let runs: [String]
        /// What to look for.
        public var description: String {
            "These runs neither ended nor sleep on ManualTime after 10 real seconds: \(runs.joined(separator: ", ")). "
                + "Complete them, let them sleep with ManualTime, or advance until .launched."
        }
    }

    /// The clocks.
    public let time: ManualTime
    private let program: @Sendable (TaskScheduler) -> Void
    private let configuration: TaskScheduler.Configuration
    package let directory: String
    let host: SimulatedHost
    private let zones = SimulatedZones()
    /// How often work was handed from one place to another, or came to an end.
    let handOvers = Atomic<Int>(0)

    /// Guarded by `state`: the processes that live, and who waits until they settle.
    struct State {
        var waker: SimulatedWaker?
        /// What processes have instead.
        var otherWaker: (any Waker)?
        var foreground: Process?
        var launches: [Process] = []
        var resident: Process?
        var boot = 1
        var pid: Int32 = 100
        var launchCount = 0
        var failures: [any Error] = []
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
        /// Whether somebody looks at the waiters every real second.
        var isWatched = false
        var log: [String] = []
        var events: [TaskEvent] = []
    }
    let state = Mutex(State())

    /// One simulated process of the program.
    final class Process: Sendable {
        let scheduler: TaskScheduler
        let instance: String?
        let executor: CountingExecutor
        let executors: Executors

        init(scheduler: TaskScheduler, instance: String?, executor: CountingExecutor, executors: Executors) {
            self.scheduler = scheduler
            self.instance = instance
            self.executor = executor
            self.executors = executors
        }
    }

    /// A host on which `program` is installed: the closure is what its `main` does with the scheduler in every process,
    /// registering handlers above all. One process of it is started at once, as by a person: `scheduler`.
    public init(
        time: ManualTime = ManualTime(), configuration: TaskScheduler.Configuration = .init(),
        program: @escaping @Sendable (TaskScheduler) -> Void
    ) throws {
        self.time = time
        self.program = program
        var configuration = configuration
        configuration.appIdentifier = configuration.appIdentifier ?? "org.example.test"
        self.configuration = configuration
        // In memory where there is such a place: a simulated disk write should not cost a real one.
        let parent = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        directory = parent + "/background-testing-\(UUID().uuidString)"
        host = SimulatedHost(time: time)
        let waker = SimulatedWaker(time: time) { [weak self] name in
            self?.launch(name)
        } isAlive: { [weak self] name in
            self?.state.withLock { $0.launches.contains { $0.instance == name } } ?? false
        }
        state.withLock { $0.waker = waker }
        startForeground()
    }

    deinit {
        for process in state.withLock({ $0.launches + [$0.foreground].compactMap { $0 } }) { process.scheduler.die() }
        try? FileManager.default.removeItem(atPath: directory)
    }

    // MARK: Asking

    /// The program's process that a person started; it submits, asks, and runs nothing by itself.
    public var scheduler: TaskScheduler {
        guard let scheduler = state.withLock({ $0.foreground?.scheduler }) else { return startForeground() }
        return scheduler
    }

    /// The instants at which the host will start the program.
    public var wakeups: [Date] { (state.withLock(\.waker)?.armed ?? []).map { Date($0) } }
    /// How often the host started the program.
    public var launchCount: Int { state.withLock(\.launchCount) }
    /// Whether a process holds locks against sleep and shutdown.
    public var holdsLocks: Bool { host.holdsLocks }
    /// What the service manager was told last (`STATUS=`).
    public var status: String { host.status }
    /// What launches threw: empty when all is well.
    public var launchFailures: [any Error] { state.withLock(\.failures) }
    /// What the program's processes decided, in order: each thing once, whichever process it was.
    public var events: [TaskEvent] { state.withLock(\.events) }
    /// Forgets the events and the lines so far: for a test that lets years pass.
    public func forgetEvents() {
        state.withLock { state in
            state.events = []
            state.log = []
        }
    }
    /// What the program's processes wrote for people.
    public var log: [String] { state.withLock(\.log) }

    // MARK: The world

    /// Where power comes from; nil: unknown.
    public var power: PowerSource? {
        get { host.power }
        set { host.power = newValue }
    }
    /// What the network offers; nil: unknown.
    public var network: NetworkState? {
        get { host.network }
        set { host.network = newValue }
    }

    /// Lets time pass, and everything happen that is due on the way.
    public func advance(by duration: Duration, until milestone: Milestone = .settled) async throws {
        let end = time.now().boot + max(0, duration.clampedMicroseconds)
        try await settle(milestone)
        while let action = time.step(until: end) {
            action()
            try await settle(milestone)
        }
        try await settle(milestone)
    }

    /// The host sleeps: it announces it, waits for the locks as long as logind does, sleeps, and wakes up.
    public func suspend(for duration: Duration) async throws {
        let grace = Duration.seconds(5)
        host.announce(.willSleep(grace: grace), standing: [.willSleep(grace: grace)])
        try await settle(.settled)
        if host.holdsLocks { try await advance(by: grace) }
        time.sleepHost(for: duration)
        host.announce(.didWake, standing: [])
        try await advance(by: .zero)
    }

    /// Somebody sets the wall clock; nothing else moves. Like systemd, the host starts a program that waits for a wake-up, so
    /// that it looks at its instants again.
    public func stepWallClock(by duration: Duration) async throws {
        time.stepWallClock(by: duration)
        state.withLock(\.waker)?.clockWasSet()
        try await advance(by: .zero)
    }

    /// Somebody sets the host's time zone, to a name of the tz database; at first it is UTC. Schedules without a zone of their
    /// own follow. Throws if this machine does not know the zone.
    public func changeTimeZone(_ identifier: String) async throws {
        try zones.setLocal(identifier)
        state.withLock(\.waker)?.clockWasSet()
        try await advance(by: .zero)
    }

    /// Every process of the program is killed, as by kill -9; the host lives on.
    public func crash() {
        let processes = state.withLock { state in
            defer {
                state.launches = []
                state.foreground = nil
                state.resident = nil
            }
            return state.launches + [state.foreground].compactMap { $0 }
        }
        for process in processes { process.scheduler.die() }
        host.forgetProcesses()
        zones.forgetProcesses()
    }

    /// The whole host dies at once, is down for a while, and boots; then what systemd starts at boot is started.
    public func reboot(downFor duration: Duration) async throws {
        crash()
        let waker = state.withLock { state in
            state.boot += 1
            return state.otherWaker == nil ? state.waker : nil
        }
        waker?.restart()
        time.reboot(downFor: duration)
        if waker?.isEnabled == true { launch("login") }
        try await advance(by: .zero)
    }

    /// The service manager refuses to arm anything, for this reason, until it is told nil.
    public func refuseWakeups(_ reason: String?) {
        state.withLock(\.waker)?.refuse(reason)
    }

    /// From here on the program finds no service manager, as in a container without one: the real Dispatch adapter is
    /// chosen. Kills the processes that found one.
    package func loseServiceManager() {
        crash()
        let waker = state.withLock { state in
            state.otherWaker = DispatchWaker(reason: "no service manager is simulated")
            return state.waker
        }
        waker?.restart()
    }

    // MARK: Processes

    /// Starts another process of the program, one that stays and runs what is due itself, with `run()`.
    public func startResident() throws {
        let process = makeProcess(.ordinary)
        state.withLock { state in
            state.launches.append(process)
            state.resident = process
        }
        start(process) { try await process.scheduler.run() }
    }

    /// The scheduler of the resident process, while it lives.
    public var resident: TaskScheduler? { state.withLock(\.resident?.scheduler) }

    /// Lets every process hear at once that another one changed the store; on a real host a watch on a file does that.
    public func ring() async throws {
        let processes = state.withLock { $0.launches + [$0.foreground].compactMap { $0 } }
        for process in processes { process.scheduler.hearDoorbell() }
        try await advance(by: .zero)
    }

    @discardableResult
    private func startForeground() -> TaskScheduler {
        let process = makeProcess(.ordinary)
        program(process.scheduler)
        state.withLock { $0.foreground = process }
        return process.scheduler
    }

    private func launch(_ instance: String) {
        let process = makeProcess(.background(instance: instance))
        state.withLock { state in
            state.launches.append(process)
            state.launchCount += 1
        }
        start(process) { _ = try await process.scheduler.handleBackgroundLaunch() }
    }

    private func start(_ process: Process, _ main: @escaping @Sendable () async throws -> Void) {
        Task(executorPreference: process.executor) { [weak self] in
            self?.program(process.scheduler)
            do {
                try await main()
            } catch {
                self?.state.withLock { state in
                    if state.launches.contains(where: { $0 === process }) { state.failures.append(error) }
                }
            }
            process.scheduler.die()
            self?.state.withLock { $0.launches.removeAll { $0 === process } }
        }
    }

    private func makeProcess(_ context: LaunchContext) -> Process {
        let (pid, boot) = state.withLock { state in
            state.pid += 1
            return (state.pid, "boot-\(state.boot)")
        }
        let progress: @Sendable () -> Void = { [weak self] in self?.noteProgress() }
        let handOn: @Sendable () -> Void = { [weak self] in self?.noteHandOver() }
        let executor = CountingExecutor(onJob: handOn, onIdle: progress)
        let directory = directory
        let executors = Executors(onJob: handOn, onIdle: progress)
        guard let waker = state.withLock({ $0.otherWaker ?? $0.waker as (any Waker)? }) else {
            preconditionFailure("made by init")
        }
        let identifier = configuration.appIdentifier ?? ""
        let planner = SchedulePlanner(hostSeed: 1, zones: zones)
        let environment = SchedulingEnvironment(
            appIdentifier: identifier, time: time, conditions: host, host: host,
            activityHost: ActivityHost(host), waker: waker, launch: context, zones: zones, planner: planner,
            openStore: { () throws(SchedulingFailure) in
                let state = try StateDirectory.resolve(explicit: directory, appIdentifier: identifier, environment: [:])
                return try SchedulingStore(
                    directory: state, machine: "simulated", boot: boot, pid: pid, planner: planner)
            },
            processIdentifier: pid, executor: { executors.executor(for: $0) }, onProgress: progress,
            listenForStop: { _ in {} },
            events: EventHub { [weak self] event in self?.state.withLock { $0.events.append(event) } },
            log: { [weak self] line in self?.state.withLock { $0.log.append("[\(pid)] \(line)") } })
        let scheduler = TaskScheduler(configuration: configuration, environment: .success(environment))
        let instance: String? = if case .background(let instance) = context { instance } else { nil }
        return Process(scheduler: scheduler, instance: instance, executor: executor, executors: executors)
    }
}
