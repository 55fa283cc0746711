// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import SchedulingCore
import SchedulingRuntime
import SchedulingStore

/// Everything that one simulated process knows of its world: each port of the runtime, in one object.
///
/// What a dead process asks for has no effect, and fails where it can.
final class Ports: TimeSource, ZoneSource, ConditionsSource, HostPort, Waker, StoreNeighbours, @unchecked Sendable {
    // Reason: a world and all of its processes live on one thread.
    unowned let world: World
    let pid: Int32

    init(world: World, pid: Int32) {
        self.world = world
        self.pid = pid
    }

    private var process: SimulatedProcess? { world.process(pid) }
    private var isDead: Bool { world.isDead(pid) }

    // MARK: TimeSource

    func now() -> Moment { world.clocks.moment }

    func makeAlarm(_ action: @escaping @Sendable () -> Void) -> any Alarm {
        SimulatedAlarm(ports: self, action: action)
    }

    func watchSettings(_ onSet: @escaping @Sendable () -> Void) -> (any Sendable & AnyObject)? { settings(onSet) }

    private func settings(_ onSet: @escaping @Sendable () -> Void) -> SimulatedSettings {
        let watch = SimulatedSettings(onSet)
        process?.settings.append(WeakSettings(watch: watch))
        return watch
    }

    // MARK: ZoneSource

    func rules(for identifier: String?) throws(ZoneFailure) -> ZoneRules {
        let zone =
            identifier.map { name in ReferenceZone.all.first { $0.name == name } } ?? ReferenceZone.all[world.zone]
        guard let rules = zone.flatMap({ Self.rules[$0.name] }) else {
            throw ZoneFailure(subject: identifier ?? "", cause: "nobody knows it", remedy: "None.")
        }
        return rules
    }

    private static let rules: [String: ZoneRules] = ReferenceZone.all.reduce(into: [:]) { rules, zone in
        rules[zone.name] = ZoneRules(posix: zone.posix)
    }

    func localIdentity() -> String { world.zoneIdentity }

    func watch(_ onChange: @escaping @Sendable () -> Void) -> (any ZoneWatch)? { settings(onChange) }

    // MARK: ConditionsSource

    func observe(_ kinds: ConditionKinds) -> Conditions { world.conditions.only(kinds) }

    func watch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> any ConditionsWatch {
        let watch = SimulatedWatch(ports: self, onChange)
        process?.watchers.append(WeakWatch(watch: watch))
        return watch
    }

    // MARK: HostPort

    func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent] {
        process?.onHostEvent = onEvent
        return world.announced
    }

    func holdLocks(why: String) -> String? {
        world.boundary(pid, "holdLocks")
        process?.locks += 1
        return nil
    }

    func releaseLocks() {
        world.boundary(pid, "releaseLocks")
        process?.locks -= 1
    }

    func notify(status: String, extendBy: Duration?) {}
    func notifyReady() {}

    // MARK: StoreNeighbours

    func committed() {
        if !isDead, world.disk == nil { world.look(by: pid) }
    }

    func ring() {
        if !isDead { world.ring() }
    }

    func watch(_ onRing: @escaping @Sendable () -> Void) -> (any DoorbellHearing)? {
        guard let process, !world.isDeaf else { return nil }
        let bell = SimulatedBell(onRing)
        process.bells.append(WeakBell(bell: bell))
        return bell
    }

    /// Who would wait here waits until its patience is at an end, or until it is killed.
    func cannotWait(for path: String) -> SchedulingFailure {
        if world.random.chance(500) {
            world.isExcused = true
            world.managerRefusals += 1
            return SchedulingFailure(.storeBusy, doing: "lock", subject: path, cause: "it is held", remedy: "None.")
        }
        world.kill(pid, why: "while it waited for \(path.split(separator: "/").last ?? "a lock")")
        return SchedulingFailure(.storeBusy, doing: "wait for", subject: path, cause: "it was killed", remedy: "None.")
    }

    // MARK: Waker

    func backend() -> Backend { Backend(kind: .simulated, reason: "a simulated host") }
    func generation() -> String { "\(world.services.generation)" }

    private func refuse(_ doing: String) -> SchedulingFailure {
        SchedulingFailure(
            .busFailed, doing: doing, subject: "the simulated host", cause: isDead ? "died" : "the bus failed",
            remedy: "None.")
    }

    func prepare() throws(SchedulingFailure) {
        world.boundary(pid, "prepare")
        if isDead || world.busFails() { throw refuse("prepare") }
        world.services.isEnabled = true
    }

    func arm(at instant: WallTime, now: Moment) throws(SchedulingFailure) -> ArmedWakeup {
        world.boundary(pid, "arm")
        world.unarmed[pid] = world.clocks.awake
        if isDead || world.busFails() { throw refuse("arm") }
        let (name, armed) = world.armTimer(at: instant.microseconds)
        let answer = ArmedWakeup(
            name: name, instant: WallTime(microseconds: armed), generation: "\(world.services.generation)")
        world.boundary(pid, "armed")
        // It was armed, and the answer was lost.
        if isDead || world.busFails() { throw refuse("arm") }
        world.unarmed[pid] = nil
        return answer
    }

    func disarm(_ name: String) {
        world.boundary(pid, "disarm")
        if isDead || world.busFails() { return }
        world.disarmTimer(name)
    }

    func disarmAll(except kept: String?) {
        world.boundary(pid, "disarmAll")
        if isDead || world.busFails() { return }
        for timer in world.services.timers where timer.name != kept { world.disarmTimer(timer.name) }
        if kept == nil { world.services.isEnabled = false }
    }

    func isLaunching(_ name: String) -> Bool {
        world.boundary(pid, "isLaunching")
        return !isDead && !world.busFails() && world.services.service(name) != nil
    }

    func isArmed(_ name: String) -> Bool {
        world.boundary(pid, "isArmed")
        return !isDead && !world.busFails() && world.services.timer(name) != nil
    }
}

