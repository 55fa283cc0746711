// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

@testable import SchedulingCore

/// Drives a machine the way the runtime does, with a list of rows for a store and clocks that the test moves.
struct MachineDriver {
    var machine: SchedulerMachine
    var now = Moment(wall: WallTime(microseconds: 1_000_000_000_000), boot: 0, awake: 0)
    var pending: [Occurrence] = []
    var conditions = MachineDriver.conditions(.external, .online)
    var effects: [SchedulerMachine.Effect] = []
    var lost: Set<Int64> = []
    /// What is watched at present.
    var watched: Requirement = []
    private var nextID: Int64 = 0

    init(_ mode: SchedulerMachine.Mode, policy: RunPolicy = RunPolicy(), handled: Set<String> = ["a", "b", "c"]) {
        machine = SchedulerMachine(mode: mode, policy: policy, handled: handled)
    }

    static func conditions(_ power: PowerSource?, _ network: NetworkState?) -> Conditions {
        Conditions(
            power: Observed(power, source: "test", at: .epoch),
            network: Observed(network, source: "test", at: .epoch))
    }

    @discardableResult
    mutating func add(
        _ identifier: String, _ kind: TaskKind = .refresh, in delay: Duration = .zero, requires: Requirement = []
    ) -> Int64 {
        nextID += 1
        let instant = now.wall.advanced(by: delay)
        pending.append(
            Occurrence(
                id: nextID, request: nextID, identifier: identifier, kind: kind, instant: instant, eligible: instant,
                requirements: requires, submitted: now.wall))
        return nextID
    }

    mutating func pass(_ duration: Duration) {
        now.wall = now.wall.advanced(by: duration)
        now.boot += duration.clampedMicroseconds
        now.awake += duration.clampedMicroseconds
    }

    /// Feeds one input, plays the store for what it asks, and returns every effect that came out.
    @discardableResult
    mutating func send(_ input: SchedulerMachine.Input) -> [SchedulerMachine.Effect] {
        var all: [SchedulerMachine.Effect] = []
        var inbox = [input]
        var turns = 0
        while !inbox.isEmpty {
            turns += 1
            precondition(turns < 100, "the machine turns in a circle")
            for effect in machine.handle(inbox.removeFirst(), at: now) {
                all.append(effect)
                if let answer = answer(effect) { inbox.append(answer) }
            }
        }
        effects += all
        return all
    }

    private mutating func answer(_ effect: SchedulerMachine.Effect) -> SchedulerMachine.Input? {
        switch effect {
        case .look(let includingWaiting):
            let due = pending.filter { $0.eligible <= now.wall || includingWaiting && $0.instant <= now.wall }
            return .looked(due: due, next: pending.map(\.eligible).filter { $0 > now.wall }.min())
        case .observeConditions(let requirements):
            watched = requirements
            return .conditionsObserved(conditions.only(requirements.conditions))
        case .watchConditions(let requirements):
            watched = requirements
            return nil
        case .askWhatWaits(let asked):
            // As the store: what was put off for its conditions.
            return .waiting(
                pending.filter { $0.postponements > 0 }.reduce([]) { $0.union($1.requirements) }, asked: asked)
        case .claim(let ids):
            let claimed = pending.filter { ids.contains($0.id) && !lost.contains($0.id) }
            pending.removeAll { row in claimed.contains { $0.id == row.id } }
            return .claimed(claimed, asked: ids)
        case .postpone(let postponement):
            guard let index = pending.firstIndex(where: { $0.id == postponement.occurrence.id }) else { return nil }
            pending[index].eligible = postponement.until
            pending[index].postponements += 1
            return nil
        case .end(let end):
            guard let again = end.again else { return nil }
            pending.append(
                Occurrence(
                    id: end.occurrence, request: end.occurrence, identifier: end.identifier, kind: .refresh,
                    instant: again, eligible: again, submitted: now.wall))
            return nil
        default: return nil
        }
    }

    func started(_ effects: [SchedulerMachine.Effect]) -> [String] {
        effects.compactMap { if case .start(let occurrence) = $0 { occurrence.identifier } else { nil } }
    }
    func ends(_ effects: [SchedulerMachine.Effect]) -> [SchedulerMachine.RunEnd] {
        effects.compactMap { if case .end(let end) = $0 { end } else { nil } }
    }
    func expired(_ effects: [SchedulerMachine.Effect]) -> [ExpirationReason] {
        effects.compactMap { if case .expire(_, let reason) = $0 { reason } else { nil } }
    }
}
