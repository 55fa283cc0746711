// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
internal import TransfersCore
internal import TransfersStore

extension TransferSession {
    /// A process that dies is followed by another one after so long, and has to say so often that it lives.
    static let slack: Duration = .seconds(60)
    static let signOfLife: Duration = .seconds(20)
    /// A background launch stays for what comes so soon.
    static let stay: Duration = .seconds(10)

    // MARK: Wake-ups

    /// Before something is written that has to be moved; whoever moves it arms anew.
    func armForBeginning() {
        arming.withLock { _ in
            let now = parts.time.now().wall
            let isArmed = state.withLock { state in
                // What an owner elsewhere has scheduled since, nobody knows here.
                guard state.ownership != nil, state.isScheduledKnown, let scheduled = state.scheduled else {
                    return false
                }
                return scheduled > now && scheduled <= now.advanced(by: Self.slack)
            }
            if !isArmed { schedule(now.advanced(by: Self.slack)) }
        }
    }

    /// By one at a time.
    func schedule(_ instant: WallTime?) {
        guard settings.sendsLaunchEvents else { return }
        let needsNetwork = state.withLock { state in state.local.isEmpty && !state.alive.isEmpty }
        do {
            try parts.wakeups.schedule(session: identifier, at: instant, requiresNetwork: needsNetwork)
            state.withLock { state in
                state.scheduled = instant
                state.isScheduledKnown = true
            }
        } catch {
            parts.log("The transfers of \(identifier.debugDescription) are not run in the background: \(error)")
        }
    }

    /// Arms, sets the alarm, and writes what is in the store's memory.
    func keep() {
        let now = moment()
        if state.withLock({ state in state.flushAt.map { $0 <= now.awake } ?? false }) {
            do throws(TransferFailure) {
                try store.flush()
                state.withLock { $0.flushAt = nil }
            } catch {
                failed(error)
                state.withLock { $0.flushAt = now.awake(after: .seconds(5)) }
            }
        }
        tellHowFar(now)
        arm(now.wall)
        setAlarm(now)
    }

    private func tellHowFar(_ now: Moment) {
        let moved: [Int64: Int64]? = state.withLock { state in
            guard let at = state.movedAt, at <= now.awake else { return nil }
            state.movedAt = nil
            return state.moved
        }
        // What others see may be old; what is certain is written elsewhere.
        if let moved { try? store.note(moved: moved) }
    }

    private func arm(_ now: WallTime) {
        arming.withLock { _ in
            if state.withLock(\.isHandedOver) { return }
            let (isMine, isActive, wakeup, scheduled, isKnown, isRun, isBeginning) = state.withLock { state in
                let wakeup = state.queue.wakeup(now: now)
                return (
                    state.ownership != nil, !state.works.isEmpty && !state.isHeld, wakeup, state.scheduled,
                    state.isScheduledKnown, !state.runs.isEmpty, state.begins > 0
                )
            }
            guard isMine else {
                // Its owner may be stopped, or dying: looked at again while it has anything to do.
                if isRun, !isKnown, let counts = try? store.counts(session: identifier),
                    counts.waiting + counts.running > 0
                {
                    schedule(now.advanced(by: Self.slack))
                }
                return
            }
            if isActive, !isRun, parts.isLaunch {
                // The launch is to stay for it, whatever it was made for.
                state.withLock { $0.isHandedOver = true }
                schedule(now)
            } else if isActive || isBeginning {
                let isFresh = scheduled.map { $0 > now.advanced(by: Self.slack - Self.signOfLife) } ?? false
                let isSoon = scheduled.map { $0 <= now.advanced(by: Self.slack) } ?? false
                if !isKnown || !isFresh || !isSoon { schedule(now.advanced(by: Self.slack)) }
            } else if !isKnown || !Self.isAsGood(scheduled, as: wakeup, now) {
                schedule(wakeup)
            }
        }
    }

    /// Now is now, and what is looked at again in a quarter of an hour need not move with every turn.
    private static func isAsGood(_ scheduled: WallTime?, as wakeup: WallTime?, _ now: WallTime) -> Bool {
        guard let scheduled, let wakeup, scheduled != wakeup else { return scheduled == wakeup }
        if wakeup <= now { return scheduled <= now }
        return wakeup > now.advanced(by: .seconds(800)) && scheduled <= wakeup
            && scheduled > wakeup.advanced(by: .seconds(-300))
    }

    private func setAlarm(_ now: Moment) {
        state.withLock { state in
            var wall = state.ownership == nil ? nil : state.queue.nextInstant(now: now.wall)
            for place in state.works.values {
                guard let instant = place.work.nextInstant else { continue }
                wall = min(wall ?? instant, instant)
            }
            if state.isHeld { wall = nil }
            let standsByUntil = state.runs.isEmpty ? nil : state.standsByUntil
            var awake = [state.flushAt, state.retryAt, state.movedAt, standsByUntil].compactMap(\.self).min()
            if !state.works.isEmpty {
                let sign = now.awake(after: Self.signOfLife)
                awake = min(awake ?? sign, sign)
            }
            state.alarm?.set(wall: wall, awake: awake)
        }
    }

    // MARK: Running in the background

