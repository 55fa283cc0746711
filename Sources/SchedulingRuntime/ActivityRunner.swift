// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import Foundation
import SchedulingCore
import SchedulingStore
import Synchronization

/// Performs what the machine of one background activity decides, as `Runner` does for tasks.
///
/// Inputs come from any thread; one thread at a time works them off and performs the effects outside the lock. It lives as
/// long as its scheduler object, and while a completion handler is out.
final class ActivityRunner: Sendable {
    typealias Machine = ActivityMachine
    typealias Completion = @Sendable (Machine.Ending) -> Void
    typealias Block = @Sendable (@escaping Completion) -> Void

    /// What the client can set at any time.
    struct Properties: Sendable {
        var qualityOfService = QualityOfService.background
        var repeats = false
        var interval: TimeInterval = 0
        var tolerance: TimeInterval?
    }

    /// Guarded by `state`.
    private struct State {
        var properties = Properties()
        var machine = Machine()
        var inbox: [Machine.Input] = []
        var isWorking = false
        var block: Block?
        var alarm: (any Alarm)?
        var watch: (any ConditionsWatch)?
        /// When the conditions were last looked at, on the awake clock.
        var observed = Int64.min / 2
        var subscription: Int?
        /// Of the runs whose completion handlers are out.
        var locks: [Int: [any HeldInhibitor]] = [:]
        var saidRefusal = false
    }
    private let state = Mutex(State())
    private let identifier: String
    private let scheduler: BGTaskScheduler
    private let queue: DispatchQueue

    init(identifier: String, scheduler: BGTaskScheduler) {
        self.identifier = identifier
        self.scheduler = scheduler
        queue = DispatchQueue(label: identifier.isEmpty ? "background.activity" : identifier)
    }

    var properties: Properties { state.withLock(\.properties) }

    func change(_ body: (inout Properties) -> Void) { state.withLock { body(&$0.properties) } }

    // MARK: Asking

    func schedule(_ block: @escaping Block) {
        let properties = properties
        if let mistake = mistake(in: properties) {
            return log("The activity \(identifier.debugDescription) was not scheduled, and never runs: \(mistake).")
        }
        guard let environment = try? scheduler.environment.get() else {
            if case .failure(let failure) = scheduler.environment {
                logToStandardError("The activity \(identifier.debugDescription) was not scheduled: \(failure)")
            }
            return
        }
        let now = environment.time.now().wall
        var since = now
        do throws(SchedulingFailure) {
            since = try scheduler.open().store.scheduleActivity(identifier, repeats: properties.repeats, now: now)
        } catch {
            log("The activity \(identifier) is not remembered across launches: \(error)")
        }
        state.withLock { state in
            if state.alarm != nil { return }
            state.alarm = environment.time.makeAlarm { [weak self] in self?.send(.timeReached) }
        }
        listen(environment)
        send(.scheduled(properties.plan, since: since), block)
    }

    private func mistake(in properties: Properties) -> String? {
        do throws(SchedulingFailure) { try TaskIdentifier.validate(identifier) } catch { return error.cause }
        let interval = properties.interval
        guard interval.isFinite, interval >= 0 else { return "\(interval) is no interval" }
        return properties.repeats && interval == 0 ? "it repeats, and has no interval" : nil
    }

    func invalidate() { send(.invalidated) }

    /// Looks at the power itself, at most once a second: the watch may not be told of it.
    var shouldDefer: Bool {
        guard let environment = try? scheduler.environment.get() else { return false }
        let now = environment.time.now().awake
        let (answer, isStale) = state.withLock { ($0.machine.shouldDefer, now - $0.observed > 1_000_000) }
        if answer == false, isStale {
            send(observe(environment))
            return state.withLock(\.machine.shouldDefer) ?? false
        }
        if let answer { return answer }
        return environment.activityHost.isAboutToStop || environment.conditions.observe(.power).power.value == .battery
    }

    // MARK: Deciding

    /// A block comes with the input that schedules it: between the two, nobody may find that it is not needed.
    private func send(_ input: Machine.Input, _ block: Block? = nil) {
        guard let environment = try? scheduler.environment.get() else { return }
        let isWorker = state.withLock { state in
            state.inbox.append(input)
            if let block { state.block = block }
            defer { state.isWorking = true }
            return !state.isWorking
        }
        guard isWorker else { return }
        while let effects = nextEffects(environment) {
            for effect in effects { perform(effect, environment) }
        }
        environment.onProgress()
    }

    private func nextEffects(_ environment: SchedulingEnvironment) -> [Machine.Effect]? {
        let now = environment.time.now()
        let isAboutToStop = environment.activityHost.isAboutToStop
        return state.withLock { state in
            guard !state.inbox.isEmpty else {
                if !state.machine.isScheduled { state.block = nil }  // it may hold its scheduler
                state.isWorking = false
                return nil
            }
            var input = state.inbox.removeFirst()
            // As it is now, in whatever order two threads told of a change.
            if case .hostChanged = input { input = .hostChanged(isAboutToStop: isAboutToStop) }
            return state.machine.handle(input, at: now)
        }
    }

    private func enqueue(_ input: Machine.Input) { state.withLock { $0.inbox.append(input) } }

    private func listen(_ environment: SchedulingEnvironment) {
        guard state.withLock({ $0.subscription == nil }) else { return }
        let host = environment.activityHost
        let id = host.subscribe { [weak self] _ in self?.send(.hostChanged(isAboutToStop: true)) }
        let isOurs = state.withLock { state in
            guard state.subscription == nil else { return false }
            state.subscription = id
            return true
        }
        if !isOurs { host.unsubscribe(id) }
        // What was announced to others before.
        send(.hostChanged(isAboutToStop: true))
    }

