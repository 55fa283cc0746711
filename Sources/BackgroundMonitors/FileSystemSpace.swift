// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import Glibc

/// Tells how much space the file system of a directory has left (statvfs(3)).
package struct FileSystemSpace: Sendable {
    /// A directory on it.
    package let path: String

    package init(path: String) { self.path = path }

    /// What is left, now, judged by what was found `before`.
    package func observe(at now: WallTime, before: StorageSpace?) -> Observed<StorageSpace> {
        var facts = statvfs()
        var result: CInt
        repeat { result = statvfs(path, &facts) } while result != 0 && errno == EINTR
        guard result == 0 else { return Observed(nil, source: "statvfs of \(path): \(SystemError.current())", at: now) }
        let space = FileSystemSpace.space(
            available: UInt64(facts.f_bavail), total: UInt64(facts.f_blocks), unit: UInt64(facts.f_frsize),
            before: before)
        return Observed(space, source: "statvfs of \(path)", at: now)
    }

    /// In units of `unit` bytes, as statvfs(3) counts; nil where that makes no sense.
    package static func space(available: UInt64, total: UInt64, unit: UInt64, before: StorageSpace?) -> StorageSpace? {
        func bytes(_ count: UInt64) -> Int64 {
            let (product, overflow) = count.multipliedReportingOverflow(by: unit)
            return overflow ? .max : Int64(clamping: product)
        }
        return StorageSpace(available: bytes(available), capacity: bytes(total), before: before)
    }
}
#endif
