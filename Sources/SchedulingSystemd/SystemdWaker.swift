// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import CBackgroundSystemd
import Glibc
import SchedulingCore
import Synchronization

/// Wakes the app through transient systemd timers that start its template service.
///
/// Each call blocks for about a millisecond, and a few seconds at the most when the manager does not answer.
package final class SystemdWaker: Waker, LingeringControl {
    private let specification: ServiceSpecification
    private let address: ManagerAddress
    private let manager: ServiceManager
    private let template: Mutex<InstalledTemplate>

    /// Throws `.invalidArgument` for an app id, path or variable that cannot be in a unit. Touches nothing outside.
    package convenience init(specification: ServiceSpecification, scope: SystemdScope) throws(SchedulingFailure) {
        try self.init(specification: specification, address: .ofThisProcess(scope))
    }

    package init(specification: ServiceSpecification, address: ManagerAddress) throws(SchedulingFailure) {
        let unit = try ServiceUnit(specification, systemWide: address.scope == .system)
        let manager = ServiceManager(address)
        self.specification = specification
        self.address = address
        self.manager = manager
        template = Mutex(InstalledTemplate(specification: specification, unit: unit, manager: manager))
    }

    /// Which manager would start this process's app. Connects once, and disconnects; not in a launch, which a manager has
    /// just made: it is busy with that, and what is due would wait for its answer.
    package static func detect(environment: [String: String], uid: UInt32, isLaunch: Bool = false) -> SystemdDetection {
        let address = ManagerAddress(scope: uid == 0 ? .system : .user, environment: environment, uid: uid)
        if isLaunch { return .usable(address.scope, reason: address.description) }
        do throws(BusError) {
            try ServiceManager(address).connect()
            return .usable(address.scope, reason: address.description)
        } catch {
            return .unusable(reason: "\(address.description) cannot be reached: \(error.cause)")
        }
    }

    package func backend() -> Backend {
        var warnings = template.withLock { $0.warnings() }
        if address.scope == .user, let warning = Lingering.warning(uid: address.uid) { warnings.append(warning) }
        return Backend(kind: .systemd, reason: address.description, warnings: warnings)
    }

    /// A `daemon-reexec` makes the socket anew too, though its timers live on: they are armed once more, needlessly.
    package func generation() -> String {
        if let identity = address.socketIdentity { return identity }
        // Only a bus leads to this manager: when it started tells one from the next.
        let started = try? manager.started()
        return started.map { "started:\($0)" } ?? "none"
    }

    package func prepare() throws(SchedulingFailure) {
        try template.withLock { (template) throws(SchedulingFailure) in try template.prepare() }
    }

    package func trouble() -> String? { template.withLock { $0.trouble } }

    package func arm(at instant: WallTime, now: Moment) throws(SchedulingFailure) -> ArmedWakeup {
        let instance = SystemdWaker.newInstance()
        let name = UnitName.timer(appIdentifier: specification.appIdentifier, instance: instance)
        let generation = generation()
        do throws(BusError) {
            let timer = WakeupTimer(
                appIdentifier: specification.appIdentifier, instant: instant, now: now,
                managerStart: try manager.started(),
                retryAfterDeath: specification.retryAfterDeath)
            try manager.startTransient(name, properties: timer.properties)
            return ArmedWakeup(name: name, instant: timer.instant, generation: generation)
        } catch {
            // systemd starts no timer for a service that cannot be loaded.
            if let masked = template.withLock({ $0.masked() }) { throw masked }
            throw error.failure(
                doing: "arm a wake-up with " + address.description + ", timer", subject: name,
                remedy:
                    "Look at `systemctl\(address.scope == .user ? " --user" : "") status`; a restarted manager helps.")
        }
    }

    package func disarm(_ name: String) {
        // A timer that stays although it should not costs one needless launch.
        try? manager.stop(name)
    }

    package func disarmAll(except kept: String?) {
        let pattern = UnitName.timers(appIdentifier: specification.appIdentifier)
        for name in (try? manager.units(matching: pattern)) ?? [] where name != kept { disarm(name) }
        if kept == nil { template.withLock { $0.standDown() } }
    }

    package func isLaunching(_ name: String) -> Bool {
        guard name.hasSuffix(".timer") else { return false }
        // The service itself: while it waits for its restart, the timer counts as waiting already.
        guard let state = try? manager.subState(of: name.dropLast(".timer".count) + ".service") else { return false }
        return !["", "dead", "failed"].contains(state)
    }

    package func isArmed(_ name: String) -> Bool {
        let state = try? manager.subState(of: name)
        return state == "waiting" || state == "running"
    }

    /// Asks logind to keep this user's manager running without a login. Nobody calls it by itself.
    package func enableLingering() throws(SchedulingFailure) {
        try Lingering.enable(uid: address.uid)
    }

    /// Never used before: a timer for an instance that runs is swallowed, and one of a name that is loaded is refused.
    private static func newInstance() -> String {
        var boot = sd_id128()
        // Without a boot id (no /proc) the random half alone makes it unique.
        if sd_id128_get_boot(&boot) < 0 { boot = sd_id128() }
        let bytes = boot.bytes
        return [bytes.0, bytes.1, bytes.2, bytes.3].map { hex(UInt64($0), 2) }.joined() + "-"
            + hex(.random(in: .min ... .max), 16)
    }

    private static func hex(_ number: UInt64, _ width: Int) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
}

#endif
