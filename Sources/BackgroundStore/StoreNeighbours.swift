// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

/// A running watch on a doorbell; it ends with its last reference, or by `stop()`.
package protocol DoorbellHearing: AnyObject, Sendable {
    func stop()
}

/// What a store does towards other processes beside its database, where a simulation stands in for the kernel.
///
/// All simulated processes share one thread: nobody may wait for another, and rings arrive when the simulation says so.
package protocol StoreNeighbours: Sendable {
    /// A commit is done.
    func committed()
    func ring()
    func watch(_ onRing: @escaping @Sendable () -> Void) -> (any DoorbellHearing)?
    /// Another process holds this lock: what is thrown instead of waiting for it.
    func cannotWait(for path: String) -> SchedulingFailure
}
