// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CTransferCurl
import Dispatch
internal import TransfersCore

/// Brings what was written onto stable storage, beside the engine's thread: a slow disk holds up no connection.
final class Synchronizer: Sendable {
    private let inbox: EngineInbox
    private let queue = DispatchQueue(label: "transfers.sync")

    init(inbox: EngineInbox) {
        self.inbox = inbox
    }

    /// Everything below `offset` has been written before; the answer comes as `.synced`.
    func sync(_ file: any OpenFile, upTo offset: Int64, for key: UInt64) {
        queue.async { [inbox] in
            var microseconds: Int64 = 0
            let number = ctransfer_sync(file.descriptor, &microseconds)
            _ = inbox.post(.synced(key, offset: offset, number: number, microseconds: microseconds))
        }
    }

    /// Returns when all that was asked for is done.
    func finish() {
        queue.sync {}
    }
}
