// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
import SchedulingCore

/// A bounded wait for a lock that another process holds: it rests ever longer between two tries.
///
/// The kernel's own waiting call has no end (fcntl_locking(2), F_OFD_SETLKW), and a signal that ends it would be the whole
/// process'. No clock is read: the rests are added up, so that time in which this process was stopped does not count.
package struct LockWait {
    private static let longest = 5_000

    private let patience: Int64
    private var waited: Int64 = 0
    /// Microseconds. Whoever holds such a lock is mostly done within one.
    private var pause = 100

    init(_ patience: Duration) { self.patience = patience.clampedMicroseconds }

    /// Rests before the next try; false when patience is at its end.
    mutating func rest() -> Bool {
        guard waited < patience else { return false }
        var time = timespec()
        time.tv_nsec = pause * 1_000
        // A signal ends the rest early, and then there are more tries at the most.
        _ = pselect(0, nil, nil, nil, &time, nil)
        waited += Int64(pause)
        pause = min(pause * 2, Self.longest)
        return true
    }

    func failure(_ path: String) -> SchedulingFailure {
        SchedulingFailure(
            .storeBusy, doing: "lock", subject: path,
            cause: "another process holds it since \(Double(patience) / 1_000_000) s; it is stopped, or hangs",
            remedy: "Find it with `fuser \"\(path)\"`, and continue or end it (kill -CONT, kill -KILL).")
    }
}
