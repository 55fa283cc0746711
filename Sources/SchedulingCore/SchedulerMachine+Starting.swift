// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

extension SchedulerMachine {
    mutating func began(_ events: [HostEvent], _ now: Moment) -> [Effect] {
        var effects: [Effect] = []
        for event in events { effects += host(event, now) }
        return effects + [.look(includingWaiting: true)]
    }

    mutating func looked(
        _ due: [Occurrence], next: WallTime?, coming: [Occurrence], _ now: Moment
    ) -> [Effect] {
        self.next = next
        guard mayStart, !isClaiming else { return [] }  // after a claim it looks again anyway
        backlog = []
        if !madeRoomFor.isEmpty { madeRoomFor.formIntersection(due.map(\.id)) }
        var putOff: [Effect] = []
        var room: [Effect] = []
        var ready: [Int64] = []
        var busy = busyIdentifiers
        var free = policy.maximumConcurrentTasks - runs.count
        for occurrence in due where runs[occurrence.id] == nil {
            switch judge(occurrence, busy: busy, now) {
            case .tooLate:
                putOff.append(.skip(occurrence))
                madeRoomFor.remove(occurrence.id)
            case .blocked:
                // One that was started before does not stop a later one to be tried again.
                if occurrence.terms.overlap == .replace, occurrence.starts == 0 {
                    room += makeRoom(for: occurrence, now)
                }
            case _ where free <= 0: backlog.append(occurrence)
            case .unobserved:
                watched = due.reduce(watched) { $0.union($1.requirements) }
                return room + [.observeConditions(watched)]  // what is put off is found again
            // One that already waits keeps its instant.
            case .noHandler where occurrence.eligible <= now.wall:
                putOff.append(postpone(occurrence, .noHandler, now))
            case .unmet(let unmet) where occurrence.eligible <= now.wall:
                putOff.append(postpone(occurrence, .conditions(unmet), now))
            case .noHandler, .unmet: break
            case .ready:
                busy.insert(occurrence.identifier)
                ready.append(occurrence.id)
                free -= 1
            }
        }
        if backlog.isEmpty { backlog = coming[...] }
        if !putOff.isEmpty { postponements += 1 }
        if !ready.isEmpty {
            isClaiming = true
            return putOff + room + [.claim(ready)]
        }
        // What was put off has a new instant.
        if !putOff.isEmpty { return putOff + room + [.look(includingWaiting: false)] }
        if runs.isEmpty {
            if mode == .launch { isFinished = true } else { room.append(.keepArmed) }
        }
        // All is settled: what nobody needs any more is not watched either.
        if !watched.isEmpty, !isFinished { room.append(.askWhatWaits(postponements)) }
        return room
    }

    /// Tells what runs under the same identifier to stop, here or in another process, once.
    private mutating func makeRoom(for occurrence: Occurrence, _ now: Moment) -> [Effect] {
        guard madeRoomFor.insert(occurrence.id).inserted else { return [] }
        let mine = runs.filter { $0.value.occurrence.identifier == occurrence.identifier }.map(\.key)
        if !mine.isEmpty { return expire(mine, for: .replaced, grace: nil, now) }
        guard occurrence.isBlocked else { return [] }
        return [.requestStop(occurrence.identifier, .replaced, toMakeRoomFor: occurrence.id)]
    }

    /// What waits has these requirements in all; nil: too many to tell.
    mutating func waits(_ requirements: Requirement?, asked: Int) -> [Effect] {
        guard let requirements, asked == postponements else { return [] }
        let needed = runs.values.reduce(requirements) { $0.union($1.occurrence.requirements) }
        guard needed != watched else { return [] }
        let isMore = !watched.isSuperset(of: needed)
        watched = needed
        if isMore { return [.observeConditions(needed)] }
        if needed.isEmpty { conditions = nil }
        return [.watchConditions(needed)]
    }

    private func postpone(_ occurrence: Occurrence, _ cause: Postponement.Cause, _ now: Moment) -> Effect {
        let delay =
            cause == .contention ? policy.contentionDelay : policy.recheck(after: occurrence.postponements)
        var until = now.wall.advanced(by: delay)
        // So that history tells in time that it was too late.
        if let latest = occurrence.latestStart, latest >= now.wall {
            until = min(until, latest.advanced(by: .microseconds(1)))
        }
        return .postpone(Postponement(occurrence: occurrence, until: until, cause: cause))
    }

    mutating func claimed(_ occurrences: [Occurrence], asked: [Int64], _ now: Moment) -> [Effect] {
        isClaiming = false
        let wasFromBacklog = isClaimFromBacklog
        isClaimFromBacklog = false
        guard !occurrences.isEmpty else {
            guard mayStart else {
                if isStopping, runs.isEmpty { isFinished = true }
                return []
            }
            guard !asked.isEmpty else { return [] }  // the store refused: the runner looks again, later
            // What was seen some time ago is another's by now, or put off.
            if wasFromBacklog { return [.look(includingWaiting: false)] }
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
            madeRoomFor.remove(occurrence.id)
            effects.append(.start(occurrence))
        }
        heartbeat = now.awake + policy.heartbeat.clampedMicroseconds
        return effects + locks + [.keepArmed, .tellServiceManager(running), .look(includingWaiting: false)]
    }
}
