// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingRuntime
import Synchronization

/// The executors of one process's async runs, one each.
final class Executors: Sendable {
    /// Of runs that are over nothing is kept: a test may let years pass.
    private struct Entry: Sendable {
        weak var run: TaskRun?
        let executor: CountingExecutor
    }
    private let executors = Mutex<[Int64: Entry]>([:])
    private let onJob: @Sendable () -> Void
    private let onIdle: @Sendable () -> Void

    init(onJob: @escaping @Sendable () -> Void, onIdle: @escaping @Sendable () -> Void) {
        self.onJob = onJob
        self.onIdle = onIdle
    }

    func executor(for run: TaskRun) -> CountingExecutor {
        let executor = CountingExecutor(onJob: onJob, onIdle: onIdle)
        executors.withLock { executors in
            executors = executors.filter { $0.value.run != nil || !$0.value.executor.isIdle }
            executors[run.occurrence.id] = Entry(run: run, executor: executor)
        }
        return executor
    }

    func existing(for run: TaskRun) -> CountingExecutor? {
        executors.withLock { $0[run.occurrence.id]?.executor }
    }
}
