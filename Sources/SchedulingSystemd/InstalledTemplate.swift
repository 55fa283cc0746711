// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc
import SchedulingCore

/// The app's template unit as it is installed: the file, and whether the manager starts its standing instance by itself.
///
/// What its owner did by hand is respected: a mask, and a disabling of what we had enabled. That we had is remembered
/// by the file `enabled` in the state directory; its lines are the paths of the unit file and of the link that enables
/// it. While both are in order nothing is asked of the manager, for the question takes it milliseconds.
struct InstalledTemplate {
    private let unit: ServiceUnit
    private let manager: ServiceManager
    /// The instance that is started at login or boot, while something is pending.
    private let standing: String
    /// The directory of the links to what is started then.
    private let wants: String
    /// We enabled the standing instance.
    private let enabledMarker: DurableFile
    /// The file was changed, and the manager has not been told yet; outlives a death between the two.
    private let reloadMarker: DurableFile
    /// Asked once a process.
    private var unitPath: [String]?
    /// The standing instance was seen to in this process.
    private var isSettled = false
    /// What could not be done in the last `prepare`, for people.
    private(set) var trouble: String?

    init(specification: ServiceSpecification, unit: ServiceUnit, manager: ServiceManager) {
        self.unit = unit
        self.manager = manager
        standing = UnitName.service(
            appIdentifier: specification.appIdentifier,
            instance: ServiceUnit.standingInstance(systemWide: manager.address.scope == .system))
        wants = (manager.address.scope == .system ? "multi-user" : "default") + ".target.wants"
        enabledMarker = DurableFile(directory: specification.stateDirectory, name: "enabled")
        reloadMarker = DurableFile(directory: specification.stateDirectory, name: "reload-pending")
    }

    /// Writes the file if it is missing or differs, and enables the standing instance unless its owner does not want it.
    mutating func prepare() throws(SchedulingFailure) {
        if isInOrder() { return }
        let files = try files()
        let installed = files.first(where: \.exists)?.read()
        if installed != unit.text || reloadMarker.exists {
            try mark(reloadMarker, unit.name + "\n")
            try install(files)
            isSettled = false
            trouble = installed.flatMap(rivalry)
            do throws(BusError) {
                try manager.reload()
                try? reloadMarker.remove()
            } catch {
                // What the manager loads anew is read anew in any case; only a timer that waits has the old text.
                trouble = "systemd did not reload its units: " + error.cause
            }
        }
        // Without the marker nothing is enabled by us: another process of the app may have had nothing pending.
        if !isSettled || !enabledMarker.exists { try settle() }
    }

    /// An upgrade moves an executable, and then the old one is gone. Two that both exist take the unit from each other.
    private func rivalry(with installed: String) -> String? {
        guard let other = ServiceUnit.executable(in: installed), let own = ServiceUnit.executable(in: unit.text),
            other != own, access(other, X_OK) == 0
        else { return nil }
        return "two executables use one app id: systemd started \(other) until now and starts \(own) from now on; "
            + "give each an app id of its own"
    }

    /// By the look of the files alone.
    private func isInOrder() -> Bool {
        guard
            let paths = enabledMarker.read()?.split(separator: "\n", omittingEmptySubsequences: false).map(String.init),
            paths.count >= 2, !reloadMarker.exists
        else { return false }
        return DurableFile(path: paths[0])?.read() == unit.text && DurableFile(path: paths[1])?.isLink == true
    }

    /// What keeps the unit from doing its work.
    mutating func warnings() -> [String] {
        var warnings = trouble.map { [$0] } ?? []
        do throws(BusError) {
            let state = try manager.unitFileState(standing)
            if let masked = maskedReason(state) {
                warnings.append(masked)
            } else if state == "disabled", enabledMarker.exists {
                warnings.append(
                    "\(standing) was disabled by hand, so that nothing is caught up after a restart until the app runs; "
                        + "`\(control) enable '\(standing)'` undoes it")
            } else if let shadow = try shadow() {
                warnings.append("\(shadow) takes the place of the unit that this library wrote")
            }
        } catch {
            warnings.append(manager.address.description + " does not answer: " + error.cause)
        }
        return warnings
    }

