// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundStore
import Foundation
import SchedulingCore
import SchedulingStore

/// All apps of a scope: those whose templates systemd reads, and those that only have a store.
struct AppRegistry: Sendable {
    let surroundings: Surroundings
    let services: Services

    /// In the order of their ids, or the one that was asked for.
    func apps() -> [InstalledApp] {
        let installed = services.installed { identifier in defaultDirectory(identifier) }
        let known = Set(installed.map(\.stateDirectory))
        let found = installed + stores().filter { !known.contains($0.stateDirectory) }
        let chosen = found.filter { surroundings.invocation.app == nil || $0.identifier == surroundings.invocation.app }
        return chosen.sorted { ($0.identifier, $0.stateDirectory.path) < ($1.identifier, $1.stateDirectory.path) }
    }

    /// Directories in the usual places that hold a store of the library.
    private func stores() -> [InstalledApp] {
        var apps: [InstalledApp] = []
        for root in roots() {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? [] {
                let directory = root + "/" + name
                var about = stat()
                let isThere = ["/scheduling.sqlite", "/transfers.sqlite"].contains {
                    lstat(directory + $0, &about) == 0
                }
                guard isThere || isClosed(directory, name) else {
                    continue
                }
                apps.append(InstalledApp(identifier: name, stateDirectory: StateDirectory(path: directory)))
            }
        }
        return apps
    }

    /// A store may be in a directory that this user may not enter, if the person says that it is there.
    private func isClosed(_ directory: String, _ name: String) -> Bool {
        surroundings.invocation.app == name && access(directory, X_OK) != 0 && errno == EACCES
    }

    private func roots() -> [String] {
        let named = surroundings.environment["XDG_STATE_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
        switch surroundings.scope {
        case .system: return [surroundings.uid == 0 ? named : nil, "/var/lib"].compactMap { $0 }
        case .user:
            let homes = [surroundings.environment["HOME"], NSHomeDirectory()].compactMap { $0 }
            var seen: Set<String> = []
            return ([named] + homes.map { $0 + "/.local/state" }).compactMap { $0 }.filter { seen.insert($0).inserted }
        }
    }

    /// Where the app would keep its state by itself.
    private func defaultDirectory(_ identifier: String) -> StateDirectory {
        StateDirectory(path: (roots().first ?? "/var/lib") + "/" + identifier)
    }
}
