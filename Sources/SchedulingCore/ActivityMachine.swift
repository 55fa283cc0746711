// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// Decides when a background activity of this process runs, and whether it should stop.
///
/// The rule: at the nominal date, if the host is not on battery; on battery as soon as it is plugged in, or at the end of
/// the window. From the beginning of the window, being plugged in starts it too. Nothing starts while the host is about
/// to sleep or to stop. Overdue means at once.
package struct ActivityMachine: Sendable {
    /// How a run ended, as its completion handler was told.
    package enum Ending: Hashable, Sendable {
        case finished
        case deferred
    }

    package enum Input: Sendable {
        /// Somebody scheduled it; the interval counts from `since`.
        case scheduled(ActivityPlan, since: WallTime)
        case timeReached
        case conditionsObserved(Conditions)
        /// Whether the host is about to sleep or to shut down, or this program to stop.
        case hostChanged(isAboutToStop: Bool)
        /// The store gave us the run.
        case claimed
        /// Another process ran it, so that the interval counts from `since`; nil: it is over for all.
        case taken(since: WallTime?)
        /// A run's completion handler was called; the plan is what the properties say then.
        case completed(run: Int, Ending, ActivityPlan)
        /// A run's completion handler will never be called: nobody has it any more.
        case abandoned(run: Int)
        case invalidated
    }

    package enum Effect: Hashable, Sendable {
        /// Whichever comes first; both nil: never.
        case setAlarm(wall: WallTime?, awake: Int64?)
        /// Watch the conditions from now on, and say what they are.
        case watchConditions
        /// Say what the conditions are, in case the watch was not told.
        case observeConditions
        case endWatch
        /// Ask the store for the run whose interval counts from `since`.
        case claim(since: WallTime)
        /// Call the block.
        case run(Int)
        /// Record that a one-shot that fired at that instant is over.
        case close(fired: WallTime)
        /// Record that what fired at that instant was deferred: the interval counts from `since` again.
        case restore(fired: WallTime, since: WallTime)
    }

    /// How often an activity that waits for external power looks for it without being told.
    package static let recheck = Duration.seconds(15 * 60)

    private enum State: Sendable {
        /// Not scheduled, over, or abandoned: nothing happens until it is scheduled.
        case idle
        /// For its window.
        case waiting(ActivityWindow)
        /// For the store's answer.
        case claiming(ActivityWindow)
        /// For the completion handler. `isLast`: invalidated in the meantime.
        case running(Run, isLast: Bool)
    }

    private struct Run: Sendable {
        var number: Int
        var since: WallTime
        var fired: WallTime
        /// It was started on battery because its window ended: the battery is no reason to stop it.
        var beganOnBattery: Bool
    }

    private var state = State.idle
    private var plan = ActivityPlan(interval: .zero, tolerance: .zero, repeats: false)
    private var runs = 0
    private var isWatching = false
    /// As it was observed last; nil is unknown, which holds nothing back.
    private var power: PowerSource?
    /// Seen in the present window.
    private var wasOnBattery = false
    private var isHeld = false

    package init() {}

    /// Whether the run in progress had better stop and be deferred; nil without a run: then the conditions tell.
    package var shouldDefer: Bool? {
        guard case .running(let run, _) = state else { return isHeld ? true : nil }
        return isHeld || (power == .battery && !run.beganOnBattery)
    }

    /// Whether its block may be called again.
    package var isScheduled: Bool {
        switch state {
        case .idle, .running(_, isLast: true): false
        case .waiting, .claiming, .running: true
        }
    }

    package mutating func handle(_ input: Input, at now: Moment) -> [Effect] {
        switch input {
        case .scheduled(let plan, let since): schedule(plan, since, now)
        case .timeReached: look(now)
        case .conditionsObserved(let conditions): observed(conditions, now)
        case .hostChanged(let isAboutToStop): hostChanged(isAboutToStop, now)
        case .claimed: start(now)
        case .taken(let since): lose(since, now)
        case .completed(let run, let ending, let plan): end(run, ending, plan, now)
        case .abandoned(let run): abandon(run)
        case .invalidated: invalidate()
        }
    }

    // MARK: Waiting

    private mutating func schedule(_ plan: ActivityPlan, _ since: WallTime, _ now: Moment) -> [Effect] {
        self.plan = plan
        return wait(for: plan.window(since: min(since, now.wall), at: now), now)
    }

    private mutating func wait(for window: ActivityWindow, _ now: Moment) -> [Effect] {
        state = .waiting(window)
        wasOnBattery = false
        return consider(now)
    }

    private mutating func consider(_ now: Moment) -> [Effect] {
        guard case .waiting(let window) = state else { return [] }
        // Waking up brings the next look; so does nothing after a stop.
        guard !isHeld else { return [.setAlarm(wall: nil, awake: nil)] }
        guard window.opens.isReached(at: now) else { return endWatch() + [alarm(window.opens)] }
        guard isWatching else {
            isWatching = true
            return [.watchConditions]
        }
        let isGood = power != .battery
        if window.closes.isReached(at: now) || isGood && (wasOnBattery || window.nominal.isReached(at: now)) {
            state = .claiming(window)
            return [.claim(since: window.since)]
        }
        wasOnBattery = !isGood
        if isGood { return [alarm(window.nominal)] }
        let again = Deadline(now.wall.advanced(by: ActivityMachine.recheck), at: now)
        return [alarm(again.wall < window.closes.wall && again.awake < window.closes.awake ? again : window.closes)]
    }

    /// The watch is not believed for long: in a container, for one, nobody announces power.
    private mutating func look(_ now: Moment) -> [Effect] {
        guard case .waiting(let window) = state, isWatching, !isHeld, window.opens.isReached(at: now) else {
            return consider(now)
        }
        return [.observeConditions]
    }

    private mutating func observed(_ conditions: Conditions, _ now: Moment) -> [Effect] {
        power = conditions.power.value
        return isWatching ? consider(now) : []
    }

    private mutating func hostChanged(_ isAboutToStop: Bool, _ now: Moment) -> [Effect] {
        isHeld = isAboutToStop
        return consider(now)
    }

    // MARK: Running

    private mutating func start(_ now: Moment) -> [Effect] {
        guard case .claiming(let window) = state else { return [] }
        runs += 1
        state = .running(
            Run(number: runs, since: window.since, fired: now.wall, beganOnBattery: power == .battery), isLast: false)
        return [.run(runs)]
    }

    private mutating func lose(_ since: WallTime?, _ now: Moment) -> [Effect] {
        guard case .claiming = state else { return [] }
        guard let since else { return rest() }
        return endWatch() + wait(for: plan.window(since: min(since, now.wall), at: now), now)
    }

    private mutating func end(_ number: Int, _ ending: Ending, _ plan: ActivityPlan, _ now: Moment) -> [Effect] {
        guard case .running(let run, let isLast) = state, run.number == number else { return [] }
        self.plan = plan
        let record: [Effect]
        switch ending {
        case .deferred: record = [.restore(fired: run.fired, since: run.since)]
        case .finished: record = plan.repeats ? [] : [.close(fired: run.fired)]
        }
        if isLast || ending == .finished && !plan.repeats { return record + rest() }
        let window =
            ending == .deferred
            ? plan.retryWindow(since: run.since, at: now) : plan.window(since: min(run.fired, now.wall), at: now)
        return record + wait(for: window, now)
    }

    private mutating func abandon(_ number: Int) -> [Effect] {
        guard case .running(let run, _) = state, run.number == number else { return [] }
        return rest()
    }

    // MARK: Ending

    private mutating func invalidate() -> [Effect] {
        guard case .running(let run, _) = state else { return rest() }
        state = .running(run, isLast: true)
        return []
    }

    private mutating func rest() -> [Effect] {
        state = .idle
        return endWatch() + [.setAlarm(wall: nil, awake: nil)]
    }

    private mutating func endWatch() -> [Effect] {
        guard isWatching else { return [] }
        isWatching = false
        return [.endWatch]
    }

    private func alarm(_ deadline: Deadline) -> Effect { .setAlarm(wall: deadline.wall, awake: deadline.awake) }
}
