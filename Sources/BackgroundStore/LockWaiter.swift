// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import Dispatch
import SchedulingCore
import Synchronization

/// Waits for a lock as long as somebody else holds it, on a thread of its own that sleeps in the kernel.
///
/// No watch on files does that: inotify tells of the last close before the kernel lets the locks go, and whoever is told
/// would have to ask again and again. The kernel's waiting call cannot be ended from outside, so a cancelled wait sleeps
/// on, and lets go what it gets; it costs a thread that does nothing.
package final class LockWaiter: Sendable {
    private struct State: ~Copyable {
        var file: LockFile?
        var onLocked: (@Sendable (consuming LockFile) -> Void)?
    }
    /// Guards itself; the file is taken out by the thread that waits.
    private let state: Mutex<State>
    private let byte: Int64

    /// - Parameter onLocked: called once, on the thread, with the opening that holds the lock.
    package init(
        path: String, byte: Int64, onLocked: @escaping @Sendable (consuming LockFile) -> Void
    ) throws(SchedulingFailure) {
        self.byte = byte
        state = Mutex(State(file: try LockFile(path), onLocked: onLocked))
        startThread()
    }

    /// `onLocked` is not called any more, unless it is being called just now.
    package func cancel() { state.withLock { $0.onLocked = nil } }

    private func wait() {
        guard let file = state.withLock({ $0.file.take() }) else { return }
        while !file.wait(byte) {
            // Out of locks (fcntl_locking(2), ENOLCK): later.
            var second = timespec(tv_sec: 1, tv_nsec: 0)
            _ = pselect(0, nil, nil, nil, &second, nil)
        }
        guard let onLocked = state.withLock({ $0.onLocked.take() }) else { return }
        onLocked(file)
    }

    private func startThread() {
        let itself = Unmanaged.passRetained(self)
        var thread = pthread_t()
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
        // The program's signals belong to the program's threads; a thread begins with its maker's mask.
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        let result = pthread_create(
            &thread, &attributes,
            { context in
                guard let context else { return nil }
                Unmanaged<LockWaiter>.fromOpaque(context).takeRetainedValue().wait()
                return nil
            }, itself.toOpaque())
        pthread_sigmask(SIG_SETMASK, &before, nil)
        pthread_attr_destroy(&attributes)
        guard result != 0 else { return }
        itself.release()
        // No thread to be had now. Dispatch tries until there is one.
        DispatchQueue(label: "background.lock").async { self.wait() }
    }
}
