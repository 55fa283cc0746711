// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
internal import TransfersCore
import TransfersFiles
internal import TransfersStore

/// One transfer that is worked on: its machine, what the machine wants done, and the files and the exchange of it.
struct TransferWork: Sendable {
    /// With secrets, as far as this process has them.
    var stored: StoredTransfer
    private(set) var machine: TransferMachine
    /// The machine's, at hand: it is asked for very often.
    private(set) var nextInstant: WallTime?
    /// In order; what stands first is done next.
    var effects: ArraySlice<TransferEffect> = []
    /// Answers to another machine of the same transfer are told from it by this.
    let generation: UInt64
    var sink: PartialFile?
    var sources: [OpenedFile] = []
    var exchange: (any RunningExchange)?
    /// Its host is this machine, so no network is needed.
    let isLocal: Bool
    /// It rests or has ended: let go when its effects are done.
    var isOver = false

    var id: Int64 { stored.id }
    var identifier: String { stored.intent.identifier }

    init(_ stored: StoredTransfer, generation: UInt64) {
        self.stored = stored
        self.generation = generation
        machine = TransferMachine(stored.intent, checkpoint: stored.checkpoint)
        nextInstant = machine.nextInstant
        isLocal = HostDemands.isLocal(stored.intent.host)
    }

    mutating func clockMoved(by duration: Duration) {
        stored.intent.deadline = stored.intent.deadline.moved(by: duration)
        machine.clockMoved(by: duration)
        nextInstant = machine.nextInstant
    }

    mutating func hear(_ event: TransferEvent, at now: WallTime) {
        var random = SystemRandomNumberGenerator()
        let more = machine.handle(event, at: now, random: &random)
        if effects.isEmpty { effects = more[...] } else { effects += more }
        nextInstant = machine.nextInstant
    }

    /// Files of an upload, in the order in which pieces count them.
    var sourceIdentities: [SourceIdentity] {
        guard case .upload(let source, _) = stored.intent.work else { return [] }
        return [source] + stored.intent.furtherSources
    }

    var target: DownloadTarget? {
        guard case .download(let target) = stored.intent.work else { return nil }
        return target
    }
}

/// Where a work lies: who looks at one part of it copies no other. Guarded by the session's `state`.
final class WorkPlace: Sendable {
    nonisolated(unsafe) var work: TransferWork

    init(_ work: TransferWork) { self.work = work }
}

/// What was begun here just now, or attached to.
struct BegunTransfer: Sendable {
    var stored: StoredTransfer
    var entry: TransferQueue.Entry
    var withheld: WithheldRequest?

    var id: Int64 { stored.id }
}

/// What a request has that is not written down.
struct WithheldRequest: Sendable {
    var url: String
    var fields: HeaderFields
}

extension TransferQueue.Entry {
    /// Of a transfer that waits.
    init?(
        _ id: Int64, host: String, priority: Float, state: TransferCheckpoint.State, deadline: WallTime,
        demands: TransferDemands, now: WallTime
    ) {
        var (earliest, reason): (WallTime?, WaitReason) =
            switch state {
            case .waiting(let until, let reason): (until, reason)
            case .running: (now, .turn)
            case .paused: (nil, .paused)
            case .ended: (nil, .turn)
            }
        if state == .ended { return nil }
        if let instant = earliest, instant == .distantFuture {
            // What waits for the host is judged by the queue; the rest waits for somebody.
            earliest = [.network, .unmeteredNetwork, .externalPower].contains(reason) ? now : nil
        }
        if reason == .paused { earliest = nil }
        self.init(
            id: id, host: host, priority: priority, earliest: earliest, reason: reason, deadline: deadline,
            demands: HostDemands.isLocal(host) ? demands.subtracting(.network) : demands)
    }
}
