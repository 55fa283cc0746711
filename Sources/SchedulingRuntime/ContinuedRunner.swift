// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import Dispatch
import Foundation
import SchedulingCore
import SchedulingStore
import Synchronization

/// Runs continued tasks in this process and shows how far they are. What to do is decided by `ContinuedMachine`.
final class ContinuedRunner: Sendable {
    /// How often progress is read while something runs; there is nothing on Linux that tells of a change.
    static let reading: Duration = .seconds(1)

    /// Guarded by `state`.
    private struct State {
        var machine: ContinuedMachine
        var requests: [Int64: ContinuedRequest] = [:]
        var runs: [Int64: Active] = [:]
        var nextNumber: Int64 = 1
        var deadline: Int64?
        var isSetUp = false
        var waiting = 0
        var idlers: [CheckedContinuation<Void, Never>] = []
        var holdsLocks = false
    }
    /// What was submitted, as far as the machine does not need it.
    struct ContinuedRequest: Sendable { var identifier: String, title: String, subtitle: String }
    private struct Active {
        var run: TaskRun
        var content: ContinuedState
        var row: Int64?
        var shown: ContinuedProgress
        var started: WallTime
    }
    private let state: Mutex<State>
    private let environment: SchedulingEnvironment
    private let store: SchedulingStore
    private let handlers: LaunchHandlers
    private let policy: RunPolicy
    private let alarm = Mutex<(any Alarm)?>(nil)
    private let doorbell = Mutex<(any DoorbellHearing)?>(nil)
    /// Everything is decided and written on this queue, in order.
    private let queue = DispatchQueue(label: "background.continued")
    /// Set on the queue, so that nothing on it waits for itself.
    private static let mark = DispatchSpecificKey<Bool>()

    init(
        environment: SchedulingEnvironment, store: SchedulingStore, handlers: LaunchHandlers, policy: RunPolicy
    ) {
        self.environment = environment
        self.store = store
        self.handlers = handlers
        self.policy = policy
        queue.setSpecific(key: ContinuedRunner.mark, value: true)
        state = Mutex(State(machine: ContinuedMachine(grace: policy.budgets.expirationGrace)))
    }

    var runs: [TaskRun] { state.withLock { $0.runs.values.map(\.run) } }

    /// The requests that wait for their turn.
    var queued: [ContinuedRequest] {
        state.withLock { state in
            state.machine.queued.compactMap { name in state.requests.values.first { $0.identifier == name } }
        }
    }

    /// Runs it at once, or lets it wait; throws if it may not wait and cannot run.
    func submit(_ request: BGContinuedProcessingTaskRequest) throws(SchedulingFailure) {
        try setUp()
        let content = ContinuedRequest(
            identifier: request.identifier, title: request.title, subtitle: request.subtitle)
        let queues = request.strategy == .queue
        let isRefused = queue.sync {
            let number = state.withLock { state in
                defer { state.nextNumber += 1 }
                state.requests[state.nextNumber] = content
                return state.nextNumber
            }
            environment.emit(.submitted, content.identifier)
            let effects = handle(
                .submitted(ContinuedMachine.Request(number: number, identifier: content.identifier, queues: queues)))
            return effects.contains { if case .refuse = $0 { true } else { false } }
        }
        guard isRefused else { return }
        throw SchedulingFailure(
            .runIneligible, doing: "run at once", subject: request.identifier,
            cause: "as many continued tasks run as may run at once, or one of this identifier does",
            remedy: "Use the strategy .queue, or try again when another has ended.")
    }

