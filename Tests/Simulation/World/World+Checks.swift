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
        // What is armed in the middle of a step may be given up before its end, and a commit of the dead may come to light.
        unarmed = unarmed.filter { !isDead($0.key) && clocks.awake < $0.value + Self.watchdog }
        if isBetweenSteps, isExcused || mayBeLate, ledger.intents.isEmpty, unarmed.isEmpty,
            lackOfWakeup(isStrict: true, countsServices: false) == nil
        {
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
        // What follows another waits for that one, which has a wake-up.
        let earliest = rows.filter { $0.state == 0 && !running.contains($0.identifier) }.map(\.eligible).min()
        guard let delay = services.timers.compactMap(delay).min() else {
            return "nothing is armed for \(rows.count) occurrences, the earliest at \(earliest ?? -1)"
        }
        let wait = earliest.map { max(0, $0 - clocks.wall) } ?? .max
        // Who claimed before it had to, and died in the same moment or met a store that fails, is followed when it had to.
        let recovery = rows.filter(\.isClaimed).map {
            isDead($0.pid ?? 0) || !ledger.isStoreSound ? max(0, $0.eligible - clocks.wall) : 0
        }.min()
        let latest = min(recovery ?? .max, max(recovery == nil ? 0 : .max, wait)) + Self.watchdog
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
        losesNextSync = false
        busyCalls = 0
        bomb = nil
        isDeaf = false
        losesRings = false
        setConditions(power: .external, network: .online)
        // Who stays without a handler puts that task off for ever: the program as it is now has all of them.
        for process in living where !process.unhandled.isEmpty { kill(process.pid, why: "it is replaced") }
        // Whoever is started on a host that goes down dies with it. And a launch that is under way has to act.
        for _ in 0..<1000
        where violation == nil && (hostState == .goingDown || isExcused && !services.services.isEmpty) {
            perform(queue.isEmpty ? .advance : .deliver)
            finishMove()
        }
        // Nobody acts before somebody starts the program: that is what an excuse means.
        if isExcused || !reader.exists, !ledger.rows.isEmpty {
            startResident()
            finishMove()
        }
        // A clock that is ages ahead is mended, or not.
        if clocks.wall > 7_000_000_000_000_000, random.chance(500) { setClockRight() }
        checkProgress()
        // What recurs would go on for ever. There are only so many processes: there may be no room for one more yet.
        var person = startForeground()
        for _ in 0..<1000 where person == nil && violation == nil {
            perform(queue.isEmpty ? .advance : .deliver)
            finishMove()
            person = startForeground()
        }
        if let process = person {
            for name in ledger.recurring.sorted() { cancel(name, in: process) }
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
        if violation == nil {
            broke("b", "no end of \(ledger.rows.map { ledger.describe($0) }), timers \(services.timers.map(\.name))")
        }
    }

    /// Whatever is due now, and in an hour from now, is started within hours, or passed over.
    private func checkProgress() {
        let limit = clocks.wall + 3_600_000_000
        var due: [Int64: Int64] = [:]
        for row in ledger.rows where row.state == 0 && row.eligible <= limit { due[row.id] = row.starts }
        var isClaimed = Set(ledger.rows.filter(\.isClaimed).map(\.id))
        var astray = Set(ledger.rows.filter(isAstray).map(\.id))
        let until = clocks.awake + 4 * 3_600_000_000
        for _ in 0..<600 where violation == nil && clocks.awake < until {
            if due.isEmpty, astray.isEmpty, isClaimed.isEmpty || clocks.untilNext == nil { return }
            calls = 0
            commits = 0
            perform(queue.isEmpty ? .advance : .deliver)
            finishMove()
            let rows = Dictionary(uniqueKeysWithValues: ledger.rows.map { ($0.id, $0) })
            due = due.filter { id, starts in rows[id].map { $0.starts == starts } ?? false }
            isClaimed = isClaimed.filter { rows[$0]?.isClaimed ?? false }
            astray = astray.filter { rows[$0].map(isAstray) ?? false }
        }
        guard violation == nil else { return }
        if let row = ledger.rows.first(where: { astray.contains($0.id) }) {
            return broke("f", "the clock was mended hours ago, and \(describeDelay(of: row))")
        }
        guard clocks.awake >= until, !due.isEmpty || !isClaimed.isEmpty else { return }
        let late = ledger.rows.filter { due[$0.id] != nil || isClaimed.contains($0.id) }
        broke("b", "for three hours nothing kept from starting \(late.map { ledger.describe($0) })")
    }

    /// Where a wrong clock has put it: its instant has passed, and nothing puts off for longer than an hour, reckoned from a
    /// clock that was a day ahead at the most.
    private func isAstray(_ row: OccurrenceRow) -> Bool {
        row.state == 0 && row.instant <= clocks.wall && row.eligible > clocks.wall + Ledger.day + 2 * 3_600_000_000
    }

    private func describeDelay(of row: OccurrenceRow) -> String {
        "\(ledger.describe(row)) is to be looked at \((row.eligible - clocks.wall) / 3_600_000_000) hours from now"
    }

    /// The next owner forgets all those that died, and nothing else is left.
    private func checkEnd() {
        startResident()
        while !queue.isEmpty, violation == nil { perform(.deliver) }
        do {
            faultvfs_enter(disk, 0)
            let alive = Set(living.map(\.pid))
            let left = try reader.owners().filter { !alive.contains($0) }
            if zoneChanges > 0, try reader.read(after: .max).zone != zoneIdentity {
                broke("f", "the time zone was changed, and local schedules were not counted anew")
            }
            if !left.isEmpty { broke("+", "owners that died are not forgotten: \(left)") }
            checkIdle()
            if let damage = try reader.damage() { broke("a", "the database is damaged: \(damage)") }
        } catch {
            broke("a", "\(error)")
        }
    }
}
