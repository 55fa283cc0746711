// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch

/// Where a client's closure is called.
enum HandlerPlace: Sendable {
    /// On the actor that the closure belongs to, whatever queue was named.
    case actor(any Actor)
    /// On the queue that the client named.
    case queue(DispatchQueue)
    /// In the background, beside other handlers.
    case background

    /// The place of a closure that belongs to `isolation`, or to no actor and was given with `queue`.
    init(isolation: (any Actor)?, queue: DispatchQueue?) {
        self = isolation.map { .actor($0) } ?? queue.map { .queue($0) } ?? .background
    }

    var actor: (any Actor)? {
        if case .actor(let actor) = self { actor } else { nil }
    }

    /// Starts `body` there; `label` names the queue in the background.
    ///
    /// That is a serial queue for one piece of work, so that pieces of work run side by side. Not one concurrent queue:
    /// Dispatch watches the threads of its shared pool with a timer that wakes the process once a second, from the first
    /// use of the pool until the process ends. The threads of serial queues are not of that pool, nor is the main actor.
    ///
    /// `background` stands in for Dispatch where a simulation decides when it runs.
    func start(
        _ label: String, background: (@Sendable (@escaping @Sendable () -> Void) -> Void)? = nil,
        _ body: @escaping @Sendable () -> Void
    ) {
        switch self {
        case .background where background != nil: background?(body)
        case .actor(let actor) where actor === MainActor.shared: Task { @MainActor in body() }
        case .actor(let actor): Task { await call(body, on: actor) }
        case .queue(let queue): queue.async(execute: body)
        case .background: DispatchQueue(label: label).async(execute: body)
        }
    }

    private func call(_ body: @Sendable () -> Void, on actor: isolated any Actor) { body() }
}

extension HandlerBox {
    /// The closure without the actor that it belongs to: call it there.
    ///
    /// Swift calls a closure of type `@isolated(any)` only with `await`, from a task; a queue and the main actor's own code
    /// call this one directly. The two have one calling convention: the isolation is an additional value in the closure's
    /// context (SE-0431), which the standard library's `assumeIsolated` drops by the same cast.
    static func withoutIsolation<Argument>(
        _ closure: @escaping @isolated(any) (Argument) -> Void
    ) -> HandlerBox<(Argument) -> Void> {
        HandlerBox<(Argument) -> Void>(handler: unsafeBitCast(closure, to: ((Argument) -> Void).self))
    }
}

/// The queue on which the main actor's code runs.
enum MainQueue {
    private static let key = DispatchSpecificKey<Bool>()
    private static let mark: Void = DispatchQueue.main.setSpecific(key: key, value: true)

    /// Whether the caller runs on it. Not the same as being on the first thread: where `main` is async, Dispatch ends that
    /// thread and lets others drain the main queue.
    static var isCurrent: Bool {
        mark
        return DispatchQueue.getSpecific(key: key) ?? false
    }
}
