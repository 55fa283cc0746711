// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
import Foundation
import SchedulingRuntime
public import TransfersCore
internal import TransfersStore

/// How a transfer stands, as the store has it now.
public struct TransferStatus: Sendable, Hashable {
    /// Which way the bytes go.
    public enum Kind: Sendable, Hashable {
        /// To the server.
        case upload
        /// From it.
        case download
    }

    /// What it does now.
    public enum State: Sendable, Hashable {
        /// Bytes may flow, here or in another process.
        case running
        /// It waits for this; nil: nobody can say until when.
        case waiting(WaitReason, until: Date?)
        /// Until it is resumed.
        case paused
        /// Its end is there and was not acknowledged yet: no handler has returned from it.
        case ended
    }

    /// A reading of how far it is.
    public struct Progress: Sendable, Hashable {
        /// Bytes of the file that were sent or received; of a transfer in another process, about a second ago.
        public let completedBytes: Int64
        /// Nil while nobody knows.
        public let totalBytes: Int64?
        /// Over the last seconds; nil while nothing flows, or of a first reading.
        public let bytesPerSecond: Double?
        /// What it does now.
        public let state: State

        /// 0 to 1; 0 while the total is unknown.
        public var fractionCompleted: Double {
            guard let totalBytes else { return 0 }
            if totalBytes <= 0 { return state == .ended ? 1 : 0 }
            return min(1, Double(completedBytes) / Double(totalBytes))
        }
    }

    /// The caller's own name for it.
    public let identifier: String
    /// Which way the bytes go.
    public let kind: Kind
    /// What it does now; why it waits, and until when.
    public let state: State
    /// Bytes that are certain: the server has them, or they are on stable storage here.
    public let completedBytes: Int64
    /// Bytes that the present attempt has sent or received, certain or not; else as ``completedBytes``. Of a transfer in another
    /// process, about a second old.
    public let movedBytes: Int64
    /// Nil while nobody knows.
    public let totalBytes: Int64?
    /// Attempts since the last progress.
    public let attempts: Int
    /// Host and port.
    public let host: String
    /// 0 to 1.
    public let priority: Float
    /// When it was begun.
    public let begun: Date
    /// `URLSessionTask.taskDescription` as it was left by `prepareTask`.
    public let taskDescription: String?

    init(_ line: TransferSummary) {
        identifier = line.identifier
        kind = line.kind == .upload ? .upload : .download
        state = State(line)
        completedBytes = line.acknowledged
        movedBytes = line.progress
        totalBytes = line.total
        attempts = line.attempts
        host = line.host
        priority = line.priority
        begun = Date(line.created)
        taskDescription = line.taskDescription
    }
}

extension TransferStatus.State {
    init(_ line: TransferSummary) {
        self =
            switch line.state {
            // An order counts when it stands; who moves the transfer obeys soon.
            case .waiting where line.order == .pause, .running where line.order == .pause: .paused
            case .waiting: Self.waiting(line.reason ?? .turn, line.due)
            case .running: .running
            case .paused: .paused
            case .ended: .ended
            }
    }

    init(_ state: TransferProgress.State) {
        self =
            switch state {
            case .running: .running
            case .waiting(.paused, _): .paused
            case .waiting(let reason, let until): Self.waiting(reason, until)
            case .ended: .ended
            }
    }

    private static func waiting(_ reason: WaitReason, _ until: WallTime?) -> Self {
        .waiting(reason, until: until.flatMap { $0 == .distantFuture ? nil : Date($0) })
    }
}
