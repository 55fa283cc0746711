// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// One transfer as it is on the books.
package struct StoredTransfer: Sendable, Equatable {
    /// Names it in this store, and is never used again.
    package var id: Int64
    /// As it was begun, without secrets unless its policy keeps them.
    package var intent: TransferIntent
    /// Names of what was withheld of the request: without these it must not be sent (`RequestSecrets.withheld`).
    package var withheld: [String]
    package var checkpoint: TransferCheckpoint
    /// The end, not acknowledged yet.
    package var result: TransferResult?
    /// How often the end was handed out.
    package var deliveries: Int
    package var order: TransferOrder?
    /// While it runs: how far the present attempt is, certain or not.
    package var moved: Int64 = 0

    /// How far it is, as people want to see it.
    package var progress: Int64 {
        checkpoint.state == .running ? max(checkpoint.acknowledged, moved) : checkpoint.acknowledged
    }
}

/// A line of a list: what can be told without reading the request.
package struct TransferSummary: Sendable, Equatable {
    package enum Kind: Int64, Sendable { case upload = 0, download }
    package enum State: Int64, Sendable, CaseIterable { case waiting = 0, running, paused, ended }

    package var id: Int64
    package var session: String
    package var identifier: String
    package var kind: Kind
    package var state: State
    /// While it waits: until when, and what for.
    package var due: WallTime?
    package var reason: WaitReason?
    package var order: TransferOrder?
    package var attempts: Int
    package var deliveries: Int
    package var created: WallTime
    /// Host and port.
    package var host: String
    package var priority: Float
    package var demands: TransferDemands
    package var taskDescription: String?
    package var acknowledged: Int64
    package var total: Int64?
    /// No attempt after.
    package var deadline: WallTime
    /// While it runs: how far the present attempt is, certain or not.
    package var moved: Int64 = 0

    /// How far it is, as people want to see it.
    package var progress: Int64 { state == .running ? max(acknowledged, moved) : acknowledged }
}

/// What a process that is not the owner wants of a transfer; the owner hears the doorbell and obeys.
package enum TransferOrder: Int64, Sendable, CaseIterable { case pause = 1, resume, cancel }

/// What became of one `begin`.
package enum BeginOutcome: Sendable, Equatable {
    case began(StoredTransfer)
    /// It lives already, or its end was not acknowledged yet.
    case attached(StoredTransfer)
    /// Its identifier cannot be used, or lives with another request.
    case refused(TransferFailure)
}

/// What a session has before it.
package struct TransferOutlook: Sendable, Equatable {
    /// The earliest instant of those that wait and that nothing blocks.
    package var ready: WallTime?
    /// The earliest instant of those that the conditions of now block; it may have passed.
    package var blocked: WallTime?
    package var counts: TransferCounts
}

/// How many are in which state.
package struct TransferCounts: Sendable, Equatable {
    package var waiting = 0
    package var running = 0
    package var paused = 0
    package var ended = 0

    package init(waiting: Int = 0, running: Int = 0, paused: Int = 0, ended: Int = 0) {
        self.waiting = waiting
        self.running = running
        self.paused = paused
        self.ended = ended
    }

    package var alive: Int { waiting + running + paused }
}
