// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

extension SchedulerMachine {
    mutating func completed(
        _ id: Int64, failure: String?, retryAfter: Duration?, _ now: Moment
    ) -> [Effect] {
        guard let run = runs.removeValue(forKey: id) else {
            // A handler that returned after its run was closed: its identifier may start again.
            guard overdue.removeValue(forKey: id) != nil else { return [] }
            return mayStart ? [lookAgain] : []
        }
        let end: Effect
        switch (run.phase, failure) {
        case (_, nil): end = self.end(run, .succeeded, now)
        case (.running, let failure?): end = fail(run, .failed, detail: failure, after: retryAfter, now)
        case (.expiring(let reason, _), let failure?):
            end = self.end(run, cutFor: reason, detail: failure, after: retryAfter, now)
        }
        return [end] + afterEnd(now)
    }

    /// Apple's rule: it counts as completed without success. Its handler works on all the same, so its identifier is not
    /// started again here before that has returned.
    mutating func cannotBeTold(_ id: Int64, _ now: Moment) -> [Effect] {
        guard let run = runs[id], case .expiring(let reason, _) = run.phase else { return [] }
        runs[id] = nil
        overdue[id] = run.occurrence.identifier
        return [end(run, cutFor: reason, detail: "had no expiration handler", now)] + afterEnd(now)
    }

    private func end(
        _ run: Run, _ outcome: Outcome, reason: ExpirationReason? = nil, detail: String = "", again: WallTime? = nil,
        givesUp: Bool = false, _ now: Moment
    ) -> Effect {
        .end(
            RunEnd(
                occurrence: run.occurrence.id, identifier: run.occurrence.identifier, outcome: outcome, reason: reason,
                detail: detail, started: run.started, ended: now.wall, again: again, givesUp: givesUp))
    }

    /// A run that burns an attempt: tried again as its request says, or as its handler asks.
    private func fail(
        _ run: Run, _ outcome: Outcome, reason: ExpirationReason? = nil, detail: String, after asked: Duration?,
        _ now: Moment
    ) -> Effect {
        let verdict = policy.retry(run.occurrence, asked: asked)
        return end(
            run, outcome, reason: reason, detail: detail, again: verdict.delay.map(now.wall.advanced),
            givesUp: verdict.givesUp, now)
    }

    private func end(
        _ run: Run, cutFor reason: ExpirationReason, detail: String, after asked: Duration? = nil, _ now: Moment
    ) -> Effect {
        if reason.isInterruption {
            // Somebody who stops the service does not want to see it again in the same second.
            let delay = max(reason == .serviceStop ? policy.stopDelay : .zero, asked ?? .zero)
            return end(
                run, .interrupted, reason: reason, detail: detail, again: now.wall.advanced(by: delay), now)
        }
        switch reason {
        case .cancelled: return end(run, .cancelled, reason: reason, detail: detail, now)
        case .replaced: return end(run, .expired, reason: reason, detail: detail, now)
        default: return fail(run, .expired, reason: reason, detail: detail, after: asked, now)
        }
    }

    private mutating func afterEnd(_ now: Moment) -> [Effect] {
        guard runs.isEmpty else { return mayStart ? [lookAgain] : [] }
        heartbeat = nil
        var effects: [Effect] = [.releaseLocks, .tellServiceManager([])]
        if isStopping {
            isFinished = !isClaiming
        } else if mayStart {
            effects.append(lookAgain)
        } else {
            effects.append(.keepArmed)  // the host goes to sleep now
        }
        return effects
    }

