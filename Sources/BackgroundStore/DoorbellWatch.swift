// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSystemCalls
import Dispatch
import Glibc

/// A running watch on a doorbell (inotify(7)); it ends with its last reference, or by `stop()`.
///
/// A ring is heard at once, those that come close behind it a little later, as one; one's own are heard too.
package final class DoorbellWatch: DoorbellHearing {
    /// Unsafe only to the compiler: Dispatch objects may be used on any thread (dispatch(3)).
    private nonisolated(unsafe) let source: any DispatchSourceRead
    /// Between two that are heard, in microseconds: who commits very often wakes itself and others no oftener.
    private static let pause: UInt32 = 10_000

    /// Nil where inotify cannot be had: not in the kernel, or the user's limit of instances is used up.
    package init?(path: String, onRing: @escaping @Sendable () -> Void) {
        let descriptor = systemCall(.inotifyInit, path) { inotify_init1(Int32(IN_NONBLOCK | IN_CLOEXEC)) }
        guard descriptor >= 0 else { return nil }
        let watched = systemCall(.inotifyAddWatch, path) {
            inotify_add_watch(descriptor, path, UInt32(IN_CLOSE_NOWRITE | IN_ATTRIB | IN_MODIFY))
        }
        guard watched >= 0 else {
            closeDescriptor(descriptor)
            return nil
        }
        source = DispatchSource.makeReadSource(
            fileDescriptor: descriptor, queue: DispatchQueue(label: "background.doorbell"))
        source.setEventHandler {
            drain(descriptor)
            onRing()
            // This thread serves nothing else. What rings meanwhile is heard after it.
            usleep(Self.pause)
        }
        source.setCancelHandler { closeDescriptor(descriptor) }
        source.resume()
    }

    deinit { source.cancel() }

    /// Ends it; a ring that is being told meanwhile may still arrive.
    package func stop() { source.cancel() }
}

/// Reads away what inotify queued; what it says is of no interest.
private func drain(_ descriptor: Int32) {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { buffer in
        while read(descriptor, buffer.baseAddress, buffer.count) > 0 {}
    }
}
#endif
