// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import Synchronization

/// Runs the jobs of one run, or of one simulated process, in order, and knows when none is left.
final class CountingExecutor: TaskExecutor {
    /// Weak: the queue belongs to the executor, and would keep it for ever.
    private struct Owner: Sendable { weak var executor: CountingExecutor? }
    private static let current = DispatchSpecificKey<Owner>()

    private let queue = DispatchQueue(label: "background.testing")
    private let unfinished = Mutex(0)
    private let onJob: @Sendable () -> Void
    private let onIdle: @Sendable () -> Void

    /// `onJob` hears of each job once it counts, `onIdle` when none is left.
    init(onJob: @escaping @Sendable () -> Void, onIdle: @escaping @Sendable () -> Void) {
        self.onJob = onJob
        self.onIdle = onIdle
        queue.setSpecific(key: CountingExecutor.current, value: Owner(executor: self))
    }

    /// The executor whose job the calling thread runs.
    static var ofThisThread: CountingExecutor? { DispatchQueue.getSpecific(key: current)?.executor }

    var isIdle: Bool { unfinished.withLock { $0 == 0 } }

    func enqueue(_ job: consuming ExecutorJob) {
        unfinished.withLock { $0 += 1 }
        onJob()
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
            let isIdle = self.unfinished.withLock { count in
                count -= 1
                return count == 0
            }
            if isIdle { self.onIdle() }
        }
    }
}
