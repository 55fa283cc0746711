// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc

/// Which directory of the manager's unit path our template belongs into.
///
/// One that comes after the directory in which `systemctl mask` puts its link: a unit file in `~/.config/systemd/user`
/// or `/etc/systemd/system` itself cannot be masked any more by its owner.
package enum UnitDirectory {
    /// The candidates that the manager reads, best first. Empty: it reads none of them.
    package static func candidates(
        scope: SystemdScope, unitPath: [String], dataHome: String?, homes: [String]
    ) -> [String] {
        let wanted =
            switch scope {
            case .system: ["/usr/local/lib/systemd/system", "/etc/systemd/system"]
            case .user:
                ([dataHome] + homes.map { $0 + "/.local/share" }).compactMap { $0 }.filter { $0.hasPrefix("/") }
                    .map { $0 + "/systemd/user" } + homes.map { $0 + "/.config/systemd/user" }
            }
        var candidates: [String] = []
        for directory in wanted.map(normalized) where unitPath.contains(directory) && !candidates.contains(directory) {
            candidates.append(directory)
        }
        return candidates
    }

    /// This process's candidates.
    package static func candidates(address: ManagerAddress, unitPath: [String]) -> [String] {
        candidates(
            scope: address.scope, unitPath: unitPath,
            dataHome: getenv("XDG_DATA_HOME").map { String(cString: $0) },
            homes: [getenv("HOME").map { String(cString: $0) }, Lingering.home(address.uid)].compactMap { $0 })
    }

    /// Without doubled slashes and slashes at the end, as the manager tells its paths.
    private static func normalized(_ path: String) -> String { "/" + path.split(separator: "/").joined(separator: "/") }
}

#endif
