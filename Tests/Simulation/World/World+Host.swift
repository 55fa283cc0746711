// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import CBackgroundFaultVFS
import Foundation
import SchedulingCore

/// The host and its service manager.
extension World {
    // MARK: Timers

    /// Starts a timer, and returns its name and when it fires.
    func armTimer(at instant: Int64) -> (name: String, instant: Int64) {
        services.count += 1
        let name = "timer-\(services.count)"
        let armed = min(instant, clocks.wall.addingReportingOverflow(ServiceModel.horizon).partialValue)
        var timer = ServiceModel.Timer(name: name)
        if armed > clocks.wall {
            timer.calendar = armed
            timer.monotonic = clocks.awake + (armed - clocks.wall) + 2_000
        } else {
            timer.monotonic = clocks.awake
        }
        services.timers.append(timer)
        schedule(name)
        note("arms \(name) at \(armed)")
        return (name, armed)
    }

    private func schedule(_ name: String) {
        guard let index = services.timer(name) else { return }
        clocks.remove(services.timers[index].appointment)
        services.timers[index].appointment = nil
        let timer = services.timers[index]
        guard timer.calendar != nil || timer.monotonic != nil else { return }
        services.timers[index].appointment = clocks.add(
            process: 0, wall: timer.calendar, awake: timer.monotonic, what: name
        ) { [unowned self] in fire(name) }
    }

    func disarmTimer(_ name: String) {
        guard let index = services.timer(name) else { return }
        note("disarms \(name)")
        clocks.remove(services.timers[index].appointment)
        services.timers.remove(at: index)
    }

    private func fire(_ name: String) {
        guard let index = services.timer(name) else { return }
        note("\(name) fires")
        services.timers[index].hasFired = true
        if let calendar = services.timers[index].calendar, calendar <= clocks.wall {
            services.timers[index].calendar = nil
        }
        if let monotonic = services.timers[index].monotonic, monotonic <= clocks.awake {
            services.timers[index].monotonic = nil
        }
        services.timers[index].appointment = nil
        startService(name)
    }

    // MARK: Services

    /// Starts the service of this name, unless it runs, or waits for its restart.
    func startService(_ name: String) {
        guard services.service(name) == nil else { return }
        services.services.append(ServiceModel.Service(name: name))
        launch(name)
    }

    private func launch(_ name: String) {
        guard let index = services.service(name) else { return }
        var starts = services.services[index].starts.filter { $0 > clocks.awake - ServiceModel.startInterval }
        guard starts.count < ServiceModel.startBurst else { return serviceIsOver(name) }
        starts.append(clocks.awake)
        services.services[index].starts = starts
        services.services[index].process = startLaunch(name)
    }

    func serviceEnded(_ name: String, pid: Int32, failed: Bool) {
        guard let index = services.service(name), services.services[index].process == pid else { return }
        services.services[index].process = nil
        guard failed, hostState != .goingDown else { return serviceIsOver(name) }
        clocks.add(process: 0, awake: clocks.awake + ServiceModel.restartDelay, what: "restart of \(name)") {
            [unowned self] in launch(name)
        }
    }

    private func serviceIsOver(_ name: String) {
        services.services.removeAll { $0.name == name }
        guard let index = services.timer(name) else {
            // The launch at login has no timer of its own: if it died too often, nobody starts it again.
            if name.hasPrefix("login"), !ledger.rows.isEmpty { isExcused = true }
            return
        }
        if services.timers[index].calendar != nil, services.timers[index].hasFired == false { return }
        services.timers[index].monotonic = clocks.awake + ServiceModel.retryAfterDeath
        schedule(name)
    }

    func startStandingService() {
        if services.isEnabled {
            services.count += 1
            startService("login-\(services.count)")
        }
    }

    /// The manager crashes and comes back: its services are gone, and what it had armed.
    func restartManager() {
        note("the manager restarts")
        let pids = services.services.compactMap(\.process)
        forgetTimers()
        for pid in pids { kill(pid, why: "the manager died") }
        services.services = []
        services.generation += 1
        isExcused = true
        // Whoever owns the host may have disabled the launch at login.
        if random.chance(300) { services.isEnabled = false }
        startStandingService()
    }

    private func forgetTimers() {
        for timer in services.timers { clocks.remove(timer.appointment) }
        services.timers = []
    }

    /// Whether this call to the manager fails.
    func busFails() -> Bool {
        guard busFailures > 0 else { return false }
        guard random.chance(busFailures) else { return false }
        note("the bus fails")
        isExcused = true
        managerRefusals += 1
        return true
    }

    // MARK: Sleep and shutdown

