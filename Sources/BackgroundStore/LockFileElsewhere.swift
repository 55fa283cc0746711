// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if !os(Linux)
import BackgroundSystemCalls
import Darwin
import SchedulingCore

/// A file whose bytes are locked, where there are no open file description locks.
///
/// The locks are the process': they exclude other processes, but not a second opening in this one (fcntl(2), F_SETLK).
package struct LockFile: ~Copyable, Sendable {
    private let descriptor: Int32
    package let path: String

    package init(_ path: String) throws(SchedulingFailure) {
        self.path = path
        descriptor = try openPrivateFile(path)
    }

    /// One that is there; nil if it is not, or cannot be opened.
    package init?(existing path: String) {
        self.path = path
        guard let opened = openFile(existing: path) else { return nil }
        descriptor = opened
    }

    deinit { closeDescriptor(descriptor) }

    private func apply(_ command: Int32, _ type: Int32, _ byte: Int64) -> flock? {
        var lock = flock()
        lock.l_type = Int16(type)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = byte
        lock.l_len = 1
        return fcntl(descriptor, command, &lock) == 0 ? lock : nil
    }

    package func lock(_ byte: Int64, within patience: Duration) throws(SchedulingFailure) {
        var wait = LockWait(patience)
        while apply(F_SETLK, F_WRLCK, byte) == nil {
            guard errno == EAGAIN || errno == EACCES || errno == EINTR else { throw .files("lock", path, errno) }
            guard wait.rest() else { throw wait.failure(path) }
        }
    }

    package func tryLock(_ byte: Int64) -> Bool { apply(F_SETLK, F_WRLCK, byte) != nil }

    func wait(_ byte: Int64) -> Bool { apply(F_SETLKW, F_WRLCK, byte) != nil }

    package func unlock(_ byte: Int64) { _ = apply(F_SETLK, F_UNLCK, byte) }

    package func isLockedElsewhere(_ byte: Int64) -> Bool {
        apply(F_GETLK, F_WRLCK, byte).map { $0.l_type != Int16(F_UNLCK) } ?? true
    }
}
#endif
