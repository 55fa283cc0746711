// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import SchedulingCore
import SchedulingStore
import Synchronization

/// Performs what the machine decides, for as long as this process runs tasks.
///
/// Inputs come from any thread. One of them at a time works them off, in order, and performs the effects outside the lock;
/// the others only leave theirs and go on.
final class Runner: Sendable {
    typealias Input = SchedulerMachine.Input
    typealias Effect = SchedulerMachine.Effect

    /// Guarded by `state`. `runs` holds what handlers work on; `unrecorded` the ends that the store refused so far.
    private struct State {
        var machine: SchedulerMachine
        var inbox: [Input] = []
        var isWorking = false
        /// The latest setting of the alarm, which waits until the inbox is empty.
        var settingOfAlarm: Effect?
        var runs: [Int64: TaskRun] = [:]
        var unrecorded: [RunEnd] = []
        var failures = 0
        var isAbandoned = false
        var watch: (any ConditionsWatch)?
        var doorbell: DoorbellWatch?
        var result: Result<Void, SchedulingFailure>?
        var waiters: [CheckedContinuation<Void, any Error>] = []
        var onFinish: (@Sendable () -> Void)?
    }
    private let state: Mutex<State>
    private let environment: SchedulingEnvironment
    private let store: SchedulingStore
    private let keeper: WakeupKeeper
    private let handlers: LaunchHandlers
    let mode: SchedulerMachine.Mode
    private let policy: RunPolicy
    private let alarm = Mutex<(main: any Alarm, retry: any Alarm)?>(nil)

    init(
        mode: SchedulerMachine.Mode, environment: SchedulingEnvironment, store: SchedulingStore, keeper: WakeupKeeper,
        handlers: LaunchHandlers, policy: RunPolicy
    ) {
        self.environment = environment
        self.store = store
        self.keeper = keeper
        self.handlers = handlers
        self.mode = mode
        self.policy = policy
        state = Mutex(State(machine: SchedulerMachine(mode: mode, policy: policy, handled: handlers.identifiers)))
    }

    // MARK: Life

    func start() {
        let main = environment.time.makeAlarm { [weak self] in self?.send(.timeReached) }
        let retry = environment.time.makeAlarm { [weak self] in self?.tryAgain() }
        alarm.withLock { $0 = (main, retry) }
        let doorbell = store.watch { [weak self] in self?.rang() }
        state.withLock { $0.doorbell = doorbell }
        let announced = environment.host.listen { [weak self] event in self?.send(.host(event)) }
        send(.began(announced: announced))
    }

