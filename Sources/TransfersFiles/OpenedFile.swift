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

/// A file that is open; it is closed with its last reference.
package final class OpenedFile: OpenFile {
    package let descriptor: Int32
    package let path: String

    init(_ descriptor: Int32, _ path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit { closeDescriptor(descriptor) }

    /// Nil with errno. Never inherited by a program that is started.
    static func open(_ path: String, _ flags: Int32, mode: mode_t = 0) -> OpenedFile? {
        let descriptor = systemCall(.open, path, retrying: true) { kernelOpen(path, flags | O_CLOEXEC, mode) }
        return descriptor < 0 ? nil : OpenedFile(descriptor, path)
    }

    /// What is open under this descriptor; nil with errno.
    func about() -> stat? {
        var about = stat()
        return systemCall(.fstat, path) { fstat(descriptor, &about) } == 0 ? about : nil
    }

    /// Its bytes are on stable storage; what of its inode only people read may be not (fdatasync(2)).
    func synchronizeData() -> Bool { systemCall(.fdatasync, path, retrying: true) { fdatasync(descriptor) } == 0 }
}

/// The method above has the name of the call.
private func kernelOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }

/// What has this name, a link itself; nil with errno.
func lookAt(_ path: String) -> stat? {
    var about = stat()
    return systemCall(.lstat, path) { lstat(path, &about) } == 0 ? about : nil
}

/// Makes a folder's entries durable (fsync(2)); nothing on file systems that cannot.
///
/// - Returns: 0 or errno.
func synchronizeFolder(_ path: String) -> Int32 {
    guard let folder = OpenedFile.open(path, O_RDONLY | O_DIRECTORY) else { return errno }
    let result = systemCall(.fsync, path, retrying: true) { fsync(folder.descriptor) }
    return result == 0 || errno == EINVAL || errno == ENOTSUP ? 0 : errno
}

/// The folder that an absolute path names its entry in.
func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
}

extension stat {
    var isFile: Bool { st_mode & S_IFMT == S_IFREG }
    var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
    var isLink: Bool { st_mode & S_IFMT == S_IFLNK }
}
