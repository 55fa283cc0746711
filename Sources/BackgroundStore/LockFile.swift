// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSystemCalls
import CBackgroundLinux
import Glibc
import SchedulingCore

/// A file whose bytes are locked; nothing is ever written to it, and it is never deleted.
///
/// The locks belong to this opening of the file ("open file description locks", fcntl_locking(2)): two of them exclude
/// each other within one process as well, and they end with the last descriptor of this opening. The descriptor is
/// closed on exec; a child that was forked without exec keeps the locks of a process that died alive.
package struct LockFile: ~Copyable, Sendable {
    private let descriptor: Int32
    private let process = getpid()
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

    deinit {
        // A child of this process that is between fork and exec has the descriptor still: closing alone would not unlock.
        if process == getpid() { _ = cbackground_ofd_unlock(descriptor, 0, 0) }
        closeDescriptor(descriptor)
    }

    /// Locks one byte, and waits for whoever holds it, but not for ever: a process that was stopped keeps its locks.
    ///
    /// - Throws: `storeBusy` when it is held longer than that.
    package func lock(_ byte: Int64, within patience: Duration) throws(SchedulingFailure) {
        var wait = LockWait(patience)
        while systemCall(.lock, path, { cbackground_ofd_lock(descriptor, byte, 1) }) != 0 {
            guard errno == EAGAIN || errno == EACCES else { throw .files("lock", path, errno) }
            guard wait.rest() else { throw wait.failure(path) }
        }
    }

    /// Locks one byte unless another opening holds it.
    package func tryLock(_ byte: Int64) -> Bool {
        systemCall(.lock, path) { cbackground_ofd_lock(descriptor, byte, 1) } == 0
    }

    /// Locks one byte, however long somebody else holds it; for a thread of its own. False when the kernel refuses to wait.
    func wait(_ byte: Int64) -> Bool { cbackground_ofd_wait(descriptor, byte, 1) == 0 }

    package func unlock(_ byte: Int64) { _ = cbackground_ofd_unlock(descriptor, byte, 1) }

    /// Whether another opening holds this byte; one's own lock is not seen. A test that fails counts as held: nobody is
    /// taken for dead without proof.
    package func isLockedElsewhere(_ byte: Int64) -> Bool {
        systemCall(.testLock, path) { cbackground_ofd_is_locked(descriptor, byte, 1) } != 0
    }
}
#endif