    /// Returns when the runner has finished: everything due was run, or it was told to stop.
    func untilFinished(isolation: isolated (any Actor)? = #isolation) async throws {
        let stopListening = environment.listenForStop { [weak self] in self?.send(.host(.stopRequested)) }
        defer { stopListening() }
        try await withTaskCancellationHandler {
            _ = isolation  // naming it is what keeps the closure on the caller's actor
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result = state.withLock { state in
                    if state.result == nil { state.waiters.append(continuation) }
                    return state.result
                }
                if let result { continuation.resume(with: result.mapError { $0 as any Error }) }
            }
        } onCancel: {
            send(.host(.stopRequested))
        }
    }

    /// Calls `action` once the runner has finished, for those who do not wait.
    func whenFinished(_ action: @escaping @Sendable () -> Void) {
        let isOver = state.withLock { state in
            if state.result == nil { state.onFinish = action }
            return state.result != nil
        }
        if isOver { action() }
    }

    private func finish(_ result: Result<Void, SchedulingFailure>) {
        alarm.withLock { alarms in
            alarms?.main.set(wall: nil, awake: nil)
            alarms?.retry.set(wall: nil, awake: nil)
        }
        let (waiters, watch, onFinish) = state.withLock { state in
            if state.result == nil { state.result = result }
            defer {
                state.waiters = []
                state.onFinish = nil
                state.doorbell = nil
                state.watch = nil
            }
            return (state.waiters, state.watch, state.onFinish)
        }
        watch?.stop()
        for waiter in waiters { waiter.resume(with: result.mapError { $0 as any Error }) }
        onFinish?()
    }

    /// Ends without a trace, as if the process had been killed.
    func abandon() {
        state.withLock { $0.isAbandoned = true }
        finish(
            .failure(
                SchedulingFailure(
                    .misuse, doing: "run the tasks of", subject: environment.appIdentifier, cause: "the process died",
                    remedy: "Nothing: this is a simulation.")))
    }

    /// What this process runs at present.
    var running: [Int64: TaskRun] { state.withLock(\.runs) }

    var isWorking: Bool { state.withLock { $0.isWorking || !$0.inbox.isEmpty } }

    /// Another process, or this one, changed the store.
    func rang() {
        if let requests = try? store.stopRequests() {
            for request in requests { send(.stopAsked(request.occurrence, request.reason)) }
        }
        send(.rang)
    }

    /// A handler was added after the start.
    func handlersChanged() { send(.registered(handlers.identifiers)) }

    // MARK: Deciding

    func send(_ input: Input) {
        let isWorker = state.withLock { state in
            guard !state.isAbandoned else { return false }
            state.inbox.append(input)
            defer { state.isWorking = true }
            return !state.isWorking
        }
        guard isWorker else { return }
        while let effects = nextEffects() {
            for effect in effects { perform(effect) }
        }
        environment.onProgress()
    }

    private func nextEffects() -> [Effect]? {
        let now = environment.time.now()
        return state.withLock { state in
            guard !state.inbox.isEmpty else {
                if let setting = state.settingOfAlarm.take() { return [setting] }
                state.isWorking = false
                return nil
            }
            var effects = state.machine.handle(state.inbox.removeFirst(), at: now)
            // Only the last of a turn counts, and each wakes Dispatch's timer thread: not between a look and its claim.
            if case .setAlarm? = effects.last { state.settingOfAlarm = effects.removeLast() }
            return effects
        }
    }

    private func enqueue(_ input: Input) {
        state.withLock { $0.inbox.append(input) }
    }

    // MARK: Acting

    private func perform(_ effect: Effect) {
        do {
            try act(on: effect)
            state.withLock { $0.failures = 0 }
        } catch {
            failed(error, at: effect)
        }
    }

    private func act(on effect: Effect) throws(SchedulingFailure) {
        let now = environment.time.now().wall
        switch effect {
        case .look(let includingWaiting):
            let due = try store.due(now: now, includingWaiting: includingWaiting, limit: 64)
            enqueue(.looked(due: due, next: try store.nextEligible(after: now)))
        case .observeConditions:
            watchConditions()  // first, so that no change falls in between
            enqueue(.conditionsObserved(environment.conditions.observe()))
        case .claim(let ids):
            let claimed = try store.claim(ids, now: now)
            CrashPoint.pass(.afterClaim)
            enqueue(.claimed(claimed, asked: ids))
        case .holdLocks:
            if let refusal = environment.host.holdLocks(
                why: "A background task of \(environment.appIdentifier) is running")
            {
                environment.log("Sleep and shutdown are not held back while tasks run: \(refusal)")
            }
        case .releaseLocks: environment.host.releaseLocks()
        case .start(let occurrence): start(occurrence)
        case .markCut(let ids, let reason): try store.markCut(ids, reason: reason)
        case .expire(let id, let reason): expire(id, reason)
        case .end(let end): try record(end)
        case .postpone(let postponement): try postpone(postponement, now)
        case .keepArmed: try keepArmed()
        case .tellServiceManager(let running): tellServiceManager(running)
        case .setAlarm(let wall, let awake): alarm.withLock { $0?.main.set(wall: wall, awake: awake) }
        case .finish: finish(.success(()))
        }
    }

    private func watchConditions() {
        guard state.withLock({ $0.watch == nil }) else { return }
        let watch = environment.conditions.watch { [weak self] in self?.send(.conditionsObserved($0)) }
        state.withLock { $0.watch = watch }
    }

    private func start(_ occurrence: Occurrence) {
        let run = TaskRun(occurrence) { [weak self] failure in
            CrashPoint.pass(.afterHandler)
            self?.send(.completed(occurrence.id, failure: failure))
        }
        state.withLock { $0.runs[occurrence.id] = run }
        CrashPoint.pass(.beforeHandler)
        handlers.start(run, environment)
    }

    private func expire(_ id: Int64, _ reason: ExpirationReason) {
        state.withLock { $0.runs[id] }?.tellToStop(reason, environment)
    }

    private func record(_ end: SchedulerMachine.RunEnd) throws(SchedulingFailure) {
        let ends = state.withLock { state in
            state.runs[end.occurrence] = nil
            state.unrecorded.append(
                RunEnd(
                    occurrence: end.occurrence, outcome: end.outcome, reason: end.reason, detail: end.detail,
                    started: end.started, ended: end.ended, again: end.again))
            return state.unrecorded
        }
        try store.finish(ends)
        state.withLock { $0.unrecorded.removeFirst(ends.count) }
        CrashPoint.pass(.afterFinish)
    }

    private func postpone(_ postponement: SchedulerMachine.Postponement, _ now: WallTime) throws(SchedulingFailure) {
        let occurrence = postponement.occurrence
        var waiting: Requirement = []
        switch postponement.cause {
        case .conditions(let unmet): waiting = unmet
        case .contention: break
        case .noHandler:
            if occurrence.postponements == 0 {
                environment.log(
                    "The task \(occurrence.identifier) is due and has no handler: register one before "
                        + "handleBackgroundLaunch() or run(), or cancel the request.")
                try store.note(
                    HistoryEntry(
                        identifier: occurrence.identifier, outcome: .noHandler,
                        processIdentifier: environment.processIdentifier, scheduled: occurrence.instant, ended: now))
            }
        }
        try store.postpone([
            Postponement(occurrence: occurrence.id, until: postponement.until, waiting: waiting)
        ])
    }

    private func keepArmed() throws(SchedulingFailure) {
        let isHeld = state.withLock { $0.machine.isHeld }
        try keeper.settle(runner: isHeld ? .held : .acting)
    }

    private func tellServiceManager(_ running: [String]) {
        let status = running.isEmpty ? "Idle" : "Running " + running.joined(separator: ", ")
        environment.host.notify(status: status, extendBy: running.isEmpty ? nil : policy.heartbeat * 3)
    }

    // MARK: Failing

    /// A store that fails does not stop what runs: ends are kept and tried again; a launch gives up after a few tries, and
    /// systemd tries again later.
    private func failed(_ error: SchedulingFailure, at effect: Effect) {
        environment.log(error.description)
        let givesUp = state.withLock { state in
            state.failures += 1
            return mode == .launch && state.machine.isIdle && state.failures > 3
        }
        if givesUp {
            finish(.failure(error))
        } else if case .finish = effect {
            finish(.failure(error))
        } else {
            let soon = environment.time.now().awake + 1_000_000
            alarm.withLock { $0?.retry.set(wall: nil, awake: soon) }
        }
    }

    private func tryAgain() {
        let ends = state.withLock(\.unrecorded)
        do throws(SchedulingFailure) {
            if !ends.isEmpty {
                try store.finish(ends)
                state.withLock { $0.unrecorded.removeFirst(ends.count) }
            }
            send(.rang)
        } catch {
            failed(error, at: .look(includingWaiting: false))
        }
    }
}
