// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore
import Synchronization

/// What a program registered: for each identifier, how its task is started; and which handlers are at work.
final class LaunchHandlers: Sendable {
    enum Handler: Sendable {
        /// Apple's form: a closure that is called with a task.
        case closure(HandlerPlace, HandlerBox<(BGTask) -> Void>)
        /// Ours: returning completes, throwing fails, expiration cancels.
        case async(@Sendable (BGTaskContext) async throws -> Void)
    }

    /// Guarded by `state`: `register` may be called on any thread until the first runner starts, and handlers return on
    /// theirs. `working`: the identifiers of the runs whose handlers were started and have not completed.
    private struct State {
        var handlers: [String: Handler] = [:]
        var late: Set<String> = []
        var isClosed = false
        var working: [Int64: String] = [:]
        var onReturn: (@Sendable (Int64) -> Void)?
    }
    private let state = Mutex(State())

    /// Returns nil, or why the handler was not taken.
    ///
    /// One for continued tasks may come at any time, and nobody knows yet that it is one: what comes late is kept, and
    /// serves continued tasks only.
    ///
    /// `mayBeLate`: it counts whenever it comes.
    func add(_ identifier: String, _ handler: Handler, mayBeLate: Bool = false) -> String? {
        state.withLock { state in
            if state.handlers[identifier] != nil {
                return "a handler for this identifier is registered already; the first one stays"
            }
            state.handlers[identifier] = handler
            if state.isClosed, !mayBeLate { state.late.insert(identifier) }
            return nil
        }
    }

    /// Ends registration.
    func close() { state.withLock { $0.isClosed = true } }

    /// The identifiers that have a handler which came in time.
    var identifiers: Set<String> { state.withLock { Set($0.handlers.keys).subtracting($0.late) } }

    /// Whether this identifier's handler came after registration had ended.
    func isLate(_ identifier: String) -> Bool { state.withLock { $0.late.contains(identifier) } }

    // MARK: At work

    /// A handler is about to be started for this run.
    func began(_ occurrence: Occurrence) { state.withLock { $0.working[occurrence.id] = occurrence.identifier } }

    /// The run was completed, by its handler or because that will never begin.
    func returned(_ occurrence: Int64) { state.withLock { _ = $0.working.removeValue(forKey: occurrence) } }

    /// A runner begins: it gets what handlers of earlier runners of this process still work on, and is told from here on.
    func follow(_ onReturn: @escaping @Sendable (Int64) -> Void) -> [Int64: String] {
        state.withLock { state in
            state.onReturn = onReturn
            return state.working
        }
    }

    /// A handler that was started by an earlier runner has returned.
    func tellReturn(_ occurrence: Int64) { state.withLock(\.onReturn)?(occurrence) }

    /// The handler of an identifier; else the one of the longest wildcard (`org.example.app.export.*`) that matches.
    subscript(identifier: String) -> Handler? {
        state.withLock { state in
            if let handler = state.handlers[identifier] { return handler }
            let wildcard = state.handlers.keys.filter { pattern in
                pattern.hasSuffix(".*") && identifier.hasPrefix(pattern.dropLast())
                    && identifier.utf8.count >= pattern.utf8.count
            }.max { $0.utf8.count < $1.utf8.count }
            return wildcard.flatMap { state.handlers[$0] }
        }
    }
}
