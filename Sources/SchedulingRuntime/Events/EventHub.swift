// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import SchedulingCore
import Synchronization

/// Brings what one process decides to those who want to know; without any of them it costs a look at a flag.
///
/// Who emits never waits: observers (the journal, a program's own log) are called on a queue of the hub's own, in order;
/// consumers take from buffers.
package final class EventHub: Sendable {
    package typealias Observer = @Sendable (TaskEvent) -> Void

    /// Guarded by `state`.
    private struct State {
        var observers: [Observer] = []
        var consumers: [Int: EventBuffer] = [:]
        var nextID = 0
        var isDelivering = false
        var isFinished = false
        /// Tells what other processes did, while there are consumers.
        var follower: HistoryFollower?
    }
    private let state = Mutex(State())
    private let isWanted: Atomic<Bool>
    private let pending = EventBuffer()
    private let tap: Observer?
    private let queue = DispatchQueue(label: "background.events")
    /// Set on the queue, so that nothing on it waits for itself.
    private let mark = DispatchSpecificKey<Bool>()

    /// `tap` is called at once, on the thread that emits: it must not block.
    package init(tap: Observer? = nil) {
        self.tap = tap
        isWanted = Atomic(tap != nil)
        queue.setSpecific(key: mark, value: true)
    }

    /// Whether anybody would be told.
    var isInDemand: Bool { isWanted.load(ordering: .acquiring) }

    /// Tells everybody; the event is made only if somebody wants it.
    package func emit(_ event: @autoclosure () -> TaskEvent) {
        guard isInDemand else { return }
        let event = event()
        tap?(event)
        let (consumers, observes, startsDelivery) = state.withLock { state in
            let observes = !state.observers.isEmpty
            defer { if observes { state.isDelivering = true } }
            return (state.consumers, observes, observes && !state.isDelivering)
        }
        for consumer in consumers.values { consumer.push(event) }
        guard observes else { return }
        pending.push(event)
        // A little later, for all that comes until then: to wake a thread costs the caller more than all the rest of this.
        if startsDelivery { queue.asyncAfter(deadline: .now() + .milliseconds(10)) { self.deliver() } }
    }

    /// Tells consumers what another process did.
    func relay(_ event: TaskEvent) {
        for consumer in state.withLock({ $0.consumers }).values { consumer.push(event) }
    }

    // MARK: Observers

    func add(_ observer: @escaping Observer) {
        state.withLock { $0.observers.append(observer) }
        isWanted.store(true, ordering: .releasing)
        EventsAtExit.deliver(from: self)
    }

    private func deliver() {
        let observers = state.withLock { state in
            state.isDelivering = false  // what comes from here on has a delivery of its own
            return state.observers
        }
        while let event = pending.take() {
            for observer in observers { observer(event) }
        }
    }

    /// Returns when the observers have been told everything so far.
    func flush(isolation: isolated (any Actor)? = #isolation) async {
        guard !state.withLock({ $0.observers.isEmpty }) else { return }
        await withCheckedContinuation { continuation in
            queue.async {
                self.deliver()
                continuation.resume()
            }
        }
    }

    /// The same for a process that ends now; gives up after a second.
    func flushAtExit() {
        guard !pending.isEmpty || state.withLock(\.isDelivering), DispatchQueue.getSpecific(key: mark) == nil else {
            return
        }
        let done = DispatchSemaphore(value: 0)
        queue.async {
            self.deliver()
            done.signal()
        }
        _ = done.wait(timeout: .now() + 1)
    }

    // MARK: Consumers

    func subscribe() -> EventSubscription {
        let buffer = EventBuffer()
        let (id, isFinished) = state.withLock { state in
            state.nextID += 1
            if !state.isFinished { state.consumers[state.nextID] = buffer }
            return (state.nextID, state.isFinished)
        }
        if isFinished { buffer.finish() }
        isWanted.store(true, ordering: .releasing)
        return EventSubscription(buffer: buffer, hub: self, id: id)
    }

    fileprivate func unsubscribe(_ id: Int) {
        let follower = state.withLock { state -> HistoryFollower? in
            state.consumers[id] = nil
            isWanted.store(
                tap != nil || !state.observers.isEmpty || !state.consumers.isEmpty, ordering: .releasing)
            return state.consumers.isEmpty ? state.follower.take() : nil
        }
        follower?.stop()
    }

    /// The follower that runs, or this one, which is not started yet.
    func follow(_ make: () -> HistoryFollower) -> HistoryFollower? {
        let new = make()
        return state.withLock { state in
            guard state.follower == nil, !state.consumers.isEmpty else { return nil }
            state.follower = new
            return new
        }
    }

    /// A row of history that this process wrote.
    func recorded(_ row: Int64) { state.withLock(\.follower)?.recorded(row) }

    /// Looks for what others wrote, as the doorbell makes it do.
    func look() { state.withLock(\.follower)?.look() }

    /// Nothing more happens in this process.
    package func finish() {
        let (consumers, follower) = state.withLock { state in
            state.isFinished = true
            defer { state.consumers = [:] }
            return (state.consumers, state.follower.take())
        }
        follower?.stop()
        for consumer in consumers.values { consumer.finish() }
    }
}

/// Keeps one consumer's buffer filled for as long as somebody holds it.
final class EventSubscription: Sendable {
    let buffer: EventBuffer
    private let hub: EventHub
    private let id: Int

    init(buffer: EventBuffer, hub: EventHub, id: Int) {
        self.buffer = buffer
        self.hub = hub
        self.id = id
    }

    deinit { hub.unsubscribe(id) }
}
