// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingRuntime
import Synchronization

/// The executors of one process's async runs, one each.
final class Executors: Sendable {
    private let executors = Mutex<[Int64: CountingExecutor]>([:])
    private let onIdle: @Sendable () -> Void

    init(onIdle: @escaping @Sendable () -> Void) { self.onIdle = onIdle }

    func executor(for run: TaskRun) -> CountingExecutor {
        let executor = CountingExecutor(onIdle: onIdle)
        executors.withLock { $0[run.occurrence.id] = executor }
        return executor
    }

    func existing(for run: TaskRun) -> CountingExecutor? {
        executors.withLock { $0[run.occurrence.id] }
    }
}
