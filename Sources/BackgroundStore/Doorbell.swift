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

/// A file that is opened for reading and closed after each commit that others may care about (inotify(7),
/// "IN_CLOSE_NOWRITE"). It holds nothing, so a full disk does not silence it.
///
/// Its times stay as they are: an inode that changed costs the next commit a journal of the file system, which is a third
/// of a commit's time.
package struct Doorbell: ~Copyable, Sendable {
    private let descriptor: Int32
    package let path: String

    package init(_ path: String) throws(SchedulingFailure) {
        self.path = path
        descriptor = try openPrivateFile(path)
    }

    deinit { closeDescriptor(descriptor) }

    /// Rings. Best effort: who does not hear it asks the store again in time.
    package func ring() {
        let answer = systemCall(.ring, path) {
            let reading = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            return reading < 0 ? -1 : close(reading)
        }
        // Out of descriptors: its times are heard as well.
        if answer < 0 { _ = systemCall(.futimens, path) { futimens(descriptor, nil) } }
    }
}