    /// Tells the runs to stop; those that were told before only get less time.
    mutating func expire(
        _ ids: [Int64], for reason: ExpirationReason, grace limit: Duration?, _ now: Moment
    ) -> [Effect] {
        let grace = min(policy.budgets.expirationGrace, limit ?? policy.budgets.expirationGrace)
        let graceEnd = now.awake(after: grace)
        var told: [Int64] = []
        for id in ids.sorted() {
            switch runs[id]?.phase {
            case nil: continue
            case .running:
                runs[id]?.phase = .expiring(reason, graceEnd: graceEnd)
                told.append(id)
            case .expiring(let earlier, let end):
                runs[id]?.phase = .expiring(earlier, graceEnd: min(end, graceEnd))
            }
        }
        guard !told.isEmpty else { return [] }
        return (reason.isInterruption ? [.markCut(told, reason)] : []) + told.map { .expire($0, reason) }
    }

    mutating func host(_ event: HostEvent, _ now: Moment) -> [Effect] {
        backlog = []
        switch event {
        case .willSleep(let grace): return announce(.systemSleep, grace, now)
        case .willShutDown(let grace): return announce(.systemShutdown, grace, now)
        case .didWake:
            announced = nil
            return mayStart ? [.look(includingWaiting: true)] : []
        case .stopRequested:
            guard !isStopping else { return [] }
            isStopping = true
            let effects = expire(Array(runs.keys), for: announced ?? .serviceStop, grace: nil, now)
            // What is being claimed is waited for: it has to be given back.
            if runs.isEmpty { isFinished = !isClaiming }
            return effects
        }
    }

    private mutating func announce(_ reason: ExpirationReason, _ grace: Duration, _ now: Moment) -> [Effect] {
        announced = reason
        // A fifth of the host's patience is left for recording the end and letting the lock go.
        return expire(Array(runs.keys), for: reason, grace: grace * 4 / 5, now)
    }

    mutating func observed(_ conditions: Conditions, _ now: Moment) -> [Effect] {
        self.conditions = conditions
        backlog = []
        var effects: [Effect] = []
        for (id, run) in runs.sorted(by: { $0.key < $1.key }) {
            let unmet = run.occurrence.requirements.unmet(by: conditions)
            guard let reason = unmet.expirationReason else { continue }
            effects += expire([id], for: reason, grace: nil, now)
        }
        return effects + (mayStart ? [.look(includingWaiting: true)] : [])
    }

    mutating func timeReached(_ now: Moment) -> [Effect] {
        alarm = nil
        var effects: [Effect] = []
        var closed = false
        for (id, run) in runs.sorted(by: { $0.key < $1.key }) {
            switch run.phase {
            case .running(let deadline) where deadline <= now.awake:
                effects += expire([id], for: .budget, grace: nil, now)
            case .expiring(let reason, let graceEnd) where graceEnd <= now.awake:
                runs[id] = nil
                overdue[id] = run.occurrence.identifier
                effects.append(end(run, cutFor: reason, detail: "did not complete in the time it had to stop", now))
                closed = true
            default: break
            }
        }
        if closed { effects += afterEnd(now) }
        if let beat = heartbeat, beat <= now.awake, !runs.isEmpty {
            heartbeat = now.awake + policy.heartbeat.clampedMicroseconds
            effects += [.keepArmed, .tellServiceManager(running)]
        }
        if let next, next <= now.wall {
            // Reached, and not set again before the store has told of another: it may not answer at all.
            self.next = nil
            if !closed, mayStart { effects.append(.look(includingWaiting: false)) }
        }
        return effects
    }

    /// A look after an end: what waited, and whose condition is met by now, found no room before.
    var lookAgain: Effect { .look(includingWaiting: true) }

    mutating func alarmEffects() -> [Effect] {
        var awake = heartbeat
        for run in runs.values {
            let end =
                switch run.phase {
                case .running(let deadline): deadline
                case .expiring(_, let graceEnd): graceEnd
                }
            awake = min(awake ?? end, end)
        }
        let wanted = Alarm(wall: mayStart && !isFinished ? next : nil, awake: isFinished ? nil : awake)
        guard wanted != alarm else { return [] }
        alarm = wanted
        return [.setAlarm(wall: wanted.wall, awake: wanted.awake)]
    }
}
