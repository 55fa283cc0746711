// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundStore
package import BackgroundSurroundings
import Synchronization
package import TransfersCore

/// What sessions of transfers work with that is not their own, and the sessions of this process by name.
package final class TransferWorld: Sendable {
    package struct Parts: Sendable {
        package var time: any TimeSource
        package var conditions: any ConditionsSource
        package var wakeups: any TransferWakeups
        package var directory: StateDirectory
        package var machine: String
        package var boot: String
        package var processIdentifier: Int32
        /// Made when the first exchange begins.
        package var makeEngine: @Sendable () throws(ExchangeFailure) -> any ExchangeEngine
        package var log: @Sendable (String) -> Void

        package init(
            time: any TimeSource, conditions: any ConditionsSource, wakeups: any TransferWakeups,
            directory: StateDirectory, machine: String, boot: String, processIdentifier: Int32,
            makeEngine: @escaping @Sendable () throws(ExchangeFailure) -> any ExchangeEngine,
            log: @escaping @Sendable (String) -> Void
        ) {
            self.time = time
            self.conditions = conditions
            self.wakeups = wakeups
            self.directory = directory
            self.machine = machine
            self.boot = boot
            self.processIdentifier = processIdentifier
            self.makeEngine = makeEngine
            self.log = log
        }
    }

    private let make: @Sendable () throws(TransferFailure) -> Parts
    package init(_ make: @escaping @Sendable () throws(TransferFailure) -> Parts) { self.make = make }

    /// The real one: composed of `TaskScheduler.shared`.
    package static let shared = TransferWorld { () throws(TransferFailure) in
        throw TransferFailure(
            .storage, doing: "Opening", subject: "transfers", cause: "not composed yet", remedy: "Wait.")
    }
}
