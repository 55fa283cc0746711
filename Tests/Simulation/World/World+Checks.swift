// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CBackgroundFaultVFS

/// What is promised beside the tables: wake-ups, locks, owners, and that all comes to an end.
extension World {
    /// Two heartbeats and a little.
    private static let watchdog: Int64 = 125_000_000

    /// While anything is pending or running, something is armed, whoever dies now; and between two steps it comes early
    /// enough as well.
    func checkWakeup(isBetweenSteps: Bool) {
        guard violation == nil else { return }
        // What is armed in the middle of a step may be given up before its end.
        if isBetweenSteps, isExcused || mayBeLate, lackOfWakeup(isStrict: true, countsServices: false) == nil {
            isExcused = false
            mayBeLate = false
        }
        if isExcused { return }
        if let lack = lackOfWakeup(isStrict: isBetweenSteps && !mayBeLate, countsServices: true) { broke("b", lack) }
    }

    /// Whether the manager will start the program in that time, or does already.
    func hasWakeup(within wait: Int64) -> Bool {
        !services.services.isEmpty
            || services.timers.contains { delay(of: $0).map { $0 <= wait + Self.watchdog } ?? false }
    }

    private func lackOfWakeup(isStrict: Bool, countsServices: Bool) -> String? {
        let rows = ledger.rows
        guard !rows.isEmpty else { return nil }
        // A launch that is under way looks again before it ends, and is started again when it dies.
        if countsServices, !services.services.isEmpty { return nil }
        let running = Set(rows.filter(\.isClaimed).map(\.identifier))
        let earliest = rows.filter { !$0.isClaimed && !running.contains($0.identifier) }.map(\.eligible).min()
        guard let delay = services.timers.compactMap(delay).min() else {
            return "nothing is armed for \(rows.count) occurrences, the earliest at \(earliest ?? -1)"
        }
        let wait = earliest.map { max(0, $0 - clocks.wall) } ?? 0
        let latest = (running.isEmpty ? wait : 0) + Self.watchdog
        guard isStrict, delay > latest else { return nil }
        // A launch that died again and again is started a quarter of an hour later.
        if services.timers.contains(where: { $0.hasFired }), delay <= ServiceModel.retryAfterDeath { return nil }
        return "the next wake-up comes in \(delay) µs, and is needed in \(latest) µs"
    }

    private func delay(of timer: ServiceModel.Timer) -> Int64? {
        let byWall = timer.calendar.map { max(0, $0 - clocks.wall) }
        let byAwake = timer.monotonic.map { max(0, $0 - clocks.awake) }
        guard let first = byWall ?? byAwake else { return nil }
        return min(first, byAwake ?? first)
    }

    /// Who does not work holds no locks.
    func checkIdle() {
        guard violation == nil else { return }
        for process in living where process.depth == 0 {
            let isBusy = !process.scheduler.activeRuns.isEmpty
            if !isBusy, process.locks != 0 {
                broke("+", "process \(process.pid) runs nothing and holds \(process.locks) locks")
            }
        }
    }

    /// No more faults, and handlers that behave: whatever was accepted has to come to its end.
    package func quiesce() {
        guard violation == nil else { return }
        random = SeededRandom(seed: seed ^ 0x0c1e_a12e)
        note("— quiesce")
        isCalm = true
        busFailures = 0
        isDiskFull = false
        failsNextCall = nil
        failsNextSync = nil
        busyCalls = 0
        bomb = nil
        isDeaf = false
        losesRings = false
        setConditions(power: .external, network: .online)
        // Who stays without a handler puts that task off for ever: the program as it is now has all of them.
        for process in living where !process.unhandled.isEmpty { kill(process.pid, why: "it is replaced") }
        if character.recurs, let process = startForeground() {
            cancel(nil, in: process)
            finishMove()
        }
        // Nobody acts before somebody starts the program: that is what an excuse means.
        if isExcused, !ledger.rows.isEmpty {
            startResident()
            finishMove()
        }
        for _ in 0..<4000 where violation == nil {
            calls = 0
            commits = 0
            if queue.isEmpty {
                let isDone = ledger.rows.isEmpty && services.services.isEmpty && services.timers.isEmpty
                if isDone || (ledger.rows.isEmpty && clocks.untilNext == nil) { return checkEnd() }
                guard clocks.untilNext != nil else {
                    return broke(
                        "b", "nothing will ever happen, and \(ledger.rows.map { ledger.describe($0) }) are not done")
                }
            }
            perform(queue.isEmpty ? .advance : .deliver)
            finishMove()
        }
        // What recurs may go on.
        if ledger.rows.allSatisfy({ ledger.recurring.contains($0.identifier) }) { return checkEnd() }
        if violation == nil {
            broke("b", "no end of \(ledger.rows.map { ledger.describe($0) }), timers \(services.timers.map(\.name))")
        }
    }

    /// The next owner forgets all those that died, and nothing else is left.
    private func checkEnd() {
        startResident()
        while !queue.isEmpty, violation == nil { perform(.deliver) }
        do {
            faultvfs_enter(disk, 0)
            let alive = Set(living.map(\.pid))
            let left = try reader.owners().filter { !alive.contains($0) }
            if !left.isEmpty { broke("+", "owners that died are not forgotten: \(left)") }
            checkIdle()
            if let damage = try reader.damage() { broke("a", "the database is damaged: \(damage)") }
        } catch {
            broke("a", "\(error)")
        }
    }
}
