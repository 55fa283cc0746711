// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import SchedulingCore
import Synchronization

/// Wakes an app that somebody else installed, through its template unit as it lies there: it never writes that file,
/// enables nothing, and reloads nothing.
package final class InstalledWaker: Waker {
    private let template: UnitLibrary.Template
    private let waker: SystemdWaker
    private let installed: Mutex<InstalledTemplate>

    /// Nil for a template that does not say what it starts.
    package init?(_ template: UnitLibrary.Template, address: ManagerAddress) {
        guard let specification = template.service.specification,
            let unit = try? ServiceUnit(specification, systemWide: address.scope == .system),
            let waker = try? SystemdWaker(specification: specification, address: address)
        else { return nil }
        self.template = template
        self.waker = waker
        installed = Mutex(
            InstalledTemplate(specification: specification, unit: unit, manager: ServiceManager(address)))
    }

    package func backend() -> Backend { waker.backend() }

    package func generation() -> String { waker.generation() }

    package func prepare() throws(SchedulingFailure) {
        guard DurableFile(path: template.path)?.exists == true else {
            throw SchedulingFailure(
                .noWakeup, doing: "arm a wake-up through", subject: template.path, cause: "the unit file is gone",
                remedy: "Start the app once: it writes the file.")
        }
        if let masked = installed.withLock({ $0.masked() }) { throw masked }
    }

    package func arm(at instant: WallTime, now: Moment) throws(SchedulingFailure) -> ArmedWakeup {
        try waker.arm(at: instant, now: now)
    }

    package func disarm(_ name: String) { waker.disarm(name) }

    package func disarmAll(except kept: String?) { waker.disarmAll(except: kept) }

    package func isLaunching(_ name: String) -> Bool { waker.isLaunching(name) }

    package func isArmed(_ name: String) -> Bool { waker.isArmed(name) }
}

#endif
