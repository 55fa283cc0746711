// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings
package import TransfersCore

/// How far a transfer is.
package struct TransferProgress: Sendable, Equatable {
    package enum State: Sendable, Equatable {
        case running
        /// Nil: nobody can say until when.
        case waiting(WaitReason, until: WallTime?)
        case ended
    }

    /// Bytes of the file that were sent or received; where another process moves it, about a second ago.
    package var completed: Int64
    package var total: Int64?
    package var state: State

    package init(completed: Int64, total: Int64?, state: State) {
        self.completed = completed
        self.total = total
        self.state = state
    }
}
