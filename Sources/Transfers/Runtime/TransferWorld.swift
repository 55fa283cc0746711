// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundStore
package import BackgroundSurroundings
import Synchronization
package import TransfersCore
import TransfersFiles
internal import TransfersStore

/// What sessions of transfers work with that is not their own, and the sessions of this process by name.
package final class TransferWorld: Sendable {
    package struct Parts: Sendable {
        package var time: any TimeSource
        package var conditions: any ConditionsSource
        package var wakeups: any TransferWakeups
        package var directory: StateDirectory
        package var machine: String
        package var boot: String
        package var processIdentifier: Int32
        /// systemd started this process for the app's tasks.
        package var isLaunch: Bool
        /// Called when the first exchange begins.
        package var makeEngine: @Sendable () throws(ExchangeFailure) -> any ExchangeEngine
        package var log: @Sendable (String) -> Void

        package init(
            time: any TimeSource, conditions: any ConditionsSource, wakeups: any TransferWakeups,
            directory: StateDirectory, machine: String, boot: String, processIdentifier: Int32, isLaunch: Bool = false,
            makeEngine: @escaping @Sendable () throws(ExchangeFailure) -> any ExchangeEngine,
            log: @escaping @Sendable (String) -> Void
        ) {
            self.time = time
            self.conditions = conditions
            self.wakeups = wakeups
            self.directory = directory
            self.machine = machine
            self.boot = boot
            self.processIdentifier = processIdentifier
            self.isLaunch = isLaunch
            self.makeEngine = makeEngine
            self.log = log
        }
    }

    /// What all sessions share once the store is open.
    struct Opened: Sendable {
        var parts: Parts
        var store: TransfersStore
        var folder: TransferFolder
    }

    /// Guarded by `state`: what is made at the first use.
    private struct State {
        var opened: Opened?
        var engine: (any ExchangeEngine)?
        var sessions: [String: TransferSession] = [:]
    }
    private let state = Mutex(State())
    private let make: @Sendable () throws(TransferFailure) -> Parts

    package init(_ make: @escaping @Sendable () throws(TransferFailure) -> Parts) { self.make = make }

    /// The real one, composed of what `TaskScheduler.shared` has.
    package static let shared = TransferWorld(Composition.parts)

    func session(_ identifier: String, _ settings: SessionSettings) throws(TransferFailure) -> TransferSession {
        let (session, isNew) = try state.withLock { state throws(TransferFailure) in
            if let session = state.sessions[identifier] { return (session, false) }
            let opened = try Self.opened(&state, make)
            let session = TransferSession(identifier, settings, opened) { [weak self] () throws(ExchangeFailure) in
                guard let self else { throw ExchangeFailure(.cancelled) }
                return try self.engine(opened.parts)
            }
            state.sessions[identifier] = session
            return (session, true)
        }
        guard isNew else { return session }
        do throws(TransferFailure) {
            try session.start()
        } catch {
            state.withLock { $0.sessions[identifier] = nil }
            throw error
        }
        return session
    }

    private static func opened(
        _ state: inout State, _ make: @Sendable () throws(TransferFailure) -> Parts
    ) throws(TransferFailure) -> Opened {
        if let opened = state.opened { return opened }
        let parts = try make()
        let store = try TransfersStore(
            directory: parts.directory, machine: parts.machine, boot: parts.boot, pid: parts.processIdentifier)
        let folder = try TransferFolder(TransfersStore.folder(in: parts.directory))
        let opened = Opened(parts: parts, store: store, folder: folder)
        state.opened = opened
        return opened
    }

    private func engine(_ parts: Parts) throws(ExchangeFailure) -> any ExchangeEngine {
        try state.withLock { state throws(ExchangeFailure) in
            if let engine = state.engine { return engine }
            let engine = try parts.makeEngine()
            state.engine = engine
            return engine
        }
    }

    /// Ends everything without a word, as if the process had been killed; for tests.
    package func abandon() {
        let (sessions, opened, engine) = state.withLock { state in
            defer { state = State() }
            return (Array(state.sessions.values), state.opened, state.engine)
        }
        let ownerships = sessions.map { $0.abandon() }
        // The engine has let go of every file before anybody else may have the sessions.
        (engine as? any EndableEngine)?.shutDown()
        opened?.store.close()
        for ownership in ownerships { ownership?.release() }
    }
}

/// An engine that can be told to end, and has let go of all files then.
package protocol EndableEngine: Sendable {
    func shutDown()
}