    /// The scheduled task: returns when nothing is left to do now, or it was cancelled and everything has stopped.
    func runInBackground() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                engageOrLog()
                send(.run(continuation))
                // Cancelled before it began: then `onCancel` came first.
                if Task.isCancelled { send(.hold) }
            }
        } onCancel: {
            send(.hold)
        }
    }

    func beginRun(_ continuation: CheckedContinuation<Void, Never>) {
        let until = moment().awake(after: Self.stay)
        state.withLock { state in
            state.isHeld = false
            state.isHandedOver = false
            // What was scheduled is what runs now.
            state.isScheduledKnown = false
            state.runs.append(continuation)
            state.standsByUntil = state.ownership == nil ? until : nil
        }
    }

    /// Whether the owner of the session may be about to exit, with something left to do: it has just handed it over, or is
    /// a launch of the same moment.
    private func standsBy(_ now: Moment) -> Bool {
        let until = state.withLock { $0.ownership == nil && !$0.runs.isEmpty ? $0.standsByUntil : nil }
        guard let until, now.awake < until, let counts = try? store.counts(session: identifier) else { return false }
        return counts.waiting + counts.running > 0
    }

    /// Tells those who wait that nothing is left to do now.
    func tellIdle() {
        let moment = self.moment()
        let now = moment.wall
        let standsBy = standsBy(moment)
        let asksElsewhere = state.withLock { $0.ownership == nil && !$0.drained.isEmpty }
        let isQuietElsewhere = asksElsewhere && !isMovedElsewhere(now)
        let (runs, drained) = state.withLock { state in
            let isQuiet = state.works.isEmpty && state.runningHandlers == 0 && state.inbox.isEmpty && state.begins == 0
            guard isQuiet else { return ([CheckedContinuation<Void, Never>](), [@Sendable () -> Void]()) }
            var drained: [@Sendable () -> Void] = []
            if state.ownership != nil || isQuietElsewhere { swap(&drained, &state.drained) }
            var runs: [CheckedContinuation<Void, Never>] = []
            let next = state.queue.nextInstant(now: now)
            let isSoon = next.map { $0 <= now.advanced(by: Self.stay) } ?? false
            if state.isHeld || !(state.ownership == nil ? standsBy : isSoon) {
                runs = state.runs
                state.runs = []
            }
            return (runs, drained)
        }
        for run in runs { run.resume() }
        for action in drained { action() }
    }

    /// Whether the process that owns the session has something to do; asked again when it has written.
    private func isMovedElsewhere(_ now: WallTime) -> Bool {
        let everything: TransferDemands = [
            .unmeteredNetwork, .unconstrainedNetwork, .noCellularNetwork, .externalPower,
        ]
        let conditions = parts.conditions.observe(HostDemands.kinds(for: everything))
        guard let outlook = try? store.outlook(session: identifier, unmet: HostDemands.unmet(by: conditions)) else {
            return false
        }
        return outlook.counts.running > 0 || outlook.ready.map { $0 <= now } ?? false
    }

    // MARK: The world

    /// What the host offers now, as far as any transfer wants to know.
    func observe(onlyIfNew: Bool = false) {
        let (watch, demands, isNeeded) = state.withLock { state in
            defer { if !state.alive.isEmpty { state.observedDemands = state.demands } }
            return (
                state.watch, state.demands,
                !state.alive.isEmpty && !(onlyIfNew && state.observedDemands == state.demands)
            )
        }
        guard isNeeded else { return }
        let source: any ConditionsWatch
        if let watch {
            source = watch
        } else {
            source = parts.conditions.watch { [weak self] _ in self?.send(.conditionsChanged) }
            state.withLock { $0.watch = source }
        }
        let conditions = source.observe(HostDemands.kinds(for: demands))
        let unmet = HostDemands.unmet(by: conditions)
        let network: Bool? = conditions.network.value.map { $0 != .offline }
        let now = moment().wall
        let (held, changed, waiting) = state.withLock { state in
            state.unmet = unmet
            let held = state.queue.unmet(unmet)
            let isNews = network != nil && network != (state.networkIsThere ?? true)
            state.networkIsThere = network ?? state.networkIsThere
            let working = isNews ? state.works.filter { !$0.value.work.isLocal }.map(\.key).sorted() : []
            var waiting: [Int64] = []
            if network == true {
                waiting = state.waitForNetwork.sorted()
                state.waitForNetwork = []
            }
            return (held, working, waiting)
        }
        for id in changed { tell(id, .networkChanged(isThere: network ?? true)) }
        for (id, reason) in held { tell(id, .hold(reason)) }
        for id in waiting where state.withLock({ $0.works[id] == nil }) { hasten(id, now) }
    }

    // MARK: The clock

    /// What the clocks read. If the wall clock was set since the last look, what counts from the past has moved with it when
    /// this returns: an instant is never judged by another clock than its own. On `worker` only.
    func moment() -> Moment {
        let now = parts.time.now()
        let isSet = state.withLock { state in
            (now.wall.microseconds &- now.boot &- state.clockOffset).magnitude > Self.clockTolerance
        }
        if isSet { followClock(now) }
        return now
    }

    /// Two readings, one after the other, differ a little; so do those of a clock that is only slewed.
    private static let clockTolerance: UInt64 = 1_000_000

    private func followClock(_ now: Moment) {
        let (moved, isMine) = state.withLock { state in
            let offset = now.wall.microseconds &- now.boot
            let moved = Duration.microseconds(offset &- state.clockOffset)
            state.clockOffset = offset
            state.isScheduledKnown = false
            state.queue.clockMoved(by: moved)
            state.fresh = [:]
            for id in state.works.keys { state.works[id]?.work.clockMoved(by: moved) }
            return (moved, state.ownership != nil)
        }
        guard isMine else { return }
        do throws(TransferFailure) {
            try store.clockMoved(
                session: identifier, by: moved, now: now.wall, clock: now.wall.microseconds &- now.boot)
        } catch {
            // What is on the books would be late, or over too early, in another process; here it is right.
            failed(error)
        }
    }
}
