// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import Synchronization

/// A program that comes to a store in which much is due, and runs all of it.
struct Burning {
    private let scheduler: TaskScheduler

    init(_ scheduler: TaskScheduler) { self.scheduler = scheduler }

    /// Handlers of no actor, which run beside each other. `end` finishes with the last of them.
    private func register(count: Int, _ end: AsyncStream<Void>.Continuation) {
        let left = Counter(count)
        for number in 1...max(1, count) {
            scheduler.register(forTaskWithIdentifier: "task.bulk.\(number)", using: nil) { task in
                task.setTaskCompleted(success: true)
                if left.isLast { end.finish() }
            }
        }
    }

    private final class Counter: Sendable {
        private let left: Mutex<Int>
        init(_ count: Int) { left = Mutex(count) }

        /// True once, at the last of so many calls.
        var isLast: Bool {
            left.withLock { left in
                left -= 1
                return left == 0
            }
        }
    }

    /// From before the store is opened until `run()` has returned: every end is recorded then.
    @MainActor func run(count: Int) async throws {
        let (ends, end) = AsyncStream<Void>.makeStream()
        register(count: count, end)
        let scheduler = scheduler
        let start = Clock.monotonic()
        let running = Task { @MainActor in try await scheduler.run() }
        for await _ in ends {}
        running.cancel()
        try await running.value
        Subject.say("\(Clock.monotonic() - start)")
    }
}
