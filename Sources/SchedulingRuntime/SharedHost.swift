// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore
import Synchronization

/// One host for all of a process that hold work: the locks are held while anybody needs them, and everybody hears.
final class SharedHost: HostPort {
    /// Guarded by `state`.
    private struct State {
        var holders = 0
        var listeners: [@Sendable (HostEvent) -> Void] = []
        /// Announced, and not over.
        var standing: [HostEvent] = []
        var isListening = false
    }
    private let state = Mutex(State())
    private let host: any HostPort

    init(_ host: any HostPort) { self.host = host }

    func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent] {
        let (isFirst, standing) = state.withLock { state in
            defer { state.isListening = true }
            state.listeners.append(onEvent)
            return (!state.isListening, state.standing)
        }
        guard isFirst else { return standing }
        let announced = host.listen { [weak self] event in self?.heard(event) }
        state.withLock { $0.standing = announced }
        return announced
    }

    /// The host said something; or the process heard it in another way (SIGTERM).
    func heard(_ event: HostEvent) {
        let listeners = state.withLock { state in
            switch event {
            case .willSleep, .willShutDown: state.standing.append(event)
            case .didWake: state.standing = []
            case .stopRequested: break
            }
            return state.listeners
        }
        for listener in listeners { listener(event) }
    }

    func holdLocks(why: String) -> String? {
        let isFirst = state.withLock { state in
            state.holders += 1
            return state.holders == 1
        }
        return isFirst ? host.holdLocks(why: why) : nil
    }

    func releaseLocks() {
        let isLast = state.withLock { state in
            state.holders = max(0, state.holders - 1)
            return state.holders == 0
        }
        if isLast { host.releaseLocks() }
    }

    func notify(status: String, extendBy: Duration?) { host.notify(status: status, extendBy: extendBy) }
    func notifyReady() { host.notifyReady() }
}
