// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore
import Synchronization

/// What all activities of a program share: what the host announces, and where its locks come from.
///
/// It listens from the first subscription on, and then as long as the program lives: that costs nothing until the host
/// says something.
package final class ActivityHost: Sendable {
    /// Guarded by `state`: what was announced and is not over, and who wants to hear.
    private struct State {
        var isListening = false
        /// What was heard before it is known what had been announced already; nil once that is known.
        var early: [HostEvent]? = []
        var standing: Set<Standing> = []
        var listeners: [Int: @Sendable (HostEvent) -> Void] = [:]
        var nextID = 0
    }
    private enum Standing { case sleep, shutdown, stop }

    private let state = Mutex(State())
    private let port: any InhibitorPort

    package init(_ port: any InhibitorPort) { self.port = port }

    /// Whether the host, or this program, is about to stop working.
    var isAboutToStop: Bool { state.withLock { !$0.standing.isEmpty } }

    func inhibit(_ kinds: [Inhibition], why: String) -> InhibitorAnswer { port.inhibit(kinds, why: why) }

    /// Calls `onEvent` with each announcement until it is unsubscribed; returns when the port listens.
    func subscribe(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> Int {
        let (id, isFirst) = state.withLock { state in
            state.nextID += 1
            state.listeners[state.nextID] = onEvent
            defer { state.isListening = true }
            return (state.nextID, !state.isListening)
        }
        if isFirst {
            var events = port.listen { [weak self] in self?.hear($0) }
            // In order: what stood before, then what came in the meantime, until nothing more came.
            while !events.isEmpty || !isCaughtUp(&events) {
                for event in events { apply(event) }
                events = []
            }
        }
        return id
    }

    func unsubscribe(_ id: Int) { state.withLock { $0.listeners[id] = nil } }

    /// Takes what came in the meantime; true if that is nothing, and from now on everything is heard at once.
    private func isCaughtUp(_ events: inout [HostEvent]) -> Bool {
        events = state.withLock { state in
            guard let early = state.early, !early.isEmpty else {
                state.early = nil
                return []
            }
            state.early = []
            return early
        }
        return events.isEmpty
    }

    package func hear(_ event: HostEvent) {
        let isEarly = state.withLock { state in
            guard state.isListening, state.early != nil else { return false }
            state.early?.append(event)
            return true
        }
        if !isEarly { apply(event) }
    }

    private func apply(_ event: HostEvent) {
        let listeners = state.withLock { state in
            switch event {
            case .willSleep: state.standing.insert(.sleep)
            case .didWake: state.standing.remove(.sleep)
            case .willShutDown: state.standing.insert(.shutdown)
            case .stopRequested: state.standing.insert(.stop)
            }
            return state.listeners.sorted { $0.key < $1.key }
        }
        for (_, listener) in listeners { listener(event) }
    }
}
