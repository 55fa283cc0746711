// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundStore
import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingStore

extension Session {
    func uninstall() throws -> Int32 {
        let chosen = try appsToRemove()
        if !invocation.isSure {
            guard surroundings.isTerminal, isatty(0) == 1 else {
                throw Refusal("nobody is there to be asked; --yes uninstalls \(names(chosen))")
            }
            Output.text("Uninstall \(names(chosen))" + (invocation.removesState ? " with all state" : "") + "? [y/N] ")
            guard let answer = readLine(), ["y", "yes"].contains(answer.lowercased()) else {
                throw Refusal("nothing was uninstalled")
            }
        }
        var orders: [OrderReport] = []
        for app in chosen { orders.append(try uninstall(app)) }
        if invocation.isJSON {
            try Output.json(UninstallReport(uninstalled: orders))
        } else {
            Output.lines(orders.flatMap { [VisibleText.escaped($0.app) + ": " + $0.done + "."] + $0.notes })
        }
        return 0
    }

    private func names(_ apps: [InstalledApp]) -> String {
        apps.map { VisibleText.escaped($0.identifier) }.joined(separator: ", ")
    }

    private func appsToRemove() throws(Refusal) -> [InstalledApp] {
        let apps = registry.apps()
        if let wanted = invocation.operand {
            let found = apps.filter { $0.identifier == wanted }
            guard found.isEmpty else { return found }
            let near = UsageError.nearest(to: wanted, in: apps.map(\.identifier))
            throw Refusal(
                "there is no app \(VisibleText.escaped(wanted)) here"
                    + (near.map { "; did you mean \(VisibleText.escaped($0))?" } ?? ""))
        }
        guard !apps.isEmpty else { throw Refusal("no app of this user has background tasks here") }
        guard invocation.isAll || apps.count == 1 else {
            throw Refusal("which one? \(names(apps)); --all uninstalls them all")
        }
        return apps
    }

    private func uninstall(_ app: InstalledApp) throws -> OrderReport {
        var notes: [String] = []
        let answers = services.refusal() == nil
        if app.unitFile != nil, !answers {
            notes.append(
                "\(services.name) cannot be reached: timers of the app that wait there may start it once more.")
        }
        let state = AppState(app, services: services, surroundings: surroundings)
        let store = try? state.store.get()
        if answers {
            // First what could start the program again, then what would arm anew when it ends.
            for timer in services.timers(of: app) { try services.stop(timer) }
            try stopServices(of: app)
        }
        let removal = { () throws(Refusal) in
            if answers { for timer in self.services.timers(of: app) { try self.services.stop(timer) } }
            try self.services.remove(app)
        }
        if let store {
            // Beside nobody who arms; and what is recorded is armed no more.
            try store.withArmingLock { () throws(SchedulingFailure) in
                do throws(Refusal) { try removal() } catch {
                    throw SchedulingFailure(
                        .busFailed, doing: "uninstall", subject: app.identifier, cause: error.description,
                        remedy: "Then try again.")
                }
                _ = try store.recordWakeup(nil) { _ in true }
            }
        } else {
            try removal()
        }
        let owners = try store?.liveOwners() ?? []
        if !owners.isEmpty {
            let list = owners.map { "\($0)" }.joined(separator: ", ")
            notes.append("Its process \(list) still runs; it installs the app again with its next request.")
        }
        let pending = (try? store?.occurrences(identifier: nil).count) ?? 0
        if invocation.removesState {
            guard owners.isEmpty else { throw Refusal("the state is in use by process \(owners[0]): end it first") }
            notes += try removeState(app)
        } else if pending > 0 {
            notes.append("\(pending) pending in \(app.stateDirectory.path); --state removes that too.")
        }
        return OrderReport(
            app: app.identifier, id: nil, done: app.unitFile == nil ? "it had no unit file" : "uninstalled",
            notes: notes)
    }

    /// Waits for what is told to stop: systemd kills it in the end.
    private func stopServices(of app: InstalledApp) throws {
        for service in services.services(of: app) where !["", "dead", "failed"].contains(service.state) {
            try services.stop(service.name)
        }
        let deadline = surroundings.clocks.now().awake(after: .seconds(45))
        while surroundings.clocks.now().awake < deadline {
            let left = services.services(of: app).filter { !["", "dead", "failed"].contains($0.state) }
            if left.isEmpty { return }
            Pause(surroundings.clocks).wait(.milliseconds(100))
        }
        throw Refusal("a service of \(app.identifier) does not stop; nothing was removed")
    }

    /// Only the library's own files: the directory may be the app's for other things too.
    private func removeState(_ app: InstalledApp) throws -> [String] {
        let path = app.stateDirectory.path
        let manager = FileManager.default
        let entries = (try? manager.contentsOfDirectory(atPath: path)) ?? []
        for entry in entries where StateDirectory.isOurs(entry) { try manager.removeItem(atPath: path + "/" + entry) }
        if rmdir(path) == 0 || errno == ENOENT { return [] }
        return ["\(path) was not removed: something else is in it."]
    }
}
