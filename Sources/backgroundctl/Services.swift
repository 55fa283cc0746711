// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundControl
import BackgroundStore
import Foundation
import SchedulingCore
import SchedulingStore
import SchedulingSystemd

/// The service manager of a scope, and what it has of our apps.
struct Services: Sendable {
    let address: ManagerAddress
    let manager: ServiceManager

    init(scope: Invocation.Scope, environment: [String: String], uid: UInt32) {
        address = ManagerAddress(scope: scope == .system ? .system : .user, environment: environment, uid: uid)
        manager = ServiceManager(address)
    }

    var name: String { address.description }

    /// Why the manager does not answer; nil if it does.
    func refusal() -> String? {
        do throws(BusError) {
            try manager.connect()
            return nil
        } catch {
            return error.cause
        }
    }

    private func library() -> UnitLibrary { UnitLibrary.asked(manager) ?? .standard(address) }

    func installed(elsewhere: (String) -> StateDirectory) -> [InstalledApp] {
        library().templates().map { template in
            let specification = template.service.specification
            let identifier = template.service.appIdentifier
            return InstalledApp(
                identifier: identifier, unitFile: template.path, executable: specification?.executable,
                isReadable: specification != nil, isAsWritten: template.service.isAsWritten,
                stateDirectory: specification.map { StateDirectory(path: $0.stateDirectory) } ?? elsewhere(identifier))
        }
    }

    /// What starts this app; nil if nothing can.
    func waker(for app: InstalledApp) -> (any Waker)? {
        guard let template = library().templates().first(where: { $0.path == app.unitFile }) else { return nil }
        return InstalledWaker(template, address: address)
    }

    /// Whether the manager has this timer; nil if it cannot be asked.
    func isArmed(_ timer: String) -> Bool? {
        guard let state = try? manager.subState(of: timer) else { return nil }
        return state == "waiting" || state == "running"
    }

    /// The app's loaded services with their states.
    func services(of app: InstalledApp) -> [(name: String, state: String)] {
        let pattern = UnitName.service(appIdentifier: app.identifier, instance: "*")
        return ((try? manager.units(matching: pattern)) ?? []).map { ($0, (try? manager.subState(of: $0)) ?? "") }
    }

    /// How the last process of a service ended.
    func failure(of service: String) -> FailingService {
        let ended = try? manager.lastEnd(of: service)
        return FailingService(
            name: service, result: ended?.result, end: FailingService.End(code: ended?.code, status: ended?.status))
    }

    func timers(of app: InstalledApp) -> [String] {
        (try? manager.units(matching: UnitName.timers(appIdentifier: app.identifier))) ?? []
    }

    func examination(of app: InstalledApp) -> AppExamination.Unit? {
        guard let path = app.unitFile else { return nil }
        let name = UnitName.template(appIdentifier: app.identifier)
        let standing = standing(app)
        let enabled = DurableFile(directory: app.stateDirectory.path, name: "enabled").exists
        let pending = DurableFile(directory: app.stateDirectory.path, name: "reload-pending").exists
        return AppExamination.Unit(
            name: name, path: path, isAsWritten: app.isAsWritten, isReadable: app.isReadable,
            state: (try? manager.unitFileState(standing)) ?? nil, wasEnabled: enabled, needsReload: pending,
            shadow: shadow(name, path))
    }

    private func standing(_ app: InstalledApp) -> String {
        UnitName.service(
            appIdentifier: app.identifier,
            instance: ServiceUnit.standingInstance(systemWide: address.scope == .system))
    }

    /// A file of the same name that is preferred to where the library would have written it; masks are told otherwise.
    private func shadow(_ name: String, _ path: String) -> String? {
        let own = UnitDirectory.candidates(address: address, unitPath: library().directories).map { $0 + "/" + name }
        return own.isEmpty || own.contains(path) ? nil : path
    }

    func isLingering() -> HostExamination.Answer {
        guard Lingering.userName(address.uid) != nil else {
            return .unknown(why: "uid \(address.uid) has no name")
        }
        return Lingering.warning(uid: address.uid) == nil ? .yes : .no(why: "")
    }

    var userName: String? { Lingering.userName(address.uid) }

    func bus() -> HostExamination.Answer {
        SystemBus.refusal().map { .no(why: $0) } ?? .yes
    }

    func inhibitors() -> HostExamination.Answer {
        let answer = LogindHost(appIdentifier: "backgroundctl", notifier: ServiceNotifier(socket: nil))
            .inhibit([.sleep, .shutdown], why: "looking whether locks are granted")
        answer.held.forEach { $0.release() }
        if answer.refusals.isEmpty { return .yes }
        let why = answer.refusals.joined(separator: "; ")
        return answer.wasDenied ? .no(why: why) : .unknown(why: why)
    }

    func clock() -> HostExamination.Answer {
        do throws(BusError) {
            return try SystemBus.isClockSynchronised() ? .yes : .no(why: "")
        } catch {
            return .unknown(why: error.cause)
        }
    }

    // MARK: Uninstalling

    func stop(_ unit: String) throws(Refusal) {
        try asked("stop \(unit)") { () throws(BusError) in try manager.stop(unit) }
    }

    /// Disables what starts the app by itself, removes its template, and has the manager read its units anew.
    func remove(_ app: InstalledApp) throws(Refusal) {
        try? manager.disable(standing(app))
        for name in ["enabled", "reload-pending"] {
            try? DurableFile(directory: app.stateDirectory.path, name: name).remove()
        }
        guard let path = app.unitFile, let file = DurableFile(path: path) else { return }
        do throws(SchedulingFailure) { try file.remove() } catch { throw Refusal(error) }
        guard refusal() == nil else { return }
        try asked("have systemd read its units anew") { () throws(BusError) in try manager.reload() }
    }

    private func asked(_ doing: String, _ body: () throws(BusError) -> Void) throws(Refusal) {
        do throws(BusError) { try body() } catch {
            throw Refusal("could not \(doing): \(error.cause); look whether \(name) runs")
        }
    }
}

#endif
