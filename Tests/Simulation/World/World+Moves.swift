// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import CBackgroundFaultVFS
import CBackgroundSQLite
import SchedulingRuntime

/// What each move does.
extension World {
    private static let second: Int64 = 1_000_000

    func perform(_ kind: Move.Kind) {
        switch kind {
        case .deliver: deliver()
        case .advance: advance()
        case .nap: nap()
        case .start: if living.count < 4 { startForeground() }
        case .exit:
            if let process = random.pick(living.filter { $0.role == .foreground }) { exit(process.pid, failed: false) }
        case .submit: if let process = submitter { submit([(someName, earliest())], in: process) }
        case .submitSeveral:
            if let process = submitter {
                submit((0...random.below(4)).map { _ in (someName, earliest()) }, in: process)
            }
        case .cancel: if let process = submitter { cancel(someName, in: process) }
        case .cancelAll: if let process = submitter { cancel(nil, in: process) }
        case .resident: if living.count < 4 { startResident() }
        case .terminate: if let process = random.pick(living) { terminate(process) }
        case .simulateLaunch:
            if let process = submitter {
                let name = someName
                with(.makeDue(identifier: name), in: process) {
                    try? process.scheduler.simulateLaunch(forTaskWithIdentifier: name)
                }
            }
        case .simulateExpiration:
            if let process = submitter {
                let name = someName
                within(process) { try? process.scheduler.simulateExpiration(forTaskWithIdentifier: name) }
            }
        case .suspend: suspend(for: Int64(random.below(86_400 * [1, 60][random.below(2)])) * Self.second)
        case .reboot: reboot()
        case .power: setConditions(power: [.external, .battery, nil][random.below(3)], network: network)
        case .network: setConditions(power: power, network: [.online, .offline, nil][random.below(3)])
        case .stepClock: stepClock()
        case .zone:
            zone = random.below(ReferenceZone.all.count)
            zoneChanges += 1
            note("the time zone is \(ReferenceZone.all[zone].name) now")
            mayBeLate = true
            settingsChanged()
        default: fail(kind)
        }
    }

    private func fail(_ kind: Move.Kind) {
        switch kind {
        case .kill:
            if let process = random.pick(living) { kill(process.pid, why: "kill -9") }
        case .bomb, .cutBomb:
            let countsCalls = random.chance(600)
            bomb = (random.below(countsCalls ? 200 : 10), kind == .cutBomb, countsCalls)
        case .powerCut: cutPower("between two steps")
        case .restartManager: if hostState != .goingDown { restartManager() }
        case .bus: busFailures = busFailures > 0 ? 0 : [100, 300, 1000][random.below(3)]
        case .diskFull: isDiskFull.toggle()
        case .ioError:
            let codes = [SQLITE_IOERR | (1 << 8), SQLITE_IOERR | (3 << 8), SQLITE_IOERR, SQLITE_FULL]
            failsNextCall = (random.below(60), codes[random.below(codes.count)])
        case .syncError:
            failsNextSync = random.below(6)
        case .syncLoss: losesNextSync = true
        case .busy: busyCalls = random.below(2) == 0 ? random.below(20) : 400
        case .bell:
            isDeaf = random.below(2) == 0
            losesRings = random.below(2) == 0
        default: break
        }
    }

    private var someName: String { "t\(random.below(character.identifiers))" }

    /// Somebody who submits: a process that runs, else a new one.
    private var submitter: SimulatedProcess? { random.pick(living) ?? startForeground() }

    /// Something that waited for a thread is done.
    private func deliver() {
        guard !queue.isEmpty else { return advance() }
        deliver(at: random.below(queue.count))
    }

    private func deliver(at index: Int) {
        let item = queue.remove(at: index)
        func perform() {
            switch item.what {
            case .call(let what, let body):
                note("\(item.process): \(what)")
                body()
            case .jobs(let executor): executor.drain()
            }
        }
        guard item.process != 0 else { return perform() }
        if let process = process(item.process) { within(process, perform) }
    }

    /// To the next instant at which something happens; what waits for a thread holds that up by seconds at the most.
    private func advance() {
        let limit = queue.isEmpty ? Int64.max : 2 * Self.second
        guard let delay = clocks.untilNext, delay <= limit else {
            if !queue.isEmpty { return deliver() }
            clocks.pass(Int64(random.below(3600)) * Self.second)
            return
        }
        clocks.pass(delay)
        guard let appointment = clocks.takeDue({ random.below($0) }) else { return }
        note("it is time: \(appointment.what) of \(appointment.process)")
        guard appointment.process != 0 else { return appointment.action() }
        if let process = process(appointment.process) { within(process, appointment.action) }
    }

    /// Some time passes, and nothing happens in it.
    private func nap() {
        let most = min(clocks.untilNext ?? .max, (queue.isEmpty ? 600 : 1) * Self.second)
        if most > 0 { clocks.pass(Int64(random.below(Int(most)))) }
    }

    private func stepClock() {
        let day = 86_400 * Self.second
        let steps: [Int64] = [
            Self.second, -Self.second, 3600 * Self.second, -3600 * Self.second, day, -day, 40 * day, -40 * day,
        ]
        switch random.below(12) {
        case 0: setClock(3600 * Self.second)  // 1970
        case 1: setClock(7_258_118_400 * Self.second)  // 2200
        case 2, 3: setClockRight()
        default: setClock(max(Self.second, clocks.wall + steps[random.below(steps.count)]))
        }
    }

    /// As it was.
    func setClockRight() { setClock(1_767_225_600 * Self.second + clocks.boot) }

    private func setClock(_ wall: Int64) {
        clocks.wall = wall
        // What was armed for another instant may have stood in for a watchdog that the bus refused: the heartbeat sees to it.
        mayBeLate = true
        note("the clock reads \(clocks.wall) now")
        settingsChanged()
    }

    /// Another process acts in the middle of a call of this one.
    func interject(besides pid: Int32) {
        counts.interjections += 1
        note("meanwhile:")
        let others = living.filter { $0.pid != pid && $0.depth == 0 }
        switch random.below(6) {
        case 0, 1:
            if let other = random.pick(others) ?? startForeground() { submit([(someName, earliest())], in: other) }
        case 2: if let other = random.pick(others) { cancel(someName, in: other) }
        default:
            let indices = queue.indices.filter { queue[$0].process != pid && queue[$0].process != 0 }
            if let index = random.pick(Array(indices)) { deliver(at: index) }
        }
        note("back in \(pid)")
    }
}
