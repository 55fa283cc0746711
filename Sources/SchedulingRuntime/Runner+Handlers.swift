// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore
import Synchronization

/// The handlers of a runner's runs: each is started once, and told to stop.
extension Runner {
    func start(_ occurrence: Occurrence) {
        handlers.start(begin(occurrence), environment, on: threads)
        // Afterwards: the handler does not wait for those who watch.
        environment.emit(.started, of: occurrence)
    }

    /// From here on it is a run of this process; its handler is called next.
    func begin(_ occurrence: Occurrence) -> TaskRun {
        let run = TaskRun(occurrence) { [weak self, handlers] failure, retryAfter in
            CrashPoint.pass(.afterHandler)
            handlers.returned(occurrence.id)
            if let self, state.withLock({ $0.result == nil }) {
                append(.completed(occurrence.id, failure: failure, retryAfter: retryAfter))
                // While handlers wait their ends come together, and go into one commit.
                if !threads.leave({ [weak self] in self?.work() }) { work() }
            } else {
                // Its run was closed: the runner that is at it now may start its identifier again.
                handlers.tellReturn(occurrence.id)
            }
        }
        state.withLock { $0.runs[occurrence.id] = run }
        handlers.began(occurrence)
        CrashPoint.pass(.beforeHandler)
        return run
    }

    func expire(_ id: Int64, _ reason: ExpirationReason) {
        guard let run = state.withLock({ $0.runs[id] }) else { return }
        environment.emit(.expiring, of: run.occurrence) { $0.reason = reason }
        if !run.tellToStop(reason, environment) { enqueue(.cannotBeTold(id)) }
    }
}
