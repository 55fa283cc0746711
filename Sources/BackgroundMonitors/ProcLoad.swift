// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import Glibc

/// Reads how busy the machine is from `/proc`.
package struct ProcLoad: Sendable {
    /// Where the kernel's files lie.
    package let root: String
    /// The control group of our own service, whose waiting does not count; nil: this process is in one with others.
    private let ownGroup: @Sendable () -> String?

    /// The group is asked for when the load is.
    package init(root: String = "/proc", ownGroup: @escaping @Sendable @autoclosure () -> String? = nil) {
        self.root = root
        self.ownGroup = ownGroup
    }

    /// The control group of this process, for a service that has one of its own (cgroups(7), version 2).
    package static func groupOfThisProcess(root: String = "/sys/fs/cgroup") -> String? {
        guard let text = try? SmallFile.text(at: "/proc/self/cgroup", limit: 4096) else { return nil }
        return group(text).map { root + $0 }
    }

    /// The path of the group in version 2, from `/proc/self/cgroup`; nil for the root, which is everybody's.
    package static func group(_ text: String) -> String? {
        for line in text.split(separator: "\n") where line.hasPrefix("0::/") {
            let path = line.dropFirst(3)
            return path == "/" || path.split(separator: "/").contains("..") ? nil : String(path)
        }
        return nil
    }

    /// The load, now, judged by what was found `before`.
    package func observe(at now: WallTime, before: SystemLoad?) -> Observed<SystemLoad> {
        var worst: (share: Double, resource: LoadPressure.Resource)?
        let ownGroup = ownGroup()
        for resource in LoadPressure.Resource.allCases {
            // What waits for the disk is mostly a run itself: not counted where it cannot be told apart from others.
            if resource == .io, ownGroup == nil { continue }
            guard let all = read("\(root)/pressure/\(resource.rawValue)").flatMap(LoadPressure.share) else { continue }
            let own = ownGroup.flatMap { read("\($0)/\(resource.rawValue).pressure") }.flatMap(LoadPressure.share) ?? 0
            let share = LoadPressure.ofOthers(all, own: own)
            if share >= worst?.share ?? 0 { worst = (share, resource) }
        }
        if let worst {
            return Observed(
                SystemLoad(level: worst.share, before: before), source: "\(root)/pressure/\(worst.resource.rawValue)",
                at: now)
        }
        let processors = sysconf(CInt(_SC_NPROCESSORS_ONLN))
        let excess = read("\(root)/loadavg").flatMap { LoadPressure.excess(loadAverage: $0, processors: processors) }
        return Observed(
            excess.flatMap { SystemLoad(level: $0, before: before) }, source: "\(root)/loadavg", at: now)
    }

    private func read(_ path: String) -> String? { try? SmallFile.text(at: path, limit: 512) }
}
#endif
