// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import BackgroundSystemCalls
import TransfersCore

/// The file that an upload sends.
package enum SourceFile {
    /// Who the file is now: to be noted when the transfer is begun. A link to a file is followed.
    ///
    /// - Throws: `sourceMissing`, `sourceUnreadable`, `sourceIsDirectory`, `sourceIsSpecial`.
    package static func identity(of path: String) throws(TransferFailure) -> SourceIdentity {
        try open(path: path).identity
    }

    /// Opens the file that the transfer was begun with, to be read from its beginning to its end.
    ///
    /// - Throws: also `sourceChanged`: another file has its name now, or its size or time of change is another.
    package static func open(_ identity: SourceIdentity) throws(TransferFailure) -> OpenedFile {
        let (file, now) = try open(path: identity.path)
        if let difference = identity.difference(from: now) { throw .changed(source: identity.path, difference) }
        return file
    }

    /// Whether the file is still the one that the transfer was begun with; asked before each part that is sent, and before
    /// an answer counts.
    package static func judge(_ identity: SourceIdentity) -> SourceJudgement {
        var about = stat()
        if systemCall(.lstat, identity.path, { stat(identity.path, &about) }) != 0 {
            return errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable(errno)
        }
        return identity.difference(from: SourceIdentity(path: identity.path, about)) == nil ? .same : .changed
    }

    /// The first that is not the same says what they all are.
    package static func judge(_ identities: [SourceIdentity]) -> SourceJudgement {
        identities.lazy.map { judge($0) }.first { $0 != .same } ?? .same
    }

    /// Looks before it opens: opening a pipe waits for its other end, and opening a device can do anything.
    static func open(path: String) throws(TransferFailure) -> (file: OpenedFile, identity: SourceIdentity) {
        guard path.hasPrefix("/"), !path.utf8.contains(0) else {
            throw .source(path.isEmpty ? "(no path)" : path, ENOENT)
        }
        var about = stat()
        if systemCall(.lstat, path, { stat(path, &about) }) != 0 { throw .source(path, errno) }
        if about.isFolder { throw .source(path, EISDIR) }
        if !about.isFile { throw .special(source: path) }
        guard let file = OpenedFile.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY) else { throw .source(path, errno) }
        guard let now = file.about() else { throw .source(path, errno) }
        if !now.isFile { throw .special(source: path) }
        adviseSequential(file.descriptor)
        return (file, SourceIdentity(path: path, now))
    }
}

extension SourceIdentity {
    init(path: String, _ about: stat) {
        self.init(
            path: path, device: UInt64(truncatingIfNeeded: about.st_dev),
            inode: UInt64(truncatingIfNeeded: about.st_ino), size: Int64(about.st_size),
            modifiedNanoseconds: about.modified)
    }

    /// In words; nil if it is the same file, unchanged.
    ///
    /// The device's number is not looked at: that of a file system without a disk of its own (overlay, btrfs, NFS) is given out
    /// anew at each mount (stat(2)), so it may be another after a boot.
    func difference(from now: SourceIdentity) -> String? {
        if inode != now.inode { return "another file has its name now" }
        if size != now.size { return "it had \(size) bytes, and has \(now.size) now" }
        if modifiedNanoseconds != now.modifiedNanoseconds { return "it was written to" }
        return nil
    }
}
