// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc
import SchedulingCore

/// The app's template unit as it is installed: the file, and whether the manager starts its standing instance by itself.
///
/// What its owner did by hand is respected: a mask, and a disabling of what we had enabled. That we had is remembered
/// by the file `enabled` in the state directory.
struct InstalledTemplate {
    private let unit: ServiceUnit
    private let manager: ServiceManager
    /// The instance that is started at login or boot, while something is pending.
    private let standing: String
    /// We enabled the standing instance.
    private let enabledMarker: DurableFile
    /// The file was changed, and the manager has not been told yet; outlives a death between the two.
    private let reloadMarker: DurableFile
    /// Asked once a process.
    private var unitPath: [String]?
    /// The standing instance was seen to in this process.
    private var isSettled = false
    /// What could not be done in the last `prepare`, for people.
    private var trouble: String?

    init(specification: ServiceSpecification, unit: ServiceUnit, manager: ServiceManager) {
        self.unit = unit
        self.manager = manager
        standing = UnitName.service(
            appIdentifier: specification.appIdentifier,
            instance: ServiceUnit.standingInstance(systemWide: manager.address.scope == .system))
        enabledMarker = DurableFile(directory: specification.stateDirectory, name: "enabled")
        reloadMarker = DurableFile(directory: specification.stateDirectory, name: "reload-pending")
    }

    /// Writes the file if it is missing or differs, and enables the standing instance unless its owner does not want it.
    mutating func prepare() throws(SchedulingFailure) {
        let files = try files()
        if files.first(where: \.exists)?.read() != unit.text || reloadMarker.exists {
            try mark(reloadMarker)
            try install(files)
            isSettled = false
            trouble = nil
            do throws(BusError) {
                try manager.reload()
                try? reloadMarker.remove()
            } catch {
                // What the manager loads anew is read anew in any case; only a timer that waits has the old text.
                trouble = "systemd did not reload its units: " + error.cause
            }
        }
        if !isSettled { try settle() }
    }

    /// What keeps the unit from doing its work.
    mutating func warnings() -> [String] {
        var warnings = trouble.map { [$0] } ?? []
        let control = manager.address.scope == .user ? "systemctl --user" : "systemctl"
        do throws(BusError) {
            let state = try manager.unitFileState(standing)
            if let state, state.hasPrefix("masked") {
                warnings.append(
                    "\(unit.name) is masked, so systemd does not start the app; `\(control) unmask '\(unit.name)'` undoes it")
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

    /// Nothing is pending any more: the standing instance has nothing to do.
    mutating func standDown() {
        isSettled = false
        // The marker stays where the owner disabled by hand, so that the next `prepare` respects it too. It goes first:
        // a death between the two leaves an enabled unit without a marker, which the next `prepare` puts right.
        guard let state = try? manager.unitFileState(standing), state.hasPrefix("enabled") else { return }
        try? enabledMarker.remove()
        try? manager.disable(standing)
    }

    private mutating func settle() throws(SchedulingFailure) {
        let state = try asked("ask for the state of") { () throws(BusError) in try manager.unitFileState(standing) }
        if state?.hasPrefix("enabled") == true {
            if !enabledMarker.exists { try mark(enabledMarker) }
        } else if state?.hasPrefix("masked") == true || enabledMarker.exists {
            // By hand, both. `warnings` tells.
        } else {
            do throws(BusError) {
                try manager.enable(standing)
            } catch {
                trouble = "systemd did not enable \(standing): " + error.cause
                return
            }
            try mark(enabledMarker)
        }
        isSettled = true
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

    private func mark(_ marker: DurableFile) throws(SchedulingFailure) {
        try marker.replace(with: unit.name + "\n", mode: 0o600, directoryMode: 0o700)
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
