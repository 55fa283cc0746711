// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
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

    /// Guarded by `state`. `runs` holds what handlers work on; `unrecorded` the ends that the store refused so far: only
    /// who works the inputs off touches it, so that no end is recorded twice.
    struct State {
        var machine: SchedulerMachine
        var inbox: [Input] = []
        /// Inputs that come before the start wait: what dead processes left is not recovered yet.
        var isStarted = false
        var isWorking = false
        /// What the ends of turns left is to be done.
        var isLater = false
        /// What waits until the inbox is empty.
        var later = LaterEffects()
        var runs: [Int64: TaskRun] = [:]
        var unrecorded: [RunEnd] = []
        /// Whether there are ends that nobody tried to record yet.
        var hasNewEnds = false
        /// What the store was like when the doorbell was heard last.
        var heard: StoreStamp?
        /// How many turns in a row met a failure.
        var failures = 0
        var isAbandoned = false
        var watch: (any ConditionsWatch)?
        var doorbell: (any DoorbellHearing)?
        /// Whether the clock or the time zone may be another one since the last look.
        var isClockNew = true
        var clockWatch: (any Sendable & AnyObject)?
        var zoneWatch: (any ZoneWatch)?
        var result: Result<Void, SchedulingFailure>?
        var waiters: [CheckedContinuation<Void, any Error>] = []
        var onFinish: (@Sendable () -> Void)?
        var stopListening: (@Sendable () -> Void)?
    }
    let state: Mutex<State>
    let environment: SchedulingEnvironment
    let store: SchedulingStore
    let keeper: WakeupKeeper
    let handlers: LaunchHandlers
    let mode: SchedulerMachine.Mode
    let policy: RunPolicy
    let alarm = Mutex<(main: any Alarm, retry: any Alarm, later: any Alarm)?>(nil)
    let threads = HandlerThreads()

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
        let main = environment.time.makeAlarm { [weak self] in self?.timeIsReached() }
        let retry = environment.time.makeAlarm { [weak self] in self?.rang() }
        let later = environment.time.makeAlarm { [weak self] in self?.laterIsReached() }
        main.whenNear { [weak self] in self?.timeIsNear() }
        alarm.withLock { $0 = (main, retry, later) }
        // In a launch something is due: its handler is called by the thread that claims it (`work(on:)`).
        let beginsOnAlarm = environment.launch != .ordinary && main.hasOwnThread && environment.background == nil
        if beginsOnAlarm { main.prepareThread() }
        let doorbell = store.watch { [weak self] in self?.heard() }
        let clockWatch = environment.time.watchSettings { [weak self] in self?.clockWasSet() }
        let zoneWatch = environment.zones.watch { [weak self] in self?.clockWasSet() }
        state.withLock { state in
            state.doorbell = doorbell
            state.clockWatch = clockWatch
            state.zoneWatch = zoneWatch
        }
        let announced = environment.host.listen { [weak self] event in self?.send(.host(event)) }
        let working = handlers.follow { [weak self] id in self?.send(.completed(id, failure: nil)) }
        state.withLock { state in
            state.machine.bar(working)
            state.isStarted = true
            state.inbox.insert(.began(announced: announced), at: 0)
        }
        if beginsOnAlarm { main.goOff(at: environment.time.now()) } else { work() }
    }

    /// From here on a request to stop tells the runs, instead of ending the process: to be called before any can start.
    func listenForStop() {
        let stopListening = environment.listenForStop { [weak self] in self?.send(.host(.stopRequested)) }
        state.withLock { $0.stopListening = stopListening }
    }

    /// Ends one that could not be started; whoever waits for it is told.
    func fail(_ failure: SchedulingFailure) {
        state.withLock { $0.stopListening.take() }?()
        finish(.failure(failure))
    }

    /// Returns when the runner has finished: everything due was run, or it was told to stop.
    func untilFinished(isolation: isolated (any Actor)? = #isolation) async throws {
        defer { state.withLock { $0.stopListening.take() }?() }
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

    func finish(_ result: Result<Void, SchedulingFailure>) {
        // What it could not record is the next owner's to recover, also if this process lives on.
        if case .failure = result, state.withLock({ !$0.unrecorded.isEmpty }) { store.forsake() }
        alarm.withLock { alarms in
            alarms?.main.set(wall: nil, awake: nil)
            alarms?.retry.set(wall: nil, awake: nil)
            alarms?.later.set(wall: nil, awake: nil)
        }
        let (waiters, watch, onFinish) = state.withLock { state in
            if state.result == nil { state.result = result }
            defer {
                state.waiters = []
                state.onFinish = nil
                state.doorbell = nil
                state.clockWatch = nil
                state.zoneWatch = nil
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

    // MARK: Acting

    func act(on effect: Effect) throws(SchedulingFailure) {
        let now = environment.time.now().wall
        switch effect {
        case .look(let includingWaiting):
            try recordNewEnds()
            try followClocks(now)
            let filter = state.withLock { $0.machine.lookFilter }
            let found = try store.look(now: now, includingWaiting: includingWaiting, limit: 256, leavingOut: filter)
            enqueue(.looked(due: found.due, next: found.next, coming: found.coming))
        case .observeConditions(let requirements):
            enqueue(.conditionsObserved(watchOfConditions().observe(requirements.conditions)))
        case .watchConditions(let requirements): narrowWatch(to: requirements.conditions)
        case .askWhatWaits(let asked): enqueue(.waiting(try store.waitingRequirements(), asked: asked))
        case .claim(let ids):
            let claimed = try claim(ids, now)
            CrashPoint.pass(.afterClaim)
            enqueue(.claimed(claimed, asked: ids))
        case .holdLocks:
            if let refusal = environment.host.holdLocks(
                why: "A background task of \(environment.appIdentifier) is running")
            {
                environment.log("Sleep and shutdown are not held back while tasks run: \(refusal)")
            }
        case .releaseLocks:
            defer { environment.host.releaseLocks() }
            try recordNewEnds()
        case .start(let occurrence): start(occurrence)
        case .markCut(let ids, let reason): try store.markCut(ids, reason: reason)
        case .expire(let id, let reason): expire(id, reason)
        case .end(let end): note(end)
        case .postpone(let postponement): try postpone(postponement, now)
        case .skip(let occurrence): try store.skip([occurrence], now: now)
        case .requestStop(let identifier, let reason, let next):
            _ = try store.requestStop(identifier: identifier, reason: reason, toMakeRoomFor: next)
        case .keepArmed:
            try recordNewEnds()
            try keepArmed()
        case .tellServiceManager(let running): tellServiceManager(running)
        case .setAlarm(let wall, let awake): alarm.withLock { $0?.main.set(wall: wall, awake: awake) }
        case .finish:
            try recordEnds()
            finish(.success(()))
        }
    }

    /// The one watch. Of a change it only tells that there was one: the worker observes for itself, so that an older
    /// observation never comes after a newer one.
    private func watchOfConditions() -> any ConditionsWatch {
        if let watch = state.withLock(\.watch) { return watch }
        let watch = environment.conditions.watch { [weak self] _ in self?.send(.conditionsChanged) }
        state.withLock { $0.watch = watch }
        return watch
    }

    private func narrowWatch(to kinds: ConditionKinds) {
        guard kinds.isEmpty else { return state.withLock(\.watch)?.narrow(to: kinds) ?? () }
        state.withLock { $0.watch.take() }?.stop()
    }

    private func postpone(_ postponement: SchedulerMachine.Postponement, _ now: WallTime) throws(SchedulingFailure) {
        let occurrence = postponement.occurrence
        let (waiting, seen): (Requirement, Int?) =
            switch postponement.cause {
            case .conditions(let unmet): (unmet, occurrence.postponements)
            case .contention: ([], nil)
            case .noHandler: ([], occurrence.postponements)
            }
        // Two looks may have found it: the second one finds that it was put off.
        let put = Postponement(occurrence: occurrence.id, until: postponement.until, waiting: waiting, seen: seen)
        let done = try store.postpone([put], now: now)
        guard done.contains(occurrence.id) else { return }
        if !waiting.isEmpty { environment.emitWaiting(occurrence, for: waiting, until: postponement.until) }
        guard postponement.cause == .noHandler, occurrence.postponements == 0 else { return }
        environment.logRecorded(
            "The task \(occurrence.identifier) is due and has no handler: register one before "
                + "handleBackgroundLaunch() or run(), or cancel the request.")
        try store.note(
            HistoryEntry(
                identifier: occurrence.identifier, outcome: .noHandler,
                processIdentifier: environment.processIdentifier, scheduled: occurrence.instant, ended: now))
    }

    // MARK: Failing

    /// A store that fails does not stop what runs: ends are kept and tried again; a launch gives up after a few tries, and
    /// systemd tries again later.
    func failed(_ error: SchedulingFailure, at effect: Effect?) {
        environment.log(error.description)
        // A look from before would have a launch believe that all is done.
        state.withLock { $0.inbox.removeAll { if case .looked = $0 { true } else { false } } }
        switch effect {
        case .claim: enqueue(.claimed([], asked: []))
        case .finish: finish(.failure(error))
        default: break
        }
    }

    /// After a second, then after twice as long each time, up to a minute.
    func tryAgainLater() {
        let doublings = state.withLock { min(max(0, $0.failures - 1), 6) }
        let later = environment.time.now().awake(after: min(.seconds(1 << doublings), .seconds(60)))
        alarm.withLock { $0?.retry.set(wall: nil, awake: later) }
    }
}
