// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import SchedulingStore
import Synchronization

/// Keeps the invariant: while anything is pending or running, a wake-up is armed that will fire.
///
/// The order is always: arm and confirm, commit, stop the old one. Whatever dies in between leaves a needless launch at
/// worst. "What is armed" is written in the same transaction as what it is armed for, or in one that has looked again.
package final class WakeupKeeper: Sendable {
    let environment: SchedulingEnvironment
    let store: SchedulingStore
    let policy: RunPolicy

    /// Guarded by `state`: whether this process has looked at the unit file, and why nothing could be armed, if so.
    private struct State {
        var isPrepared = false
        var failure: SchedulingFailure?
    }
    private let state = Mutex(State())

    package init(environment: SchedulingEnvironment, store: SchedulingStore, policy: RunPolicy) {
        self.environment = environment
        self.store = store
        self.policy = policy
    }

    var waker: any Waker { environment.waker }

    /// Why nothing could be armed the last time it was tried; nil when all is well.
    package var failure: SchedulingFailure? { state.withLock(\.failure) }

    /// Writes requests durably, with a wake-up armed that is early enough for the first of them.
    package func submit(_ requests: [NewRequest], limits: RequestLimits) throws(SchedulingFailure) {
        prepareOnce()
        let now = environment.time.now()
        // What follows another task needs no wake-up of its own.
        guard let head = requests.lazy.filter({ $0.follows == nil }).map(\.eligible).min() else {
            _ = try store.submit(requests, limits: limits, now: now.wall, relying: .none)
            return
        }
        let generation = waker.generation()
        // First without a look: mostly the recorded wake-up lies ahead, and the commit itself checks that.
        var result = try store.submit(
            requests, limits: limits, now: now.wall, relying: .recorded(generation: generation))
        if result == .notCovered, let record = try store.wakeup(), record.instant <= now.wall,
            waker.isLaunching(record.name)
        {
            result = try store.submit(
                requests, limits: limits, now: now.wall,
                relying: .recorded(generation: generation, launching: record.name))
        }
        if result == .submitted { return CrashPoint.pass(.afterCommit) }
        var isLocked = false
        do throws(SchedulingFailure) {
            try lockingArming { () throws(SchedulingFailure) in
                isLocked = true
                try self.armAndSubmit(requests, head: head, limits: limits)
            }
        } catch {
            guard !isLocked else { throw error }
            // Who arms is stopped, or hangs. As when arming fails: the work is kept, and this process wakes itself.
            note(error)
            _ = try store.submit(requests, limits: limits, now: environment.time.now().wall, relying: .none)
            CrashPoint.pass(.afterCommit)
        }
    }

    private func armAndSubmit(
        _ requests: [NewRequest], head: WallTime, limits: RequestLimits
    ) throws(SchedulingFailure) {
        let now = environment.time.now()
        let old = try store.wakeup()
        let outlook = try store.outlook()
        let earliest = min(head, outlook.earliest ?? head)
        let runner: LiveRunner = try store.hasLiveResident() ? .acting : .none
        let target =
            WakeTarget(earliest: earliest, isRunning: outlook.claimed > 0)
            .instant(now: now.wall, runner: runner, policy: policy) ?? earliest
        guard let armed = arm(at: target, runner: runner, after: old, now) else {
            _ = try store.submit(requests, limits: limits, now: now.wall, relying: .none)
            return CrashPoint.pass(.afterCommit)
        }
        CrashPoint.pass(.afterArm)
        do {
            _ = try store.submit(requests, limits: limits, now: now.wall, relying: .armed(armed))
        } catch {
            waker.disarm(armed.name)
            throw error
        }
        CrashPoint.pass(.afterCommit)
        tell(armed, after: old)
        // One that has fired is what keeps a launch safe that is under way; that launch tidies up itself.
        if let old, old.instant > now.wall || !waker.isLaunching(old.name) { waker.disarm(old.name) }
    }

    /// Arms, and notes a failure instead of throwing it: the caller's work is kept all the same.
    func arm(at target: WallTime, runner: LiveRunner, after old: ArmedWakeup?, _ now: Moment) -> ArmedWakeup? {
        do {
            // Where nothing was armed, the launch at login may be disabled: this process or another had nothing pending.
            if old == nil { try waker.prepare() }
            var armed = try waker.arm(at: target, now: now)
            armed.slack = runner == .none ? .zero : policy.runnerSlack
            state.withLock { $0.failure = nil }
            return armed
        } catch {
            note(error)
            return nil
        }
    }

    func tell(_ armed: ArmedWakeup, after old: ArmedWakeup?) {
        environment.emit(old == nil ? .wakeupArmed : .wakeupMoved) { $0.next = armed.instant }
    }

    /// Keeps why nothing could be armed, and tells it once.
    func note(_ error: SchedulingFailure) {
        let isNew = state.withLock { state in
            defer { state.failure = error }
            return state.failure != error
        }
        if isNew { environment.emit(.wakeupFailed) { $0.detail = error.description } }
        if isNew, waker.backend().kind != .dispatch { environment.logRecorded(error.description) }
    }

    /// Moves the wake-up to where it belongs. With `tidy`, every other wake-up of the app is stopped too.
    package func settle(runner: LiveRunner, tidy: Bool = false) throws(SchedulingFailure) {
        prepareOnce()
        // Each turn loses only to another process that submitted in between; then its work is looked at too.
        for _ in 0..<100 {
            if !tidy, try isSettled(runner: runner) { return }
            let isDone = try lockingArming { () throws(SchedulingFailure) in
                guard tidy, try self.isSettled(runner: runner), let kept = try self.store.wakeup() else {
                    return try self.move(runner: runner, tidy: tidy)
                }
                // Under the lock: what another process is about to record must not be taken for a leftover.
                self.waker.disarmAll(except: kept.name)
                return true
            }
            if isDone { return }
        }
    }

    private func target(_ outlook: Outlook, _ runner: LiveRunner, _ now: WallTime) -> WallTime? {
        WakeTarget(earliest: outlook.earliest, isRunning: outlook.claimed > 0)
            .instant(now: now, runner: runner, policy: policy)
    }

    /// A timer that has started a launch before its instant, because the clock was set, starts one more every quarter of an
    /// hour until it is replaced.
    private func isOurLaunch(_ name: String) -> Bool {
        guard case .background(let instance) = environment.launch else { return false }
        return name == instance || name.hasSuffix("@\(instance).timer")
    }

    private func isSettled(runner: LiveRunner) throws(SchedulingFailure) -> Bool {
        let now = environment.time.now().wall
        let outlook = try store.outlook()
        let record = try store.wakeup()
        guard let target = target(outlook, runner, now) else { return record == nil }
        guard let record, record.generation == waker.generation(), record.instant > now, record.instant <= target,
            !isOurLaunch(record.name)
        else { return false }
        // Too early is a needless launch: while something runs it may be early, but not before the next heartbeat. While a
        // live runner works off what is due, the target moves on with the clock, and half the slack behind it is enough.
        let isBehind = runner == .acting && outlook.earliest.map { $0 <= now } ?? false
        let tolerance = isBehind ? policy.runnerSlack / 2 : outlook.claimed > 0 ? .zero : .seconds(1)
        let watchdogFloor = now.advanced(by: policy.watchdog * 2 / 3)
        let floor = target.advanced(by: .zero - tolerance)
        return record.instant >= (outlook.claimed > 0 ? min(floor, watchdogFloor) : floor)
    }

    /// Returns false if another process changed what is pending in between.
    private func move(runner: LiveRunner, tidy: Bool) throws(SchedulingFailure) -> Bool {
        let now = environment.time.now()
        let record = try store.wakeup()
        guard let target = target(try store.outlook(), runner, now.wall) else {
            let isEmpty = try store.recordWakeup(nil) { $0.earliest == nil && $0.claimed == 0 }
            if isEmpty { waker.disarmAll(except: nil) }
            if isEmpty, record != nil { environment.emit(.wakeupStopped) }
            return isEmpty
        }
        guard let armed = arm(at: target, runner: runner, after: record, now) else {
            if let record, isOurLaunch(record.name) { try forget(record) }
            return true
        }
        CrashPoint.pass(.afterArm)
        let policy = policy
        let isRecorded = try store.recordWakeup(armed) { outlook in
            let wanted = WakeTarget(earliest: outlook.earliest, isRunning: outlook.claimed > 0)
                .instant(now: now.wall, runner: runner, policy: policy)
            return wanted.map { armed.instant <= $0 } ?? true
        }
        guard isRecorded else {
            waker.disarm(armed.name)
            return false
        }
        tell(armed, after: record)
        CrashPoint.pass(.beforeDisarm)
        if tidy {
            waker.disarmAll(except: armed.name)
        } else if let record, record.instant > now.wall {
            waker.disarm(record.name)
        }
        return true
    }

    /// Nobody relies on it any more: it was stopped, or it has fired and would seem to lie ahead if the clock were set back.
    @discardableResult
    private func forget(_ record: ArmedWakeup) throws(SchedulingFailure) -> Bool {
        guard !record.generation.isEmpty else { return true }
        var void = record
        void.generation = ""
        return try store.recordWakeup(void) { _ in true }
    }

    /// Once a process, or until it succeeds: the unit file is there, and the timer that the store speaks of is really waiting.
    func prepareOnce() {
        guard
            state.withLock({ state in
                defer { state.isPrepared = true }
                return !state.isPrepared
            })
        else { return }
        do {
            try waker.prepare()
            if let trouble = waker.trouble() { environment.log(trouble) }
            if let record = try store.wakeup(), record.generation == waker.generation(),
                record.instant > environment.time.now().wall, !waker.isArmed(record.name)
            {
                // Somebody stopped it by hand: forget it, so that the next step arms anew.
                environment.log("The wake-up \(record.name) was stopped by somebody else; it is armed again.")
                if try forget(record) {
                    // A runner that stays acts first: a second copy, at once, might not even know its tasks.
                    let runner: LiveRunner = try store.hasLiveResident() ? .acting : .none
                    try lockingArming { () throws(SchedulingFailure) in _ = try self.move(runner: runner, tidy: false) }
                }
            }
        } catch {
            state.withLock { state in
                state.failure = error
                state.isPrepared = false
            }
            environment.log(error.description)
        }
    }

    func lockingArming<R: Sendable>(
        _ body: () throws(SchedulingFailure) -> R
    ) throws(SchedulingFailure) -> R {
        try store.withArmingLock(body)
    }
}