    func tellHost(_ event: HostEvent) {
        for process in living {
            guard let onEvent = process.onHostEvent else { continue }
            queue.append(Item(process: process.pid, what: .call("\(event)") { onEvent(event) }))
        }
    }

    func suspend(for duration: Int64) {
        guard hostState == .up else { return }
        hostState = .goingToSleep
        announced = [.willSleep(grace: .seconds(5))]
        tellHost(announced[0])
        clocks.add(process: 0, awake: clocks.awake + 5_000_000, what: "sleep") { [unowned self] in
            guard hostState == .goingToSleep else { return }
            note("sleeps for \(duration) µs")
            clocks.sleep(duration)
            hostState = .up
            announced = []
            tellHost(.didWake)
        }
    }

    /// A shutdown in order: announced, then SIGTERM, then the end.
    func reboot() {
        guard hostState == .up else { return }
        hostState = .goingDown
        announced = [.willShutDown(grace: .seconds(5))]
        tellHost(announced[0])
        clocks.add(process: 0, awake: clocks.awake + 5_000_000, what: "stop all") { [unowned self] in
            for process in living { terminate(process) }
            clocks.add(process: 0, awake: clocks.awake + 10_000_000, what: "halt") { [unowned self] in
                for process in living { die(process) }
                if let disk { faultvfs_shut_down(disk) }
                reader.close()
                downtime = Int64(random.below(3_600_000_000))
            }
        }
    }

    func terminate(_ process: SimulatedProcess) {
        note("SIGTERM to \(process.pid)")
        if let onStop = process.onStop {
            queue.append(Item(process: process.pid, what: .call("SIGTERM") { onStop() }))
        } else {
            kill(process.pid, why: "SIGTERM")
        }
    }

    private func die(_ process: SimulatedProcess) {
        process.isDead = true
        ledger.deaths[process.pid] = .hostWentDown
        if disk == nil { process.scheduler.die() }
    }

    func cutPower(_ place: String) {
        guard downtime == nil else { return }
        note("the power is cut \(place)")
        counts.powerCuts += 1
        for process in living { die(process) }
        if let disk {
            faultvfs_failed_sync_drops(disk, 0)
            faultvfs_power_cut(disk)
        }
        reader.close()
        downtime = Int64(random.below(86_400_000_000))
    }

    /// After the last process' stack is unwound.
    func bootAgain() {
        guard let down = downtime else { return }
        clearDead()
        downtime = nil
        boot += 1
        clocks.removeAll()
        clocks.wall += down
        clocks.boot = 1_000_000
        clocks.awake = 1_000_000
        hostState = .up
        announced = []
        services.timers = []
        services.services = []
        services.generation += 1
        queue = []
        note("boot \(boot)")
        // Half a store may be left, under another name.
        if !reader.exists { _ = FileManager.default.createFile(atPath: reader.path + ".new", contents: nil) }
        isExcused = true
        look(by: 0, isAfterBoot: true)
        // Who recovers them from now on sees that they lived before this boot.
        for pid in ledger.deaths.keys { ledger.deaths[pid] = .hostWentDown }
        // Memory is gone: what was not in the store now never will be.
        ledger.intents = []
        checkDamage()
        startStandingService()
    }

    private func checkDamage() {
        guard violation == nil, reader.exists else { return }
        do {
            faultvfs_enter(disk, 0)
            if let damage = try reader.damage() { broke("a", "the database is damaged: \(damage)") }
        } catch {
            broke("a", "\(error)")
        }
    }

    // MARK: Settings

    /// Somebody has set the clock or the time zone: timers fire for that too, and who lives hears it.
    func settingsChanged() {
        for (index, timer) in services.timers.enumerated() {
            note("\(timer.name) fires for that")
            services.timers[index].hasFired = true
            startService(timer.name)
        }
        for process in living {
            for weak in process.settings {
                guard let watch = weak.watch, watch.onSet != nil else { continue }
                queue.append(Item(process: process.pid, what: .call("settings") { watch.onSet?() }))
            }
        }
    }

    // MARK: Conditions

    var conditions: Conditions {
        let now = WallTime(microseconds: clocks.wall)
        return Conditions(
            power: Observed(power, source: "simulated", at: now),
            network: Observed(network, source: "simulated", at: now))
    }

    func setConditions(power: PowerSource?, network: NetworkState?) {
        guard power != self.power || network != self.network else { return }
        self.power = power
        self.network = network
        for process in living {
            for weak in process.watchers {
                guard let watch = weak.watch, let onChange = watch.onChange else { continue }
                queue.append(
                    Item(
                        process: process.pid,
                        what: .call("conditions") { [unowned self] in onChange(conditions.only(watch.kinds)) }))
            }
        }
    }
}
