// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import Glibc

/// What identifies this machine, this boot and this process.
package struct HostFacts: Hashable, Sendable {
    /// The machine's identity (machine-id(5)); empty where there is none.
    package var machineID: String
    /// The boot's identity (random(4), `boot_id`); empty where there is none.
    package var bootID: String
    package var processID: Int32
    package var userID: UInt32
    /// The absolute path of this program's file; empty where it cannot be told.
    package var executablePath: String

    /// Reads them all, now.
    package static func current() -> HostFacts {
        let link = linkTarget("/proc/self/exe")
        let path = executablePath(link: link) { isSameFile($0, "/proc/self/exe") }
        return HostFacts(
            machineID: machineID(at: "/etc/machine-id"),
            bootID: (try? SmallFile.text(at: "/proc/sys/kernel/random/boot_id", limit: 64)) ?? "",
            processID: getpid(), userID: getuid(), executablePath: path)
    }

    /// machine-id(5): during the first boot the file may say "uninitialized", which identifies nothing.
    package static func machineID(at path: String) -> String {
        let text = (try? SmallFile.text(at: path, limit: 64)) ?? ""
        return text == "uninitialized" ? "" : text
    }

    /// The path that /proc/self/exe shows, without the mark of a deleted file.
    ///
    /// proc_pid_exe(5): "If the pathname has been unlinked, the symbolic link will contain the string ' (deleted)'
    /// appended to the original pathname." A file may really be called so: then it is the one that runs.
    package static func executablePath(link: String, isRunning: (String) -> Bool) -> String {
        let mark = " (deleted)"
        guard link.hasSuffix(mark), !isRunning(link) else { return link }
        return String(link.dropLast(mark.count))
    }

    private static func linkTarget(_ path: String) -> String {
        // readlink(2) does not terminate the text and says nothing when it cuts it, so a full buffer is one too small.
        var size = 4096
        while size <= 65536 {
            var length = 0
            let text = String(unsafeUninitializedCapacity: size) { bytes in
                length = bytes.withMemoryRebound(to: CChar.self) {
                    $0.baseAddress.map { readlink(path, $0, size) } ?? -1
                }
                return max(0, length)
            }
            if length < size { return text }
            size *= 2
        }
        return ""
    }

    private static func isSameFile(_ one: String, _ other: String) -> Bool {
        var first = stat()
        var second = stat()
        guard stat(one, &first) == 0, stat(other, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }
}
#endif
