// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

extension SchedulerMachine {
    mutating func began(_ events: [HostEvent], _ now: Moment) -> [Effect] {
        var effects: [Effect] = []
        for event in events { effects += host(event, now) }
        return effects + [.look(includingWaiting: false)]
    }

    mutating func looked(_ due: [Occurrence], next: WallTime?, _ now: Moment) -> [Effect] {
        self.next = next
        guard mayStart, !isClaiming else { return [] }  // after a claim it looks again anyway
        var effects: [Effect] = []
        var ready: [Int64] = []
        var busy = Set(runs.values.map(\.occurrence.identifier)).union(overdue.values)
        var room = policy.maximumConcurrentTasks - runs.count
        for occurrence in due where runs[occurrence.id] == nil {
            // One run of an identifier at a time; its end looks again.
            guard !busy.contains(occurrence.identifier), room > 0 else { continue }
            guard handled.contains(occurrence.identifier) else {
                // One that already waits keeps its instant.
                if occurrence.eligible <= now.wall { effects.append(postpone(occurrence, .noHandler, now)) }
                continue
            }
            if !occurrence.requirements.isEmpty {
                guard let conditions else { return [.observeConditions] }
                let unmet = occurrence.requirements.unmet(by: conditions)
                guard unmet.isEmpty else {
                    if occurrence.eligible <= now.wall { effects.append(postpone(occurrence, .conditions(unmet), now)) }
                    continue
                }
            }
            busy.insert(occurrence.identifier)
            ready.append(occurrence.id)
            room -= 1
        }
        if !ready.isEmpty {
            isClaiming = true
            effects.append(.claim(ready))
        } else if !effects.isEmpty {
            effects.append(.look(includingWaiting: false))  // what was put off has a new instant
        } else if runs.isEmpty {
            if mode == .launch { isFinished = true } else { effects.append(.keepArmed) }
        }
        return effects
    }

    private func postpone(_ occurrence: Occurrence, _ cause: Postponement.Cause, _ now: Moment) -> Effect {
        let delay =
            cause == .contention ? policy.contentionDelay : policy.recheck(after: occurrence.postponements)
        return .postpone(Postponement(occurrence: occurrence, until: now.wall.advanced(by: delay), cause: cause))
    }

    mutating func claimed(_ occurrences: [Occurrence], asked: [Int64], _ now: Moment) -> [Effect] {
        isClaiming = false
        guard !occurrences.isEmpty else {
            guard mayStart else {
                if isStopping, runs.isEmpty { isFinished = true }
                return []
            }
            guard !asked.isEmpty else { return [] }  // the store refused: the runner looks again, later
            // Another process has them, or another run of the same identifiers: look later, never in a circle.
            return asked.map { id in
                let stub = Occurrence(
                    id: id, request: 0, identifier: "", kind: .refresh, instant: now.wall, eligible: now.wall,
                    submitted: now.wall)
                return postpone(stub, .contention, now)
            } + [.look(includingWaiting: false)]
        }
        guard mayStart else {
            if isStopping, runs.isEmpty { isFinished = true }
            return occurrences.map { occurrence in
                .end(
                    RunEnd(
                        occurrence: occurrence.id, identifier: occurrence.identifier, outcome: .interrupted,
                        reason: announced ?? .serviceStop, detail: "before it started", started: now.wall,
                        ended: now.wall, again: now.wall))
            }
        }
        // The locks come right after the start: logind asks polkit about each, which takes milliseconds, and a handler that
        // is due does not wait for them. A host that goes to sleep in between is heard all the same.
        let locks: [Effect] = runs.isEmpty ? [.holdLocks] : []
        var effects: [Effect] = []
        for occurrence in occurrences {
            let deadline = now.awake(after: policy.budgets[occurrence.kind])
            runs[occurrence.id] = Run(occurrence: occurrence, started: now.wall, phase: .running(deadline: deadline))
            effects.append(.start(occurrence))
        }
        heartbeat = now.awake + policy.heartbeat.clampedMicroseconds
        return effects + locks + [.keepArmed, .tellServiceManager(running), .look(includingWaiting: false)]
    }
}
