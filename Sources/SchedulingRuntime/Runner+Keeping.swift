// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore
import SchedulingStore

/// What a live runner sees to beside its runs: that dead processes are followed, that a wake-up is armed, and that the service
/// manager knows.
extension Runner {
    /// A run whose process died is recovered by the next launch; one that stays sees to it as well, or its own wish for a
    /// later wake-up would put that launch off each time.
    func recoverDead() throws(SchedulingFailure) {
        let now = environment.time.now().wall
        let policy = policy
        let recovered = try store.recoverDead(now: now) { policy.recovery($0, now: now) }
        for entry in recovered {
            environment.logRecorded("\(entry.identifier ?? "a launch"): \(entry.outcome) \(entry.detail)")
        }
        if !recovered.isEmpty {
            // As at the start: the clock may have been set back since they began.
            state.withLock { $0.isClockNew = true }
            enqueue(.rang)
        }
    }

    func keepArmed() throws(SchedulingFailure) {
        try recoverDead()
        let (isHeld, isDeaf) = state.withLock { ($0.machine.isHeld, $0.doorbell == nil) }
        // Without a doorbell, a cancellation by another process is heard at the next heartbeat.
        if isDeaf {
            for request in try store.stopRequests() { enqueue(.stopAsked(request.occurrence, request.reason)) }
        }
        try keeper.settle(runner: isHeld ? .held : .acting)
    }

    func tellServiceManager(_ running: [String]) {
        let status = running.isEmpty ? "Idle" : "Running " + running.joined(separator: ", ")
        environment.host.notify(status: status, extendBy: running.isEmpty ? nil : policy.heartbeat * 3)
    }
}
