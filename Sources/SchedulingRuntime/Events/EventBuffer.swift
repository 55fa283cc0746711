// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore
import Synchronization

/// Events on their way to one who takes them at its own pace: the newest so many are kept, and how many older ones were
/// left out is told in their place.
final class EventBuffer: Sendable {
    /// How many events wait at most for one consumer.
    static let capacity = 1000

    /// Guarded by `state`. `events` from `first` on wait; `missed` were dropped before them.
    fileprivate struct State {
        var events: [TaskEvent] = []
        var first = 0
        var missed = 0
        var isFinished = false
        var nextID = 0
        var waiters: [(id: Int, continuation: CheckedContinuation<TaskEvent?, Never>)] = []
    }
    private let state = Mutex(State())

    /// Adds one; never waits.
    func push(_ event: TaskEvent) {
        let waiter = state.withLock { state -> CheckedContinuation<TaskEvent?, Never>? in
            if state.isFinished { return nil }
            if !state.waiters.isEmpty { return state.waiters.removeFirst().continuation }
            state.append(event)
            return nil
        }
        waiter?.resume(returning: event)
    }

    /// The next event, or nil: there is none yet.
    func take() -> TaskEvent? { state.withLock { $0.take() } }

    var isEmpty: Bool { state.withLock { $0.events.count == $0.first } }

    /// The next event, as soon as there is one; nil when it is finished, or the calling Swift task is cancelled.
    func next(isolation: isolated (any Actor)?) async -> TaskEvent? {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation(isolation: isolation) { continuation in
                let (event, isOver) = state.withLock { state -> (TaskEvent?, Bool) in
                    if Task.isCancelled { return (nil, true) }
                    if let event = state.take() { return (event, true) }
                    if state.isFinished { return (nil, true) }
                    state.waiters.append((id, continuation))
                    return (nil, false)
                }
                if isOver { continuation.resume(returning: event) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0).continuation }
            }
            waiter?.resume(returning: nil)
        }
    }

    /// Nothing more comes; what waits can still be taken.
    func finish() {
        let waiters = state.withLock { state in
            state.isFinished = true
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.continuation.resume(returning: nil) }
    }
}

extension EventBuffer.State {
    fileprivate mutating func append(_ event: TaskEvent) {
        if events.count - first >= EventBuffer.capacity {
            first += 1
            missed += 1
        }
        // What was taken is given back in one go, not by moving everything for each.
        if first > EventBuffer.capacity {
            events.removeFirst(first)
            first = 0
        }
        events.append(event)
    }

    fileprivate mutating func take() -> TaskEvent? {
        guard first < events.count else { return nil }
        let event = events[first]
        if missed > 0 {
            var gap = TaskEvent(.missed, app: event.app, processIdentifier: event.processIdentifier, at: event.at)
            gap.count = missed
            missed = 0
            return gap
        }
        first += 1
        if first == events.count {
            events.removeAll(keepingCapacity: true)
            first = 0
        }
        return event
    }
}