    deinit {
        let subscription = state.withLock(\.subscription)
        if let subscription, let environment = try? scheduler.environment.get() {
            environment.activityHost.unsubscribe(subscription)
        }
    }

    // MARK: Acting

    private func perform(_ effect: Machine.Effect, _ environment: SchedulingEnvironment) {
        switch effect {
        case .setAlarm(let wall, let awake): state.withLock(\.alarm)?.set(wall: wall, awake: awake)
        case .watchConditions:
            let watch = environment.conditions.watch { [weak self] in self?.send(.conditionsObserved($0)) }
            state.withLock { $0.watch = watch }
            enqueue(observed(watch.observe(.power), environment))
        case .observeConditions: enqueue(observe(environment))
        case .endWatch: state.withLock { $0.watch.take() }?.stop()
        case .claim(let since): claim(since, environment.time.now().wall)
        case .run(let number): start(number, environment)
        case .close(let fired): record(fired: fired, since: nil, isDeferred: false)
        case .restore(let fired, let since): record(fired: fired, since: since, isDeferred: true)
        }
    }

    private func observe(_ environment: SchedulingEnvironment) -> Machine.Input {
        observed(environment.conditions.observe(.power), environment)
    }

    private func observed(_ conditions: Conditions, _ environment: SchedulingEnvironment) -> Machine.Input {
        let now = environment.time.now().awake
        state.withLock { $0.observed = now }
        return .conditionsObserved(conditions)
    }

    private func claim(_ since: WallTime, _ now: WallTime) {
        do throws(SchedulingFailure) {
            switch try scheduler.open().store.claimActivity(identifier, since: since, now: now) {
            case .granted: enqueue(.claimed)
            case .taken(let since): enqueue(.taken(since: since))
            }
        } catch {
            log("\(error)")
            // A store that was closed belongs to a simulated process that died; without a store it runs all the same.
            enqueue(error.code == .misuse ? .invalidated : .claimed)
        }
    }

    private func record(fired: WallTime, since: WallTime?, isDeferred: Bool) {
        do throws(SchedulingFailure) {
            let store = try scheduler.open().store
            try store.endActivity(identifier, fired: fired, since: since, isDeferred: isDeferred)
        } catch {
            log("\(error)")
        }
    }

    private func start(_ number: Int, _ environment: SchedulingEnvironment) {
        guard let block = state.withLock(\.block) else { return send(.abandoned(run: number)) }
        scheduler.activities.withLock { $0.append(identifier) }
        let answer = environment.activityHost.inhibit(
            [.sleep, .shutdown], why: "The activity \(identifier) is running")
        let saysRefusal = state.withLock { state in
            state.locks[number] = answer.held
            defer { if answer.wasDenied { state.saidRefusal = true } }
            return answer.wasDenied && !state.saidRefusal
        }
        if saysRefusal {
            log("Sleep and shutdown do not wait for \(identifier): \(answer.refusals.joined(separator: "; "))")
        }
        let completion = ActivityCompletion { self.end(number, $0) }
        let quality = DispatchQoS(properties.qualityOfService)
        queue.async(execute: DispatchWorkItem(qos: quality, flags: .enforceQoS) { block { completion.call($0) } })
    }

    private func end(_ number: Int, _ ending: Machine.Ending?) {
        if let ending {
            send(.completed(run: number, ending, properties.plan))
        } else {
            log("The activity \(identifier) never runs again: its completion handler was let go without a call.")
            send(.abandoned(run: number))
        }
        let locks = state.withLock { $0.locks.removeValue(forKey: number) } ?? []
        for lock in locks { lock.release() }
        scheduler.activities.withLock { running in
            if let index = running.firstIndex(of: identifier) { running.remove(at: index) }
        }
        if case .success(let environment) = scheduler.environment { environment.onProgress() }
    }

    private func log(_ line: String) { scheduler.log(line) }

    private func logToStandardError(_ line: String) {
        FileHandle.standardError.write(Data(("background: " + line + "\n").utf8))
    }
}

/// The completion handler of one run: the first call counts, and so does that there will be none.
private final class ActivityCompletion: Sendable {
    private let wasCalled = Mutex(false)
    private let onEnd: @Sendable (ActivityMachine.Ending?) -> Void

    init(_ onEnd: @escaping @Sendable (ActivityMachine.Ending?) -> Void) { self.onEnd = onEnd }

    func call(_ ending: ActivityMachine.Ending) {
        let isFirst = wasCalled.withLock { wasCalled in
            defer { wasCalled = true }
            return !wasCalled
        }
        if isFirst { onEnd(ending) }
    }

    deinit {
        if !wasCalled.withLock(\.self) { onEnd(nil) }
    }
}

extension ActivityRunner.Properties {
    var plan: ActivityPlan {
        ActivityPlan(
            interval: Duration(clamping: interval), tolerance: Duration(clamping: tolerance ?? interval / 2),
            repeats: repeats)
    }
}

extension Duration {
    /// So many seconds; what is no number is none, and what is too long is the longest that can be counted.
    fileprivate init(clamping seconds: TimeInterval) {
        let limit: TimeInterval = 9_000_000_000_000
        self = seconds.isNaN ? .zero : .microseconds(Int64(min(max(seconds, -limit), limit) * 1_000_000))
    }
}

extension DispatchQoS {
    fileprivate init(_ quality: QualityOfService) {
        switch quality {
        case .userInteractive: self = .userInteractive
        case .userInitiated: self = .userInitiated
        case .utility: self = .utility
        case .background: self = .background
        default: self = .default
        }
    }
}
