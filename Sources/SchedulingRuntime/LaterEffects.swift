// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

/// The effects of a runner's turn of which only the last of each sort counts: they wait for its end. In a turn that does not
/// end, as while much is due, what has to be done in time is done once a second.
struct LaterEffects: Sendable {
    typealias Effect = SchedulerMachine.Effect

    private var keepsArmed = false
    private var status: [String]?
    private var releasesLocks = false
    private var alarm: Effect?
    /// Others are to hear of ends.
    private var rings = false
    /// When each was done last, on the awake clock.
    private var armed: Int64?
    private var told: Int64?
    private var rung: Int64?

    private static let patience: Int64 = 1_000_000

    /// Keeps back what can wait, and returns what is to be done now, in order: of several looks only the last.
    mutating func keep(back effects: [Effect], at awake: Int64) -> [Effect] {
        var now: [Effect] = []
        var includesWaiting = false
        for (index, effect) in effects.enumerated() {
            switch effect {
            // Each wakes somebody, or asks: not between a look and its claim.
            case .setAlarm: alarm = effect
            case .releaseLocks: releasesLocks = true
            case .holdLocks where releasesLocks: releasesLocks = false  // they are held still
            case .tellServiceManager(let running): status = running
            case .keepArmed: keepsArmed = true
            case .look(let isWaitingIncluded):
                includesWaiting = includesWaiting || isWaitingIncluded
                let isLast = !effects[(index + 1)...].contains { if case .look = $0 { true } else { false } }
                if isLast { now.append(.look(includingWaiting: includesWaiting)) }
            // Whoever waits for the runner goes on then.
            case .finish: now += takeAll(at: awake) + [effect]
            default: now.append(effect)
            }
        }
        if keepsArmed, Self.isTime(after: armed, at: awake) { now.append(arm(awake)) }
        if let status, Self.isTime(after: told, at: awake) { now.append(tell(status, awake)) }
        return now
    }

    /// What waited, at the end of the turn.
    mutating func takeAll(at awake: Int64) -> [Effect] {
        var all: [Effect] = []
        if keepsArmed { all.append(arm(awake)) }
        if let status { all.append(tell(status, awake)) }
        if releasesLocks { all.append(.releaseLocks) }
        if let alarm { all.append(alarm) }
        releasesLocks = false
        alarm = nil
        return all
    }

    private mutating func arm(_ awake: Int64) -> Effect {
        keepsArmed = false
        armed = awake
        return .keepArmed
    }

    private mutating func tell(_ running: [String], _ awake: Int64) -> Effect {
        status = nil
        told = awake
        return .tellServiceManager(running)
    }

    // MARK: Ringing

    /// Ends were recorded: others will hear of it.
    mutating func ringLater() { rings = true }

    /// Whether to ring now; `isOver`: the turn ends.
    mutating func takeRing(isOver: Bool, at awake: Int64) -> Bool {
        guard rings, isOver || Self.isTime(after: rung, at: awake) else { return false }
        rings = false
        rung = awake
        return true
    }

    private static func isTime(after last: Int64?, at awake: Int64) -> Bool {
        last.map { awake - $0 >= patience } ?? true
    }
}
