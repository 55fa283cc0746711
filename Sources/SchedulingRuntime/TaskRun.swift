// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import Synchronization

/// One run as its handler sees it: who it is, whether it was told to stop, and how it ends, exactly once.
package final class TaskRun: Sendable {
    package let occurrence: Occurrence
    /// What a continued task shows of itself; nil for all others.
    package let continued: ContinuedState?
    /// Is told of a failure, and after which time the handler wants another try.
    private let onCompletion: @Sendable (String?, Duration?) -> Void

    /// Guarded by `state`: the handler's thread, the thread that expires it and the client's own threads meet here.
    private struct State {
        var expirationHandler: HandlerBox<() -> Void>?
        var expirationPlace = HandlerPlace.background
        var launchActor: (any Actor)?
        var reason: ExpirationReason?
        var isCompleted = false
        var isExpirationPending = false
        var isClosed = false
    }
    private let state = Mutex(State())

    init(
        _ occurrence: Occurrence, continued: ContinuedState? = nil,
        onCompletion: @escaping @Sendable (String?, Duration?) -> Void
    ) {
        self.occurrence = occurrence
        self.continued = continued
        self.onCompletion = onCompletion
    }

    package var expirationReason: ExpirationReason? { state.withLock(\.reason) }
    package var isCompleted: Bool { state.withLock(\.isCompleted) }
    /// Whether the expiration handler was taken out and has not returned.
    package var isExpirationPending: Bool { state.withLock(\.isExpirationPending) }

    var expirationHandler: HandlerBox<() -> Void>? { state.withLock(\.expirationHandler) }

    func setExpirationHandler(_ handler: HandlerBox<() -> Void>?, in place: HandlerPlace) {
        state.withLock { state in
            guard !state.isCompleted else { return }
            state.expirationHandler = handler
            state.expirationPlace = place
        }
    }

    /// The actor that the launch handler belongs to, if it does.
    var launchActor: (any Actor)? {
        get { state.withLock(\.launchActor) }
        set { state.withLock { $0.launchActor = newValue } }
    }

    /// Where an expiration handler that is set by the caller belongs: its closure cannot tell, so this goes by who sets it.
    var presentPlace: HandlerPlace {
        if MainQueue.isCurrent { return .actor(MainActor.shared) }
        guard let actor = launchActor, actor !== MainActor.shared else { return .background }
        return .actor(actor)
    }

    /// Its end was recorded, whether its handler has returned or not.
    func close() { state.withLock { $0.isClosed = true } }
    /// Whether a handler that has not begun may begin.
    var mayBegin: Bool { state.withLock { !$0.isCompleted && !$0.isClosed } }

    /// Ends the run. A second end is ignored: the first one counts.
    package func complete(failure: String?, retryAfter: Duration? = nil) {
        let isFirst = state.withLock { state in
            defer {
                state.isCompleted = true
                state.expirationHandler = nil  // breaks the cycle task → handler → task
            }
            return !state.isCompleted
        }
        if isFirst { onCompletion(failure, retryAfter) }
    }

    /// Notes the reason and takes the handler out: it is called once. Nil: the run is complete, or has no handler.
    func expire(_ reason: ExpirationReason) -> (HandlerBox<() -> Void>, HandlerPlace)? {
        state.withLock { state in
            guard !state.isCompleted else { return nil }
            state.reason = reason
            defer { state.expirationHandler = nil }
            state.isExpirationPending = state.expirationHandler != nil
            return state.expirationHandler.map { ($0, state.expirationPlace) }
        }
    }

    func expirationWasHandled() { state.withLock { $0.isExpirationPending = false } }
}