    /// The failure of everything for which the template would have to be loaded; nil if it is not masked.
    func masked() -> SchedulingFailure? {
        guard let reason = maskedReason((try? manager.unitFileState(standing)) ?? nil) else { return nil }
        return SchedulingFailure(
            .noWakeup, doing: "arm a wake-up for", subject: unit.name, cause: reason, remedy: "Unmask it.")
    }

    /// Nothing is pending any more: the standing instance has nothing to do.
    mutating func standDown() {
        isSettled = false
        // The marker stays where the owner disabled by hand, so that the next `prepare` respects it too. It goes first:
        // a death between the two leaves an enabled unit without a marker, which the next `prepare` puts right.
        guard let state = try? manager.unitFileState(standing), state.hasPrefix("enabled") else { return }
        try? enabledMarker.remove()
        try? manager.disable(standing)
    }

    private var control: String { manager.address.scope == .user ? "systemctl --user" : "systemctl" }

    private func maskedReason(_ state: String?) -> String? {
        guard state?.hasPrefix("masked") == true else { return nil }
        return "\(unit.name) is masked, so systemd does not start the app; `\(control) unmask '\(unit.name)'` undoes it"
    }

    private mutating func settle() throws(SchedulingFailure) {
        let state = try asked("ask for the state of") { () throws(BusError) in try manager.unitFileState(standing) }
        if state?.hasPrefix("enabled") == true {
            try markEnabled()
        } else if state?.hasPrefix("masked") == true || enabledMarker.exists {
            // By hand, both. `warnings` tells.
        } else {
            do throws(BusError) {
                try manager.enable(standing)
            } catch {
                trouble = "systemd did not enable \(standing): " + error.cause
                return
            }
            try markEnabled()
        }
        isSettled = true
    }

    private mutating func markEnabled() throws(SchedulingFailure) {
        let file = try files().first(where: \.exists)?.path ?? ""
        let links = (unitPath ?? []).map { DurableFile(directory: $0 + "/" + wants, name: standing) }
        try mark(enabledMarker, file + "\n" + (links.first(where: \.isLink)?.path ?? "") + "\n")
    }

    /// Where the file may be, best first.
    private mutating func files() throws(SchedulingFailure) -> [DurableFile] {
        let unitPath = try asked("find a directory for") { () throws(BusError) in try knownUnitPath() }
        let files = UnitDirectory.candidates(address: manager.address, unitPath: unitPath).map {
            DurableFile(directory: $0, name: unit.name)
        }
        guard !files.isEmpty else {
            throw SchedulingFailure(
                .noWakeup, doing: "install the unit", subject: unit.name,
                cause: "the manager reads none of the directories that this user could write: "
                    + unitPath.joined(separator: ", "),
                remedy: "Set HOME and XDG_DATA_HOME as the user manager has them.")
        }
        return files
    }

    private mutating func knownUnitPath() throws(BusError) -> [String] {
        if let unitPath { return unitPath }
        let asked = try manager.unitPath()
        unitPath = asked
        return asked
    }

    /// Into the first directory that takes it: `/usr/local` is read-only on some systems.
    private func install(_ files: [DurableFile]) throws(SchedulingFailure) {
        var first: SchedulingFailure?
        for file in files {
            do throws(SchedulingFailure) {
                return try file.replace(with: unit.text, mode: 0o644, directoryMode: 0o755)
            } catch {
                first = first ?? error
            }
        }
        if let first { throw first }
    }

    /// A file of the same name in a directory that the manager prefers.
    private mutating func shadow() throws(BusError) -> String? {
        let unitPath = try knownUnitPath()
        let ours = UnitDirectory.candidates(address: manager.address, unitPath: unitPath)
        for directory in unitPath {
            let file = DurableFile(directory: directory, name: unit.name)
            guard file.exists else { continue }
            return ours.contains(directory) ? nil : file.path
        }
        return nil
    }

    private func mark(_ marker: DurableFile, _ text: String) throws(SchedulingFailure) {
        try marker.replace(with: text, mode: 0o600, directoryMode: 0o700)
    }

    private func asked<Answer>(
        _ doing: String, _ question: () throws(BusError) -> Answer
    ) throws(SchedulingFailure) -> Answer {
        do throws(BusError) {
            return try question()
        } catch {
            throw error.failure(
                doing: doing, subject: unit.name, remedy: "Look whether \(manager.address.description) runs.")
        }
    }
}

#endif
