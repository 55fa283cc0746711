// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import SchedulingCore
import SchedulingStore

/// What transfers need of the scheduler: a task for each background session, that no limit counts and no budget ends, and
/// the parts of this process that they share with it.
extension BGTaskScheduler {
    /// What a session shares with the scheduler.
    package struct TransferSurroundings: Sendable {
        package var appIdentifier: String
        package var directory: StateDirectory
        package var time: any TimeSource
        package var conditions: any ConditionsSource
        package var processIdentifier: Int32
        /// Whether systemd started this process for the app's tasks.
        package var isLaunch: Bool
        package var log: @Sendable (String) -> Void
    }

    /// Opens the store, if it was not.
    package func transferSurroundings() throws(SchedulingFailure) -> TransferSurroundings {
        let parts = try open()
        let environment = parts.environment
        return TransferSurroundings(
            appIdentifier: environment.appIdentifier, directory: parts.store.directory, time: environment.time,
            conditions: environment.conditions, processIdentifier: environment.processIdentifier,
            isLaunch: environment.launch != .ordinary, log: environment.log)
    }

    /// Whether this process runs what is due: in a background launch, in `run()`, or because nothing else would.
    package var runsTasks: Bool { state.withLock { $0.runner != nil } }

    /// The identifier of a session's task. `session` holds what identifiers may hold.
    package static func transfersIdentifier(_ session: String) -> String { "background.transfers." + session }

    /// Registers what a session does when its task runs: in a background launch, or in a process that stays. At any time;
    /// false if it has one already. When the handler is cancelled, `BGTaskContext.expirationReason` says why.
    @discardableResult
    package func registerTransfers(
        _ session: String, handler: @escaping @Sendable (BGTaskContext) async throws -> Void
    ) -> Bool {
        let refusal = handlers.add(Self.transfersIdentifier(session), .async(handler), mayBeLate: true)
        if refusal == nil { state.withLock(\.runner)?.handlersChanged() }
        return refusal == nil
    }

    /// Moves a session's task to an instant, durably and with a wake-up armed for it; nil removes it.
    ///
    /// Blocks for a commit and a call to systemd. History does not tell of it: it happens with every sign of life.
    package func scheduleTransfers(
        _ session: String, at instant: WallTime?, requirements: Requirement = []
    ) throws(SchedulingFailure) {
        let identifier = Self.transfersIdentifier(session)
        let parts = try open()
        let now = parts.environment.time.now().wall
        if let instant {
            try TaskIdentifier.validate(identifier)
            let request = NewRequest(
                identifier: identifier, kind: .transfers, instant: max(instant, now), requirements: requirements,
                hasEarliest: true)
            try parts.keeper.submit([request], limits: .unlimited)
            try startInProcessIfNeeded(parts)
        } else {
            try parts.store.withdraw(identifier: identifier)
        }
        // A launch that has not come to its tasks yet settles when it is over; before, what it was made for looks missed.
        let (runner, isEarly) = state.withLock { state in
            (state.runner, parts.environment.launch != .ordinary && state.runner == nil && !state.wasLaunched)
        }
        if let runner {
            runner.rang()
        } else if !isEarly, instant.map({ $0 > now }) ?? true {
            // A later instant leaves the earlier wake-up where it was. What is due now was armed for by `submit`, or is
            // covered by a launch under way: once more would start a second one.
            try parts.keeper.settle(runner: try parts.store.hasLiveResident() ? .acting : .none)
        }
    }
}