    private func setUp() throws(SchedulingFailure) {
        guard !state.withLock({ $0.isSetUp }) else { return }
        try store.becomeOwnerIfNeeded(now: environment.time.now().wall) { occurrence in
            policy.recovery(occurrence, now: environment.time.now().wall)
        }
        guard
            state.withLock({ state in
                defer { state.isSetUp = true }
                return !state.isSetUp
            })
        else { return }
        let alarm = environment.time.makeAlarm { [weak self] in self?.look() }
        self.alarm.withLock { $0 = alarm }
        let watch = store.watch { [weak self] in self?.rang() }
        doorbell.withLock { $0 = watch }
        _ = environment.host.listen { [weak self] event in
            switch event {
            case .willShutDown: self?.send(.stopping(.systemShutdown))
            case .stopRequested: self?.send(.stopping(.serviceStop))
            case .willSleep, .didWake: break  // they are frozen with the host, and go on with it
            }
        }
    }

    func stop(identifier: String?, _ reason: ExpirationReason) { send(.stopAsked(identifier: identifier, reason)) }

    func rang() {
        for request in (try? store.continuedStopRequests()) ?? [] {
            send(.stopAsked(identifier: request.identifier, request.reason))
        }
    }

    private func send(_ input: ContinuedMachine.Input) {
        enqueue { $0.handle(input) }
    }

    /// Recorded when `setTaskCompleted` returns: the program may end right after it.
    private func completed(_ number: Int64, _ failure: String?) {
        guard DispatchQueue.getSpecific(key: ContinuedRunner.mark) == nil else {
            return send(.completed(number, failure: failure))
        }
        state.withLock { $0.waiting += 1 }
        queue.sync { _ = handle(.completed(number, failure: failure)) }
        state.withLock { $0.waiting -= 1 }
        environment.onProgress()
    }

    private func enqueue(_ work: @escaping @Sendable (ContinuedRunner) -> Void) {
        state.withLock { $0.waiting += 1 }
        let job: @Sendable () -> Void = {
            work(self)
            self.state.withLock { $0.waiting -= 1 }
            self.environment.onProgress()
        }
        if let background = environment.background { background(job) } else { queue.async(execute: job) }
    }

    /// Whether something that happened is not worked off yet.
    var isWorking: Bool { state.withLock { $0.waiting > 0 } }

    /// Returns when nothing runs or waits: at once, if nothing does.
    func untilIdle(isolation: isolated (any Actor)? = #isolation) async {
        await withCheckedContinuation { continuation in
            let isIdle = state.withLock { state in
                if !state.machine.isIdle { state.idlers.append(continuation) }
                return state.machine.isIdle
            }
            if isIdle { continuation.resume() }
        }
    }

    // MARK: On the queue

