// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import SchedulingStore

/// What brings pending instants forward keeps the order too: a wake-up that is early enough for them is armed first.
extension WakeupKeeper {
    /// Makes what is pending under this identifier due now, without its conditions. False if nothing is pending.
    ///
    /// `isActing`: this process is about to run it.
    package func makeDue(identifier: String, isActing: Bool) throws(SchedulingFailure) -> Bool {
        let now = environment.time.now()
        var runner = LiveRunner.acting
        if !isActing { runner = try store.hasLiveResident() ? .acting : .none }
        let target = WakeTarget(earliest: now.wall, isRunning: false)
            .instant(now: now.wall, runner: runner, policy: policy)
        let store = store
        return try hasten(to: target ?? now.wall, runner: runner, now) { () throws(SchedulingFailure) in
            try store.makeDue(identifier: identifier, now: now.wall)
        }
    }

    /// Does what may set anything pending to any instant, with a watchdog armed behind it.
    func watch(over change: () throws(SchedulingFailure) -> Void) throws(SchedulingFailure) {
        let now = environment.time.now()
        let outlook = try store.outlook()
        guard outlook.earliest != nil || outlook.claimed > 0 else { return try change() }
        _ = try hasten(to: now.wall.advanced(by: policy.watchdog), runner: .none, now) { () throws(SchedulingFailure) in
            try change()
            return true
        }
    }

    /// Arms, has `change` commit, and records what is armed: who dies in between leaves a needless launch at worst. Where
    /// nothing can be armed, the change is made all the same. `change` returns whether it changed anything.
    private func hasten(
        to instant: WallTime, runner: LiveRunner, _ now: Moment, _ change: () throws(SchedulingFailure) -> Bool
    ) throws(SchedulingFailure) -> Bool {
        prepareOnce()
        var isLocked = false
        do throws(SchedulingFailure) {
            return try lockingArming { () throws(SchedulingFailure) in
                isLocked = true
                let old = try store.wakeup()
                if let old, old.generation == waker.generation(), old.instant > now.wall, old.instant <= instant {
                    return try change()
                }
                guard let armed = arm(at: instant, runner: runner, after: old, now) else { return try change() }
                CrashPoint.pass(.afterArm)
                var isChanged = false
                do throws(SchedulingFailure) {
                    isChanged = try change()
                } catch {
                    waker.disarm(armed.name)
                    throw error
                }
                guard isChanged else {
                    waker.disarm(armed.name)
                    return false
                }
                CrashPoint.pass(.afterCommit)
                _ = try store.recordWakeup(armed) { _ in true }
                tell(armed, after: old)
                if let old, old.instant > now.wall { waker.disarm(old.name) }
                return true
            }
        } catch {
            guard !isLocked else { throw error }
            note(error)
            return try change()
        }
    }
}
