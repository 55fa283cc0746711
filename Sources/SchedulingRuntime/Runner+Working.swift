// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import SchedulingCore

/// Inputs come in on any thread; one thread at a time works them off.
extension Runner {
    func send(_ input: Input) {
        append(input)
        work()
    }

    func append(_ input: Input) {
        state.withLock { state in
            // One that gave up starts nothing any more.
            if !state.isAbandoned, state.result == nil { state.inbox.append(input) }
        }
    }

    /// The alarm went off, on its thread.
    func timeIsReached() {
        let isStart = state.withLock { if case .began? = $0.inbox.first { true } else { false } }
        if !isStart { append(.timeReached) }
        let main = alarm.withLock { $0?.main }
        work(on: main.flatMap { $0.hasOwnThread && environment.background == nil ? $0 : nil })
    }

    /// The alarm goes off in a moment.
    func timeIsNear() {
        let ids = state.withLock { $0.isWorking ? [] : $0.machine.claimedNext }
        if !ids.isEmpty { store.readAhead(ids) }
    }

    /// What the ends of turns left is due.
    func laterIsReached() {
        state.withLock { $0.isLater = true }
        work()
    }

    /// Works the inputs off, unless another thread is at it. `own`: the alarm whose thread the caller's is.
    func work(on own: (any Alarm)? = nil) {
        let isWorker = state.withLock { state in
            guard state.isStarted, !state.inbox.isEmpty || state.isLater, !state.isWorking else { return false }
            state.isLater = false
            state.isWorking = true
            return true
        }
        guard isWorker else { return }
        var failure: SchedulingFailure?
        // Also while nothing may start.
        do throws(SchedulingFailure) {
            try recordEnds()
        } catch {
            failure = error
            environment.log(error.description)
        }
        work(through: nextEffects(after: failure), after: failure, on: own)
    }

    private func work(through first: [Effect]?, after earlier: SchedulingFailure?, on own: (any Alarm)?) {
        var failure = earlier
        var turn = first
        while let effects = turn {
            for (index, effect) in effects.enumerated() {
                // After a failure nothing is looked for before the next try: it would fail again in the same instant.
                if failure != nil, case .look = effect { continue }
                if let own, start(effect, on: own, leaving: Array(effects[(index + 1)...]), after: failure) { return }
                do throws(SchedulingFailure) {
                    try act(on: effect)
                } catch {
                    failure = error
                    failed(error, at: effect)
                }
            }
            do throws(SchedulingFailure) {
                try recordNewEnds()
            } catch {
                failure = error
                failed(error, at: nil)
            }
            turn = nextEffects(after: failure)
        }
        environment.onProgress()
    }

    /// Calls the last handler of a turn on the thread of the alarm that brought it, if it is one for the background, and
    /// leaves the rest of the work to another thread: to wake one takes longer than all else that the handler waits for.
    private func start(
        _ effect: Effect, on own: any Alarm, leaving rest: [Effect], after failure: SchedulingFailure?
    ) -> Bool {
        guard case .start(let occurrence) = effect,
            case .closure(.background, let box) = handlers[occurrence.identifier],
            !rest.contains(where: { if case .start = $0 { true } else { false } })
        else { return false }
        let run = begin(occurrence)
        DispatchQueue(label: "background.runner").async {
            own.replaceThread()
            self.environment.emit(.started, of: occurrence)
            self.work(through: rest, after: failure, on: nil)
        }
        box.begin(run)
        return true
    }

    /// What all that came in by now leads to; nil when the turn is over. `failure`: what it has met so far.
    private func nextEffects(after failure: SchedulingFailure?) -> [Effect]? {
        let now = environment.time.now()
        let (effects, givesUp, rings) = state.withLock { state -> ([Effect]?, Bool, Bool) in
            let isOver = state.inbox.isEmpty
            let isIdle = state.machine.isIdle
            let rings = state.later.takeRing(isOver: isOver, isIdle: isIdle, at: now.awake)
            guard isOver else { return (work(off: &state, after: failure, now), false, rings) }
            let later = state.later.takeAll(isIdle: isIdle, at: now.awake)
            if rings || !later.isEmpty { return (later, false, rings) }
            if let due = state.later.due { alarm.withLock { $0?.later.set(wall: nil, awake: due) } }
            state.isWorking = false
            state.failures = failure == nil ? 0 : state.failures + 1
            return (nil, mode == .launch && state.machine.isIdle && state.failures > 3, false)
        }
        if rings { store.ring() }
        if effects == nil, let failure {
            if givesUp { finish(.failure(failure)) } else { tryAgainLater() }
        }
        return effects
    }

    /// Of all that came in, at once: what ended during one commit is recorded in the next one together.
    private func work(off state: inout State, after failure: SchedulingFailure?, _ now: Moment) -> [Effect] {
        var effects: [Effect] = []
        var count = 0
        for input in state.inbox {
            // A look from before an end has a launch believe that all is done: not before that end is recorded.
            if case .looked = input, effects.contains(where: { if case .end = $0 { true } else { false } }) { break }
            effects += state.machine.handle(input, at: now)
            count += 1
        }
        state.inbox.removeFirst(count)
        effects = state.later.keep(back: effects, isIdle: state.machine.isIdle, at: now.awake)
        guard failure == nil, let index = effects.firstIndex(where: { if case .look = $0 { true } else { false } })
        else { return effects }
        switch state.machine.shortcut(at: now) {
        case .claim(let ids): effects[index] = .claim(ids)
        case .wait: effects.remove(at: index)
        case nil: break
        }
        return effects
    }

    func enqueue(_ input: Input) {
        state.withLock { $0.inbox.append(input) }
    }
}
