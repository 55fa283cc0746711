// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// Where a transfer stands: what a later process needs to go on, rewritten as it goes.
package struct TransferCheckpoint: Sendable, Equatable, Codable {
    package enum State: Sendable, Equatable, Codable {
        /// It may run from this instant on; `reason` says what it waits for.
        case waiting(until: WallTime, reason: WaitReason)
        /// An engine has it. Found so by a new owner, it was interrupted.
        case running
        case paused
        /// The end is in the outbox (`TransferResult`).
        case ended
    }

    package var state: State
    /// Attempts since the last progress.
    package var attempts = 0
    /// Upload: the server's offset. Download: the length that is on stable storage.
    package var acknowledged: Int64 = 0
    package var total: Int64?
    /// A cut does not begin it anew; nil while nobody knows.
    package var isResumable: Bool?
    /// What only the machine of this kind reads: upload URL, validators, parts.
    package var position: [UInt8] = []

    package init(state: State) {
        self.state = state
    }
}

/// The end of a transfer, kept until it was acknowledged.
package struct TransferResult: Sendable, Equatable, Codable {
    package enum Outcome: Sendable, Equatable, Codable {
        case succeeded
        /// The server's last word, and it is no success.
        case rejected
        case failed(TransferFailure)
        case cancelled
    }

    package var outcome: Outcome
    package var head: ResponseHead?
    /// Up to 64 KiB of the answer's body.
    package var body: [UInt8] = []
    /// Where the downloaded file is.
    package var file: String?
    package var ended: WallTime

    package init(_ outcome: Outcome, head: ResponseHead? = nil, ended: WallTime) {
        self.outcome = outcome
        self.head = head
        self.ended = ended
    }
}
