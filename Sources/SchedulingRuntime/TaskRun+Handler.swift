// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import SchedulingCore

/// A serial queue for one piece of work, so that pieces of work run side by side. Not one concurrent queue: Dispatch
/// watches the threads of its shared pool with a timer that wakes the process once a second, from the first use of the
/// pool until the process ends. The threads of serial queues are not of that pool.
private func queueOfItsOwn(_ label: String) -> DispatchQueue { DispatchQueue(label: label) }

extension LaunchHandlers {
    /// Starts the handler of a run, where it wants to run; returns at once.
    func start(_ run: TaskRun, _ environment: SchedulingEnvironment) {
        switch self[run.occurrence.identifier] {
        case nil: run.complete(failure: "no handler is registered for it")
        // A queue that is busy may come to it after the run was closed: then it is not begun.
        case .closure(let queue, let box): queue.async { if !run.isCompleted { box.handler(run.makeTask()) } }
        case .defaultQueue(let box):
            queueOfItsOwn("background.task").async { if !run.isCompleted { box.handler(run.makeTask()) } }
        case .async(let handler):
            let context = BGTaskContext(run: run)
            let task = Task(executorPreference: environment.executor?(run)) {
                do {
                    try await handler(context)
                    run.complete(failure: nil)
                } catch {
                    run.complete(failure: "threw \(String(String(describing: error).prefix(500)))")
                }
            }
            run.expirationHandler = HandlerBox { task.cancel() }
        }
    }
}

extension TaskRun {
    /// Calls the expiration handler on a queue of its own; without one, the run counts as completed without success.
    func tellToStop(_ reason: ExpirationReason, _ environment: SchedulingEnvironment) {
        guard let box = expire(reason) else {
            return complete(failure: "had no expiration handler")  // without effect if it is complete
        }
        let onProgress = environment.onProgress
        queueOfItsOwn("background.expiration").async {
            box.handler()
            self.expirationWasHandled()
            onProgress()
        }
    }
}
