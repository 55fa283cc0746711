// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import CBackgroundSystemd
import Glibc
import SchedulingCore
import Synchronization

/// Writes events to the journal of this machine (sd_journal_send(3)).
///
/// A call is one datagram; it waits while journald does not take what others sent before, so it is made on no thread that
/// decides anything.
package final class Journal: Sendable {
    private let program: String
    /// Guards the count of what was written.
    private let rate = Mutex(JournalRate())

    private init(program: String) { self.program = program }

    /// Nil where nobody takes entries. libsystemd itself says nothing then.
    package static func reach(program: String, socket: String = "/run/systemd/journal/socket") -> Journal? {
        access(socket, W_OK) == 0 ? Journal(program: program) : nil
    }

    /// Whether a stream leads to the journal anyway: `$JOURNAL_STREAM` names it by device and inode (systemd.exec(5)).
    package static func isBehind(_ descriptor: Int32, variable: String?) -> Bool {
        var about = stat()
        guard let variable, fstat(descriptor, &about) == 0 else { return false }
        return variable == "\(about.st_dev):\(about.st_ino)"
    }

    /// Writes one event. Best effort.
    package func write(_ event: TaskEvent) {
        for event in rate.withLock({ $0.admit(event) }) {
            Journal.send(JournalEntry(event, program: program))
        }
    }

    /// Values may hold anything, line ends too: libsystemd sends their length.
    @discardableResult
    package static func send(_ entry: JournalEntry) -> Int32 {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        for field in entry.fields {
            bytes += field.name.utf8
            bytes.append(UInt8(ascii: "="))
            bytes += field.value.utf8
            ends.append(bytes.count)
        }
        return bytes.withUnsafeMutableBytes { buffer in
            var start = 0
            let parts = ends.map { end in
                defer { start = end }
                return iovec(iov_base: buffer.baseAddress.map { $0 + start }, iov_len: end - start)
            }
            return sd_journal_sendv(parts, Int32(parts.count))
        }
    }
}

#endif
