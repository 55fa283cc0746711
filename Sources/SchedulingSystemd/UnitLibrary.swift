// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc

/// The directories from which a manager reads its unit files, and the templates of this library in them: the registry
/// of all apps of a user.
package struct UnitLibrary: Sendable {
    /// One template in one directory.
    package struct Template: Hashable, Sendable {
        package let path: String
        package let service: InstalledService
    }

    /// What the manager prefers comes first.
    package let directories: [String]
    private let scope: SystemdScope

    package init(scope: SystemdScope, directories: [String]) {
        self.scope = scope
        self.directories = directories
    }

    /// As the manager itself says; nil if it does not answer.
    package static func asked(_ manager: ServiceManager) -> UnitLibrary? {
        guard let path = try? manager.unitPath(), !path.isEmpty else { return nil }
        return UnitLibrary(scope: manager.address.scope, directories: path)
    }

    /// Where units of this library lie on every host (systemd.unit(5), "Unit File Load Path").
    package static func standard(_ address: ManagerAddress) -> UnitLibrary {
        let directories: [String]
        switch address.scope {
        case .system: directories = ["/etc/systemd/system", "/usr/local/lib/systemd/system"]
        case .user:
            let homes = [variable("HOME"), Lingering.home(address.uid)].compactMap { $0 }
            let data = [variable("XDG_DATA_HOME")].compactMap { $0 } + homes.map { $0 + "/.local/share" }
            directories = homes.map { $0 + "/.config/systemd/user" } + data.map { $0 + "/systemd/user" }
        }
        var seen: Set<String> = []
        return UnitLibrary(
            scope: address.scope, directories: directories.filter { $0.hasPrefix("/") && seen.insert($0).inserted })
    }

    private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// One template for each app: the one that the manager would take, masks left aside.
    package func templates() -> [Template] {
        var found: [String: Template] = [:]
        for directory in directories {
            for name in UnitLibrary.names(in: directory) where found[name] == nil {
                let file = DurableFile(directory: directory, name: name)
                guard name.hasPrefix(UnitName.prefix), !UnitLibrary.isMask(file), let text = file.read(),
                    let service = InstalledService(fileName: name, text: text, systemWide: scope == .system)
                else { continue }
                found[name] = Template(path: file.path, service: service)
            }
        }
        return found.values.sorted { $0.service.appIdentifier < $1.service.appIdentifier }
    }

    /// systemctl(1), "mask": a link to /dev/null, or an empty file.
    private static func isMask(_ file: DurableFile) -> Bool {
        var about = stat()
        guard stat(file.path, &about) == 0 else { return true }
        return about.st_mode & S_IFMT != S_IFREG || about.st_size == 0
    }

    private static func names(in directory: String) -> [String] {
        guard let listing = opendir(directory) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.sorted()
    }
}

#endif
