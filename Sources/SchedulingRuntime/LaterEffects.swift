// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

/// The effects of a runner's turn of which only the last of each sort counts: they wait for its end. In a turn that does not
/// end, as while much is due, what has to be done in time is done once a second; and where turns follow each other while
/// something runs, once in a while (`pause`).
struct LaterEffects: Sendable {
    typealias Effect = SchedulerMachine.Effect

    private var keepsArmed = false
    private var status: [String]?
    private var releasesLocks = false
    private var alarm: Effect?
    /// Others are to hear of ends.
    private var rings = false
    /// When each was done last, on the awake clock. What was armed while nothing ran is too late for what runs by now.
    private var armed: Int64?
    private var told: Int64?
    private var rung: Int64?

    private static let patience: Int64 = 1_000_000
    private static let pause: Int64 = 50_000

    /// Keeps back what can wait, and returns what is to be done now, in order: of several looks only the last.
    mutating func keep(back effects: [Effect], isIdle: Bool, at awake: Int64) -> [Effect] {
        var now: [Effect] = []
        var includesWaiting = false
        let lastLook = effects.lastIndex { if case .look = $0 { true } else { false } }
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
                if index == lastLook { now.append(.look(includingWaiting: includesWaiting)) }
            case .start(let occurrence):
                // Its claim wrote the next one, which may come before anything that is armed.
                if occurrence.terms.schedule != nil { armed = nil }
                now.append(effect)
            // Whoever waits for the runner goes on then.
            case .finish: now += takeAll(isIdle: true, at: awake) + [effect]
            default: now.append(effect)
            }
        }
        if keepsArmed, Self.isTime(after: armed, Self.patience, at: awake) { now.append(arm(isIdle: isIdle, awake)) }
        if let status, Self.isTime(after: told, Self.patience, at: awake) { now.append(tell(status, awake)) }
        return now
    }

    /// What waited, at the end of the turn. `isIdle`: nothing runs, so that no end of a turn may follow soon.
    mutating func takeAll(isIdle: Bool, at awake: Int64) -> [Effect] {
        var all: [Effect] = []
        if keepsArmed, isIdle || Self.isTime(after: armed, Self.pause, at: awake) {
            all.append(arm(isIdle: isIdle, awake))
        }
        if let status, isIdle || Self.isTime(after: told, Self.pause, at: awake) { all.append(tell(status, awake)) }
        if releasesLocks { all.append(.releaseLocks) }
        if let alarm { all.append(alarm) }
        releasesLocks = false
        alarm = nil
        return all
    }

    /// When what waits still is to be done, on the awake clock.
    var due: Int64? {
        let lasts = [keepsArmed ? armed : nil, status != nil ? told : nil, rings ? rung : nil]
        return lasts.compactMap { $0.map { $0 + Self.pause } }.min()
    }

    private mutating func arm(isIdle: Bool, _ awake: Int64) -> Effect {
        keepsArmed = false
        armed = isIdle ? nil : awake
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
    mutating func takeRing(isOver: Bool, isIdle: Bool, at awake: Int64) -> Bool {
        let patience = isOver ? Self.pause : Self.patience
        guard rings, isOver && isIdle || Self.isTime(after: rung, patience, at: awake) else { return false }
        rings = false
        rung = awake
        return true
    }

    private static func isTime(after last: Int64?, _ patience: Int64, at awake: Int64) -> Bool {
        last.map { awake - $0 >= patience } ?? true
    }
}
