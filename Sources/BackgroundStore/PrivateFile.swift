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
import SchedulingCore

extension SchedulingFailure {
    /// A system call on a file of the state directory that failed.
    package static func files(_ doing: String, _ path: String, _ error: Int32) -> SchedulingFailure {
        let words = String(cString: strerror(error))
        switch error {
        case ENOSPC, EDQUOT:
            return SchedulingFailure(
                .diskFull, doing: doing, subject: path, cause: words, remedy: "Free some space, then try again.")
        case EROFS:
            return SchedulingFailure(
                .stateUnusable, doing: doing, subject: path, cause: words,
                remedy: "Choose a state directory on a file system that can be written.")
        case EACCES, EPERM:
            return SchedulingFailure(
                .stateUnusable, doing: doing, subject: path, cause: words,
                remedy: "Give this user write access, or choose another state directory.")
        case ELOOP:
            return SchedulingFailure(
                .stateUnusable, doing: doing, subject: path, cause: "it is a symbolic link",
                remedy: "Remove the link; files of the state directory are never followed elsewhere.")
        default:
            return SchedulingFailure(
                .stateUnusable, doing: doing, subject: path, cause: words,
                remedy: "Look at the path and its parents, or choose another state directory.")
        }
    }
}

/// Opens a file that is there for reading and writing, never through a symbolic link; nil if that cannot be.
package func openFile(existing path: String) -> Int32? {
    let descriptor = systemCall(.open, path, retrying: true) { open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW) }
    return descriptor < 0 ? nil : descriptor
}

/// Opens a file for reading and writing, made with mode 0600 when missing; never through a symbolic link.
package func openPrivateFile(_ path: String, alsoFlags: Int32 = 0) throws(SchedulingFailure) -> Int32 {
    let descriptor = systemCall(.open, path, retrying: true) {
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | alsoFlags, 0o600)
    }
    guard descriptor >= 0 else { throw .files("open", path, errno) }
    return descriptor
}

/// Makes a directory with mode 0700 when it is missing, durably; its parent is there. A symbolic link is refused.
package func makePrivateDirectory(_ path: String) throws(SchedulingFailure) {
    if systemCall(.mkdir, path, { mkdir(path, 0o700) }) == 0 {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return }
        return try synchronizeDirectory(slash == path.startIndex ? "/" : String(path[..<slash]))
    }
    guard errno == EEXIST else { throw .files("make the folder", path, errno) }
    var about = stat()
    guard systemCall(.lstat, path, { lstat(path, &about) }) == 0 else {
        throw .files("look at the folder", path, errno)
    }
    guard about.st_mode & S_IFMT == S_IFDIR else {
        throw .files("use the folder", path, about.st_mode & S_IFMT == S_IFLNK ? ELOOP : ENOTDIR)
    }
}

/// Makes a directory's entries durable (fsync(2): "calling fsync() does not necessarily ensure that the entry in the
/// directory containing the file has also reached disk").
package func synchronizeDirectory(_ path: String) throws(SchedulingFailure) {
    let descriptor = systemCall(.open, path, retrying: true) { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
    guard descriptor >= 0 else { throw .files("open", path, errno) }
    defer { closeDescriptor(descriptor) }
    guard systemCall(.fsync, path, retrying: true, { fsync(descriptor) }) == 0 else {
        throw .files("synchronize", path, errno)
    }
}
