// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore
import Synchronization

/// What is decided about the app's tasks, as it happens: `for await event in scheduler.events { … }`.
///
/// Everything that this process decides is in it, in order, each thing once; of other processes of the app, what they write
/// into history (ends of runs above all) as soon as it is written, marked `isElsewhere`. Other processes are heard where the
/// kernel has inotify(7); nothing is polled. It begins with the call of `events`, and ends when the consumer stops (its Swift
/// task is cancelled, the loop is left): the scheduler never waits for anybody. A consumer that is slow keeps the newest
/// 1,000 events; in the place of those that were left out it gets one of the kind `.missed` with their number.
public struct TaskEvents: AsyncSequence, Sendable {
    /// What has happened since the sequence was made: for the first one who iterates.
    private final class Start: Sendable {
        let subscription: Mutex<EventSubscription?>
        init(_ subscription: EventSubscription) { self.subscription = Mutex(subscription) }
    }
    private let start: Start
    private let hub: EventHub

    init(_ subscription: EventSubscription, hub: EventHub) {
        start = Start(subscription)
        self.hub = hub
    }

    /// An iterator; the second one and later ones of the same sequence begin with the call.
    public func makeAsyncIterator() -> Iterator {
        Iterator(subscription: start.subscription.withLock { $0.take() } ?? hub.subscribe())
    }

    /// Takes one event after the other.
    public struct Iterator: AsyncIteratorProtocol {
        let subscription: EventSubscription

        /// The next event; nil when the Swift task was cancelled, or nothing can happen any more.
        public mutating func next() async -> TaskEvent? { await subscription.buffer.next(isolation: nil) }

        /// The next event, for a caller on an actor.
        public mutating func next(isolation actor: isolated (any Actor)?) async -> TaskEvent? {
            await subscription.buffer.next(isolation: actor)
        }
    }
}
