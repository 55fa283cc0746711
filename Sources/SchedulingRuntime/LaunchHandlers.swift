// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore
import Synchronization

/// What a program registered: for each identifier, how its task is started.
final class LaunchHandlers: Sendable {
    enum Handler: Sendable {
        /// Apple's form: a closure that is called with a task.
        case closure(HandlerPlace, HandlerBox<(BGTask) -> Void>)
        /// Ours: returning completes, throwing fails, expiration cancels.
        case async(@Sendable (BGTaskContext) async throws -> Void)
    }

    /// Guarded by `state`: `register` may be called on any thread until the first runner starts.
    private struct State {
        var handlers: [String: Handler] = [:]
        var isClosed = false
    }
    private let state = Mutex(State())

    /// Returns nil, or why the handler was not taken.
    func add(_ identifier: String, _ handler: Handler) -> String? {
        state.withLock { state in
            if state.isClosed {
                return "it came too late: register every handler before handleBackgroundLaunch() or run() is called"
            }
            if state.handlers[identifier] != nil {
                return "a handler for this identifier is registered already; the first one stays"
            }
            state.handlers[identifier] = handler
            return nil
        }
    }

    /// Ends registration.
    func close() { state.withLock { $0.isClosed = true } }

    /// The identifiers that have a handler.
    var identifiers: Set<String> { state.withLock { Set($0.handlers.keys) } }

    subscript(identifier: String) -> Handler? { state.withLock { $0.handlers[identifier] } }
}
