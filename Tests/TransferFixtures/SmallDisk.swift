// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import Foundation

/// A small disk in memory, which takes root to mount; gone with its last reference.
package final class SmallDisk: Sendable {
    package let path: String

    /// - Parameters:
    ///   - kibibytes: how much it holds.
    ///   - inodes: how many files and folders it holds, its own root among them.
    package init(kibibytes: Int = 1024, inodes: Int = 20) throws {
        path = "/tmp/transfers-disk-\(UUID().uuidString)"
        guard mkdir(path, 0o700) == 0,
            mount("tmpfs", path, "tmpfs", 0, "size=\(kibibytes)k,nr_inodes=\(inodes),mode=700") == 0
        else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
    }

    deinit {
        umount2(path, Int32(MNT_DETACH))
        rmdir(path)
    }

    package static func / (disk: SmallDisk, name: String) -> String { disk.path + "/" + name }

    package var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }

    /// Makes it another size, or read-only.
    package func remount(kibibytes: Int, isReadOnly: Bool = false) throws {
        let flags = MS_REMOUNT | (isReadOnly ? MS_RDONLY : 0)
        guard mount("tmpfs", path, "tmpfs", UInt(flags), "size=\(kibibytes)k") == 0 else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
    }

    /// Writes into a file until no byte more goes in, or so much has.
    package func fill(_ name: String = "filler", kibibytes: Int = .max) throws {
        let descriptor = open(self / name, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        defer { close(descriptor) }
        let page = [UInt8](repeating: 0, count: 4096)
        var written = 0
        while written / 1024 < kibibytes, write(descriptor, page, page.count) > 0 { written += page.count }
    }

    package func makeRoom(_ name: String = "filler") { unlink(self / name) }

    /// Whether this process may mount one.
    package static let isPossible: Bool = {
        guard geteuid() == 0 else { return false }
        return (try? SmallDisk()) != nil
    }()
}
