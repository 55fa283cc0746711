// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSystemCalls
import Glibc
import SchedulingCore

/// One small file that is there whole or not at all: a unit file, a marker.
package struct DurableFile: Hashable, Sendable {
    package let directory: String
    package let name: String

    package var path: String { directory + "/" + name }

    package init(directory: String, name: String) {
        self.directory = directory
        self.name = name
    }

    /// Nil for a path without a directory.
    package init?(path: String) {
        guard path.hasPrefix("/"), let slash = path.lastIndex(of: "/") else { return nil }
        directory = String(path[..<slash])
        name = String(path[path.index(after: slash)...])
    }

    package var exists: Bool { systemCall(.access, path) { access(path, F_OK) } == 0 }

    package var isLink: Bool {
        var about = stat()
        return systemCall(.lstat, path) { lstat(path, &about) } == 0 && about.st_mode & S_IFMT == S_IFLNK
    }

    /// The text; nil if it is missing, unreadable, longer than 2 MiB or no UTF-8.
    package func read() -> String? {
        let opened = systemCall(.open, path, retrying: true) {
            open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
        }
        guard opened >= 0 else { return nil }
        let file = OwnedDescriptor(opened)
        var bytes: [UInt8] = []
        let read = withUnsafeTemporaryAllocation(byteCount: 16_384, alignment: 1) { buffer -> Int in
            while bytes.count <= 2 << 20 {
                let count = systemCall(.read, path, retrying: true) {
                    Glibc.read(file.number, buffer.baseAddress, buffer.count)
                }
                if count <= 0 { return count }
                bytes.append(contentsOf: buffer[..<count])
            }
            return -1
        }
        return read == 0 ? String(validating: bytes, as: UTF8.self) : nil
    }

    /// Writes the file anew: a temporary one in the same directory, made durable, renamed over the old one, and the
    /// directory made durable (rename(2), fsync(2)). Missing directories are made with `directoryMode`.
    package func replace(with text: String, mode: mode_t, directoryMode: mode_t) throws(SchedulingFailure) {
        try makeDirectories(mode: directoryMode)
        // The file's own name may be as long as a name can be; this one has no unit's suffix.
        let temporary = directory + "/.swift-background-" + String(UInt64.random(in: .min ... .max), radix: 16)
        let opened = systemCall(.open, temporary, retrying: true) {
            open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        }
        guard opened >= 0 else { throw failure("create a file beside", errno) }
        let file = OwnedDescriptor(opened)
        do throws(SchedulingFailure) {
            try write(text, to: file.number)
            // The umask may have taken bits away, and the manager must be able to read it.
            guard systemCall(.fchmod, path, { fchmod(file.number, mode) }) == 0 else {
                throw failure("set the mode of", errno)
            }
            guard systemCall(.fsync, path, retrying: true, { fsync(file.number) }) == 0 else {
                throw failure("make durable", errno)
            }
            guard systemCall(.rename, path, { rename(temporary, path) }) == 0 else {
                throw failure("rename over", errno)
            }
        } catch {
            _ = systemCall(.unlink, temporary) { unlink(temporary) }
            throw error
        }
        try syncDirectory(directory)
    }

    /// Removes the file; one that is missing is no error.
    package func remove() throws(SchedulingFailure) {
        guard systemCall(.unlink, path, { unlink(path) }) == 0 else {
            if errno == ENOENT || errno == ENOTDIR { return }
            throw failure("remove", errno)
        }
        try syncDirectory(directory)
    }

    private func write(_ text: String, to number: Int32) throws(SchedulingFailure) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = systemCall(.write, path, retrying: true) {
                bytes.withUnsafeBytes {
                    Glibc.write(number, $0.baseAddress?.advanced(by: written), $0.count - written)
                }
            }
            guard count > 0 else { throw failure("write", errno) }
            written += count
        }
    }

    private func makeDirectories(mode: mode_t) throws(SchedulingFailure) {
        guard systemCall(.access, directory, { access(directory, F_OK) }) != 0 else { return }
        var parent = ""
        for component in directory.split(separator: "/") {
            let made = parent + "/" + component
            if systemCall(.mkdir, made, { mkdir(made, mode) }) == 0 {
                try syncDirectory(parent.isEmpty ? "/" : parent)
            } else {
                // Kept: the look changes it. One that is there may be where nothing can be made.
                let error = errno
                guard error == EEXIST || systemCall(.access, made, { access(made, F_OK) }) == 0 else {
                    throw failure("make the directory of", error)
                }
            }
            parent = made
        }
    }

    private func syncDirectory(_ path: String) throws(SchedulingFailure) {
        let opened = systemCall(.open, path, retrying: true) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard opened >= 0 else { throw failure("open the directory of", errno) }
        let directory = OwnedDescriptor(opened)
        // Some file systems cannot fsync a directory and say EINVAL; there is nothing more to do on them.
        guard systemCall(.fsync, path, retrying: true, { fsync(directory.number) }) == 0 || errno == EINVAL else {
            throw failure("make durable", errno)
        }
    }

    private func failure(_ doing: String, _ number: Int32) -> SchedulingFailure {
        let full = number == ENOSPC || number == EDQUOT
        return SchedulingFailure(
            full ? .diskFull : .stateUnusable, doing: doing, subject: path, cause: BusError.text(of: number),
            remedy: full ? "Free some space." : "Make its directory writable for this user.")
    }
}

#endif
