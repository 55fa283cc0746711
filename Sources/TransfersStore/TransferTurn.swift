// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import TransfersCore

/// What a session has to write at one time: one commit.
package struct TransferTurn: Sendable {
    package struct End: Sendable {
        package var id: Int64
        package var result: TransferResult
        /// Handlers are called with it as soon as it is on the books: that counts as a delivery.
        package var isDelivered: Bool

        package init(id: Int64, result: TransferResult, isDelivered: Bool = false) {
            (self.id, self.result, self.isDelivered) = (id, result, isDelivered)
        }
    }

    package var checkpoints: [(id: Int64, checkpoint: TransferCheckpoint)] = []
    package var ends: [End] = []
    /// Ends that somebody has taken care of: their rows go.
    package var acknowledged: [Int64] = []

    package init(ends: [End] = []) { self.ends = ends }

    package var isEmpty: Bool { checkpoints.isEmpty && ends.isEmpty && acknowledged.isEmpty }
}
