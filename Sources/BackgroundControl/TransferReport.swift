// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// One transfer, as a line of a list.
package struct TransferReport: Hashable, Sendable, Encodable {
    /// Where it stands.
    package enum State: String, Hashable, Sendable, Encodable {
        /// `waitsFor` says for what.
        case waiting
        case running
        /// The process that moved it is dead; the next one goes on from what is certain.
        case orphaned
        case paused
        /// Its end lies there until the app has taken it.
        case ended
    }

    package var app: String
    package var session: String
    package var id: String
    /// "upload" or "download".
    package var kind: String
    package var state: State
    /// While it waits: what for, and until when; no instant where nobody can tell.
    package var waitsFor: TransferWait?
    package var until: Instant?
    /// What somebody asked for and the app has not done yet: "pause", "resume", "cancel".
    package var asked: String?
    /// "succeeded", "rejected", "failed" or "cancelled".
    package var outcome: String?
    /// Bytes that are certain, and of how many.
    package var completed: Int64 = 0
    package var total: Int64?
    package var fraction: Double?
    /// Attempts since the last progress.
    package var attempts = 0
    /// How often its end was handed to the app.
    package var deliveries = 0
    package var begun: Instant?
    package var host: String?
    package var description: String?
    /// The process that moves the session's transfers.
    package var pid: Int32?

    package init(app: String, session: String, id: String, kind: String, state: State) {
        self.app = app
        self.session = session
        self.id = id
        self.kind = kind
        self.state = state
    }

    package var reference: TransferReference { TransferReference(app: app, session: session, id: id) }
    package var isMoving: Bool { state == .running }

    /// Both as they are certain; what cannot be is shown as what it can.
    package mutating func count(_ completed: Int64, of total: Int64?) {
        self.completed = max(0, completed)
        self.total = total.flatMap { $0 >= 0 ? $0 : nil }
        fraction = self.total.map { $0 == 0 ? 1 : min(1, Double(self.completed) / Double($0)) }
    }
}

/// What a transfer waits for, as the tool tells it.
package enum TransferWait: String, Hashable, Sendable, Encodable {
    case notBefore, turn, retry, serverBusy, network, unmeteredNetwork, externalPower, storage, authorizer, paused
    case otherProcess
    /// No process of the app moves the session: its next launch does.
    case launch

    package init(_ reason: WaitReason) { self = TransferWait(rawValue: reason.rawValue) ?? .turn }
}

/// The transfers of one session in figures.
package struct TransferSessionReport: Hashable, Sendable, Encodable {
    package var app: String
    package var session: String
    /// The process that moves them; nil if none does now.
    package var pid: Int32?
    /// When the app is started for them, as far as that is known.
    package var next: Instant?
    package var waiting = 0
    package var running = 0
    package var paused = 0
    package var ended = 0

    package init(app: String, session: String) {
        self.app = app
        self.session = session
    }
}

/// All transfers that were asked for.
package struct TransfersReport: Hashable, Sendable, Encodable {
    package var transfers: [TransferReport]
    package var sessions: [TransferSessionReport]
    /// The apps whose transfers could not be read.
    package var unreadable: [AppReport]

    package init(transfers: [TransferReport], sessions: [TransferSessionReport], unreadable: [AppReport]) {
        self.transfers = transfers
        self.sessions = sessions
        self.unreadable = unreadable
    }
}
