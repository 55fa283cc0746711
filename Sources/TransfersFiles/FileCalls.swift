// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSystemCalls
import CBackgroundLinux
import Glibc

// What the kernel offers for files beyond POSIX.

/// Reserves the space up to this length, and leaves the length; 0, errno, or ENOTSUP where a file system cannot.
func reserve(_ file: OpenedFile, _ length: Int64) -> Int32 {
    let result = systemCall(.fallocate, file.path, retrying: true) { cbackground_reserve(file.descriptor, length) }
    if result == 0 { return 0 }
    return [EOPNOTSUPP, EINVAL, ENOSYS].contains(errno) ? ENOTSUP : errno
}

/// Whether the file could become so long, as far as anybody can tell: 0, ENOSPC, EFBIG, or ENOTSUP.
func lookForRoom(_ file: OpenedFile, _ length: Int64) -> Int32 {
    let result = systemCall(.statfs, file.path, retrying: true) { cbackground_look_for_room(file.descriptor, length) }
    return result == 0 ? 0 : [ENOSPC, EFBIG].contains(errno) ? errno : ENOTSUP
}

/// The target shares the source's blocks; false where the file system cannot, or they lie on two.
func clone(_ source: OpenedFile, to target: OpenedFile) -> Bool {
    systemCall(.cloneFile, target.path) { cbackground_clone_file(target.descriptor, source.descriptor) } == 0
}

/// Copies from one position to the other, without the bytes coming by here; -1 with errno.
func copyRange(_ source: OpenedFile, to target: OpenedFile, _ length: Int) -> Int {
    systemCall(.copyRange, target.path, retrying: true) {
        cbackground_copy_range(source.descriptor, target.descriptor, UInt(length))
    }
}

/// Gives the file a name that nobody has; -1 with errno.
func renameNew(_ path: String, to name: String) -> Int32 {
    systemCall(.renameNew, name) { cbackground_rename_new(path, name) }
}

/// What was written begins its way to the disk.
func sendAhead(_ descriptor: Int32) { cbackground_send_ahead(descriptor) }

/// A hint: reading ahead pays (posix_fadvise(2)).
func adviseSequential(_ descriptor: Int32) { _ = posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL) }

extension stat {
    var modified: Int64 {
        let (nanoseconds, overflow) = Int64(st_mtim.tv_sec).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : nanoseconds &+ Int64(st_mtim.tv_nsec)
    }
}
#endif