    @discardableResult
    private func handle(_ input: ContinuedMachine.Input) -> [ContinuedMachine.Effect] {
        let now = environment.time.now()
        let effects = state.withLock { $0.machine.handle(input, at: now) }
        for effect in effects { act(on: effect, now) }
        setAlarm()
        let mayRelease = state.withLock { state in
            defer { if state.runs.isEmpty { state.holdsLocks = false } }
            return state.runs.isEmpty && state.holdsLocks
        }
        if mayRelease {
            environment.host.releaseLocks()
            environment.host.notify(status: "Idle", extendBy: nil)
        }
        let idlers = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.machine.isIdle else { return [] }
            defer { state.idlers = [] }
            return state.idlers
        }
        for idler in idlers { idler.resume() }
        return effects
    }

    private func act(on effect: ContinuedMachine.Effect, _ now: Moment) {
        switch effect {
        case .start(let request): start(request, now)
        case .refuse(let request): state.withLock { $0.requests[request.number] = nil }
        case .expire(let number, let reason): expire(number, reason)
        case .end(let request, let outcome, let reason, let detail): end(request, outcome, reason, detail, now)
        case .setAlarm(let awake): state.withLock { $0.deadline = awake }
        }
    }

    private func start(_ request: ContinuedMachine.Request, _ now: Moment) {
        guard let content = state.withLock({ $0.requests[request.number] }) else { return }
        let shown = ContinuedState(title: content.title, subtitle: content.subtitle)
        let occurrence = Occurrence(
            id: -request.number, request: -request.number, identifier: request.identifier, kind: .continued,
            instant: now.wall, eligible: now.wall, submitted: now.wall)
        let run = TaskRun(occurrence, continued: shown) { [weak self] failure, _ in
            self?.completed(request.number, failure)
        }
        let snapshot = shown.snapshot(request.identifier, pid: environment.processIdentifier)
        let row = attempt { () throws(SchedulingFailure) in try store.continuedStarted(snapshot, now: now.wall) }
        let isFirst = state.withLock { state in
            state.runs[request.number] = Active(
                run: run, content: shown, row: row, shown: snapshot, started: now.wall)
            defer { state.holdsLocks = true }
            return !state.holdsLocks
        }
        handlers.start(run, environment)
        environment.emit(.started, of: occurrence)
        if isFirst, let refusal = environment.host.holdLocks(why: content.title) {
            environment.log("Shutdown is not held back while \(request.identifier) runs: \(refusal)")
        }
        show(request.number, snapshot)
    }

    private func expire(_ number: Int64, _ reason: ExpirationReason) {
        guard let active = state.withLock({ $0.runs[number] }) else { return }
        // On Apple's systems both are seen when a person cancels: the handler's call and the progress's cancellation.
        if reason == .cancelled { active.content.progress.cancel() }
        environment.emit(.expiring, of: active.run.occurrence) { $0.reason = reason }
        if !active.run.tellToStop(reason, environment) { active.run.complete(failure: "had no expiration handler") }
    }

    private func end(
        _ request: ContinuedMachine.Request, _ outcome: Outcome, _ reason: ExpirationReason?, _ detail: String,
        _ now: Moment
    ) {
        let active = state.withLock { state in
            state.requests[request.number] = nil
            return state.runs.removeValue(forKey: request.number)
        }
        environment.presenter?.remove(number: request.number)
        attempt { () throws(SchedulingFailure) in
            try store.continuedEnded(
                active?.row,
                HistoryEntry(
                    identifier: request.identifier, outcome: outcome, reason: reason, attempt: active == nil ? 0 : 1,
                    detail: detail, processIdentifier: environment.processIdentifier,
                    scheduled: active?.started ?? now.wall, started: active?.started, ended: now.wall))
        }
    }

    /// Reads the progress of all that runs, shows what changed, and expires what stands still.
    private func look() {
        enqueue { runner in
            for (number, active) in runner.state.withLock({ $0.runs }) { runner.read(number, active) }
            runner.handle(.timeReached)
        }
    }

    private func read(_ number: Int64, _ active: Active) {
        let snapshot = active.content.snapshot(
            active.run.occurrence.identifier, pid: environment.processIdentifier)
        guard snapshot != active.shown else { return }
        state.withLock { $0.runs[number]?.shown = snapshot }
        if let row = active.row {
            attempt { () throws(SchedulingFailure) in try store.continuedProgressed(row, snapshot) }
        }
        show(number, snapshot)
        handle(.progressed(number))
    }

    private func show(_ number: Int64, _ progress: ContinuedProgress) {
        environment.host.notify(status: progress.description, extendBy: .seconds(180))
        environment.presenter?.show(progress, number: number)
    }

    private func setAlarm() {
        let now = environment.time.now().awake
        let awake = state.withLock { state -> Int64? in
            guard !state.runs.isEmpty else { return nil }
            let next = now + ContinuedRunner.reading.clampedMicroseconds
            return min(next, max(now, state.deadline ?? next))
        }
        alarm.withLock { $0?.set(wall: nil, awake: awake) }
    }

    /// What cannot be written does not stop the work; it is only less visible.
    @discardableResult
    private func attempt<R>(_ body: () throws(SchedulingFailure) -> R) -> R? {
        do {
            return try body()
        } catch {
            environment.log(error.description)
            return nil
        }
    }
}