final class SimulatedAlarm: Alarm, @unchecked Sendable {
    // Reason: as `Ports`.
    private let ports: Ports
    private let action: @Sendable () -> Void
    private var appointment: Int?

    init(ports: Ports, action: @escaping @Sendable () -> Void) {
        self.ports = ports
        self.action = action
    }

    func set(wall: WallTime?, awake: Int64?) {
        let world = ports.world
        world.clocks.remove(appointment)
        appointment = nil
        guard wall != nil || awake != nil, !world.isDead(ports.pid) else { return }
        appointment = world.clocks.add(
            process: ports.pid, wall: wall?.microseconds, awake: awake, what: "alarm", action)
    }
}

final class SimulatedBell: DoorbellHearing, @unchecked Sendable {
    // Reason: as `Ports`.
    var onRing: (@Sendable () -> Void)?
    var isRinging = false
    init(_ onRing: @escaping @Sendable () -> Void) { self.onRing = onRing }
    func stop() { onRing = nil }
}

final class SimulatedSettings: ZoneWatch, @unchecked Sendable {
    // Reason: as `Ports`.
    var onSet: (@Sendable () -> Void)?
    init(_ onSet: @escaping @Sendable () -> Void) { self.onSet = onSet }
    func stop() { onSet = nil }
}

final class SimulatedWatch: ConditionsWatch, @unchecked Sendable {
    // Reason: as `Ports`.
    private let ports: Ports
    private(set) var onChange: (@Sendable (Conditions) -> Void)?
    private(set) var kinds: ConditionKinds = []
    init(ports: Ports, _ onChange: @escaping @Sendable (Conditions) -> Void) {
        self.ports = ports
        self.onChange = onChange
    }
    func observe(_ kinds: ConditionKinds) -> Conditions {
        self.kinds = kinds
        return ports.observe(kinds)
    }
    func narrow(to kinds: ConditionKinds) { self.kinds.formIntersection(kinds) }
    func stop() { onChange = nil }
}

/// Runs the jobs of one process's Swift tasks when the world says so.
final class SimulatedExecutor: TaskExecutor, @unchecked Sendable {
    // Reason: as `Ports`.
    private unowned let world: World
    let pid: Int32
    private var jobs: [UnownedJob] = []

    init(world: World, pid: Int32) {
        self.world = world
        self.pid = pid
    }

    func enqueue(_ job: consuming ExecutorJob) {
        jobs.append(UnownedJob(job))
        if jobs.count == 1 { world.queue.append(Item(process: pid, what: .jobs(self))) }
    }

    /// Runs them all, also those that come meanwhile.
    func drain() {
        var done = 0
        while done < jobs.count {
            let job = jobs[done]
            done += 1
            job.runSynchronously(on: asUnownedTaskExecutor())
        }
        jobs = []
    }
}
