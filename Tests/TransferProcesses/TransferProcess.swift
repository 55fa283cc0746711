// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundStore
package import BackgroundSurroundings
package import Transfers
package import TransfersCore
import TransfersCurl
package import TransfersStore

/// What one process has of transfers: a world of its own on a state directory that others may share.
package final class TransferProcess: Sendable {
    package let world: TransferWorld
    package let conditions = TestConditions()
    package let wakeups = RecordedWakeups()

    package init(
        _ directory: String, time: any TimeSource = SystemClocks(), identifier: Int32 = 1, isLaunch: Bool = false,
        machine: String = "m", boot: String = "b", engine: (any ExchangeEngine)? = nil,
        log: @escaping @Sendable (String) -> Void = { print("log:", $0) }
    ) {
        let (conditions, wakeups) = (conditions, wakeups)
        world = TransferWorld { () throws(TransferFailure) in
            TransferWorld.Parts(
                time: time, conditions: conditions, wakeups: wakeups, directory: StateDirectory(path: directory),
                machine: machine, boot: boot, processIdentifier: identifier,
                isLaunch: isLaunch,
                makeEngine: { () throws(ExchangeFailure) in
                    if let engine { return engine }
                    return try CurlEngine()
                }, log: log)
        }
    }

    package func session(_ name: String = "s", _ settings: SessionSettings = SessionSettings()) throws
        -> TransferSession
    {
        try TransferSession.named(name, settings, in: world)
    }

    /// As kill -9 does, as far as one process can do it to a part of itself.
    package func die() { world.abandon() }
}

extension TransferSession {
    /// Once nothing of it runs or could run now, and what brings the program back is scheduled.
    package func drained() async {
        await withCheckedContinuation { continuation in whenDrained { continuation.resume() } }
    }

    /// The end of this transfer, acknowledged or not.
    package func end(of identifier: String, acknowledging: Bool = true) async -> (StoredTransfer, TransferResult)? {
        await withCheckedContinuation { (continuation: CheckedContinuation<(StoredTransfer, TransferResult)?, Never>) in
            let isThere = attach(identifier) { stored, result in
                if acknowledging { await self.acknowledge(identifier) }
                continuation.resume(returning: (stored, result))
            }
            if !isThere { continuation.resume(returning: nil) }
        }
    }
}
