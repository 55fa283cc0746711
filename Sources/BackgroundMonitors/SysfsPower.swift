// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import Glibc

/// Reads the power supplies that the kernel lists (sysfs(5)).
package struct SysfsPower: Sendable {
    /// The folder with one folder for each supply.
    package let root: String

    package init(root: String = "/sys/class/power_supply") {
        self.root = root
    }

    /// More supplies than this are not read: no machine has them.
    private static let maxSupplies = 64

    /// Where power comes from, now.
    package func observe(at now: WallTime) -> Observed<PowerSource> {
        switch supplies() {
        case .success(let supplies):
            let (power, why) = PowerSupply.judge(supplies)
            return Observed(power, source: "\(root): \(why)", at: now)
        case .failure(let error) where error.number == ENOENT && exists(parent):
            // A kernel without the class of power supplies: a container's, a virtual machine's.
            return Observed(.external, source: "\(root): no battery", at: now)
        case .failure(let error):
            return Observed(nil, source: "\(root): \(error)", at: now)
        }
    }

    /// How full the batteries are, now.
    package func charge() -> (report: BatteryReport?, source: String) {
        switch supplies() {
        case .success(let supplies):
            let (report, why) = PowerSupply.charge(supplies)
            return (report, "\(root): \(why)")
        case .failure(let error) where error.number == ENOENT && exists(parent):
            return (BatteryReport(level: nil), "\(root): no battery")
        case .failure(let error): return (nil, "\(root): \(error)")
        }
    }

    private func supplies() -> Result<[PowerSupply], SystemError> {
        guard let folder = opendir(root) else { return .failure(.current()) }
        defer { closedir(folder) }
        var names: [String] = []
        while names.count < Self.maxSupplies, let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return .success(names.sorted().map(supply))
    }

    private func supply(_ name: String) -> PowerSupply {
        func property(_ property: String) -> String? {
            try? SmallFile.text(at: "\(root)/\(name)/\(property)", limit: 64)
        }
        return PowerSupply(
            name: name, type: property("type"), scope: property("scope"), online: property("online"),
            status: property("status"), present: property("present"), capacity: property("capacity"),
            capacityLevel: property("capacity_level"))
    }

    private var parent: String {
        let path = root.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return path.isEmpty ? "/" : path
    }

    private func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
#endif
