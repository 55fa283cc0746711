// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
import Dispatch
import Synchronization
package import TransfersCore
package import TransfersStore

/// The transfers of one session in this process: runs them if no other process does, else watches, and takes over when
/// that one ends.
///
/// All calls may be made on any thread. Those that write (`begin`, `pause`, `resume`, `cancel`) block for one commit.
///
/// Inputs come from any thread and are worked off in order on `worker`, as many as there are at a time: what machines want
/// written goes into one commit, and only then what relies on it is done.
package final class TransferSession: Sendable {
    package typealias Handler = @Sendable (StoredTransfer, TransferResult) async -> Void
    /// Completes a request: fields to add, and another URL if it chooses one.
    package typealias Authorizer =
        @Sendable (AuthorizationRequest, TransferIntent) async throws -> (HeaderFields, url: String?)

    /// Somebody has taken care of an end.
    struct Acknowledgement: Sendable {
        var identifier: String
        /// Called on `worker` when that is durable, or cannot be had: not to block.
        var then: @Sendable () -> Void
    }

    enum Input: Sendable {
        case owned(SessionOwnership)
        /// To a machine, if it is still the same.
        case event(Int64, UInt64, TransferEvent)
        case began([BegunTransfer])
        /// An order may stand in the store.
        case ordered
        case rang
        /// An alarm went off, or something else may have become possible.
        case look
        case conditionsChanged
        case clockSet
        case authorizersChanged
        case deliver(String)
        case acknowledge(Acknowledgement)
        /// The scheduled task runs.
        case run(CheckedContinuation<Void, Never>)
        case hold
        /// Another process is to go on.
        case leave(CheckedContinuation<Void, Never>)
    }

    /// Guarded by `state`; changed by `worker` alone, but for `inbox`, `handlers`, `runningHandlers`, `authorizers`, `drained`
    /// and `begins`.
    struct State {
        var inbox: [Input] = []
        var isWorking = false
        var isAbandoned = false
        /// Ownership was asked for.
        var isEngaged = false
        var ownership: SessionOwnership?
        var wait: OwnershipWait?
        var queue: TransferQueue
        /// Everything in `queue`, or on its way there.
        var alive: Set<Int64> = []
        /// Of those alive, which need no network.
        var local: Set<Int64> = []
        var works: [Int64: WorkPlace] = [:]
        /// How far exchanges are that run, and when others are told, on the awake clock.
        var moved: [Int64: Int64] = [:]
        var movedAt: Int64?
        var generation: UInt64 = 0
        /// Orders of the store that machines were told, and have not obeyed durably.
        var told: [Int64: TransferOrder] = [:]
        /// Rows up to here were read.
        var lastRead: Int64 = 0
        var dataVersion: Int64?
        var withheld: [Int64: WithheldRequest] = [:]
        /// Rows as this process has just written them: they need not be read.
        var fresh: [Int64: StoredTransfer] = [:]
        var waitForNetwork: Set<Int64> = []
        var waitForAuthorizer: Set<Int64> = []
        var authorizers: [String: Authorizer] = [:]

        var handlers: [String: [Handler]] = [:]
        /// Ends that handlers were called with, and how many of them have not acknowledged.
        var delivered: [String: (stored: StoredTransfer, calls: Int)] = [:]
        /// Who has acknowledged an end that is still on the books.
        var acknowledging: [Acknowledgement] = []
        var runningHandlers = 0
        var drained: [@Sendable () -> Void] = []
        /// Runs of the scheduled task.
        var runs: [CheckedContinuation<Void, Never>] = []
        /// On the awake clock: until then a run waits for the session, which another process has.
        var standsByUntil: Int64?

        /// Told to stop: nothing is begun.
        var isHeld = false
        /// Those who wait until this process has let go of the session.
        var leaving: [CheckedContinuation<Void, Never>] = []
        /// The task was made due now for others, or for the runner of this process: no sign of life moves it on.
        var isHandedOver = false
        var demands: TransferDemands = []
        var unmet: TransferDemands = []
        var networkIsThere: Bool?
        var watch: (any ConditionsWatch)?
        var observedDemands: TransferDemands?
        /// Calls of `begin` that have armed and not committed yet.
        var begins = 0
        var scheduled: WallTime?
        var isScheduledKnown = false
        /// On the awake clock: when what is in the store's memory is written.
        var flushAt: Int64?
        var retryAt: Int64?
        var failures = 0
        /// Wall time less boot time.
        var clockOffset: Int64 = 0
        var alarm: (any Alarm)?
        var clockWatch: (any Sendable & AnyObject)?
        var doorbell: (any Sendable)?
    }

    package let identifier: String
    let settings: SessionSettings
    let opened: TransferWorld.Opened
    let engine: @Sendable () throws(ExchangeFailure) -> any ExchangeEngine
    let state: Mutex<State>
    let hub = ProgressHub()
    let worker: DispatchQueue
    /// What waits for disks: digests, synchronizing, copies.
    let files: DispatchQueue
    /// One arms at a time.
    let arming = Mutex(())

    var store: TransfersStore { opened.store }
    var parts: TransferWorld.Parts { opened.parts }

    init(
        _ identifier: String, _ settings: SessionSettings, _ opened: TransferWorld.Opened,
        engine: @escaping @Sendable () throws(ExchangeFailure) -> any ExchangeEngine
    ) {
        self.identifier = identifier
        self.settings = settings
        self.opened = opened
        self.engine = engine
        state = Mutex(State(queue: TransferQueue(totalLimit: settings.totalLimit, hostLimit: settings.hostLimit)))
        worker = DispatchQueue(label: "transfers.session")
        files = DispatchQueue(label: "transfers.files", attributes: .concurrent)
    }

    /// The one of this identifier in this process; made at the first call, whose settings count: the store is opened and the
    /// scheduled task registered. Ownership is asked for by the first call that wants something moved: begin, attach, an
    /// order, a hook, `whenDrained`, a run of the task.
    ///
    /// - Throws: `badIdentifier`; `storage`, `diskFull`: the store cannot be used.
    package static func named(
        _ identifier: String, _ settings: SessionSettings = SessionSettings(), in world: TransferWorld = .shared
    ) throws(TransferFailure) -> TransferSession { try world.session(identifier, settings) }

    // MARK: Orders

    /// False if there is none, or it has ended. Durable when they return; done soon after, by whichever process moves it.
    @discardableResult
    package func pause(_ identifier: String) -> Bool { order(.pause, identifier) }
    @discardableResult
    package func resume(_ identifier: String) -> Bool { order(.resume, identifier) }
    @discardableResult
    package func cancel(_ identifier: String) -> Bool { order(.cancel, identifier) }

    private func order(_ order: TransferOrder, _ identifier: String) -> Bool {
        do throws(TransferFailure) {
            try engage()
            guard let stored = try store.transfer(session: self.identifier, identifier: identifier),
                try store.ask(order, of: stored.id)
            else { return false }
            send(.ordered)
            return true
        } catch {
            parts.log(error.description)
            return false
        }
    }

    // MARK: Looking

    /// Every transfer of the session in the order of beginning, ends that were not acknowledged among them; with why each
    /// waits, and until when.
    package func list() throws(TransferFailure) -> [TransferSummary] {
        var lines: [TransferSummary] = []
        while true {
            let page = try store.list(session: identifier, after: lines.last?.id ?? 0)
            if page.isEmpty { break }
            lines += page
        }
        // What a process ran that is gone runs nowhere.
        var isOrphaned = state.withLock { $0.ownership == nil } && lines.contains { $0.state == .running }
        if isOrphaned { isOrphaned = try store.owner(of: identifier) == nil }
        let now = parts.time.now().wall
        state.withLock { state in
            for index in lines.indices {
                if isOrphaned, lines[index].state == .running {
                    (lines[index].state, lines[index].reason) = (.waiting, .turn)
                }
                if state.works[lines[index].id] != nil, lines[index].state == .waiting { lines[index].state = .running }
                lines[index].moved = state.moved[lines[index].id] ?? lines[index].moved
                guard lines[index].state == .waiting, let wait = state.queue.waits(lines[index].id, now: now) else {
                    continue
                }
                lines[index].reason = wait.reason
                lines[index].due = wait.until ?? .distantFuture
            }
        }
        judge(&lines, now)
        return lines
    }

    /// What seems to wait for its turn may lack something of the host: only its owner knows, and not from the first moment on.
    private func judge(_ lines: inout [TransferSummary], _ now: WallTime) {
        func demands(_ line: TransferSummary) -> TransferDemands {
            let due = line.due ?? now
            guard line.state == .waiting, (line.reason ?? .turn) == .turn, due <= now || due == .distantFuture else {
                return []
            }
            return HostDemands.isLocal(line.host) ? line.demands.subtracting(.network) : line.demands
        }
        let demanded = lines.reduce(into: TransferDemands()) { $0.formUnion(demands($1)) }
        if demanded.isEmpty { return }
        let unmet = HostDemands.unmet(by: parts.conditions.observe(HostDemands.kinds(for: demanded)))
        for index in lines.indices {
            guard let reason = unmet.obstacle(to: demands(lines[index])) else { continue }
            lines[index].reason = reason
            lines[index].due = .distantFuture
        }
    }

    package func find(_ identifier: String) throws(TransferFailure) -> StoredTransfer? {
        guard var stored = try store.transfer(session: self.identifier, identifier: identifier) else { return nil }
        stored.checkpoint.state = state(of: stored)
        stored.moved = state.withLock { $0.moved[stored.id] } ?? stored.moved
        return stored
    }

    /// What is known now, then every change, the newest only if one is slow; ends with the transfer.
    package func progress(_ identifier: String) -> AsyncStream<TransferProgress> {
        let (stream, continuation) = hub.follow(identifier)
        guard let stored = try? find(identifier) else {
            continuation.finish()
            return stream
        }
        hub.tell(identifier) { Self.progress(of: stored) }
        return stream
    }

    static func progress(of stored: StoredTransfer) -> TransferProgress {
        let state: TransferProgress.State =
            switch stored.checkpoint.state {
            case .waiting(let until, let reason): .waiting(reason, until: until == .distantFuture ? nil : until)
            case .paused: .waiting(.paused, until: nil)
            case .running: .running
            case .ended: .ended
            }
        return TransferProgress(
            completed: stored.progress, total: stored.checkpoint.total ?? stored.intent.sourceSize,
            state: stored.result == nil ? state : .ended)
    }

    /// As the queue has it, where this process moves it.
    private func state(of stored: StoredTransfer) -> TransferCheckpoint.State {
        let now = parts.time.now().wall
        return state.withLock { state in
            guard case .waiting = stored.checkpoint.state else { return stored.checkpoint.state }
            if state.works[stored.id] != nil { return .running }
            guard let wait = state.queue.waits(stored.id, now: now) else { return stored.checkpoint.state }
            return .waiting(until: wait.until ?? .distantFuture, reason: wait.reason)
        }
    }

    // MARK: Hooks

    /// Calls `action` once, when nothing runs or could run now, here or in the process that moves the session, and every
    /// handler of this one has returned.
    package func whenDrained(_ action: @escaping @Sendable () -> Void) {
        engageOrLog()
        state.withLock { $0.drained.append(action) }
        send(.look)
    }

    /// Registers the hook that intents name; nil removes it. Transfers that waited for one are tried again.
    package func setAuthorizer(_ name: String, _ hook: Authorizer?) {
        state.withLock { $0.authorizers[name] = hook }
        guard hook != nil else { return }
        engageOrLog()
        send(.authorizersChanged)
    }
}

extension TransferIntent {
    /// Of all files of an upload.
    var sourceSize: Int64? {
        guard case .upload(let source, _) = work else { return nil }
        return furtherSources.reduce(source.size) { $0 + $1.size }
    }
}
