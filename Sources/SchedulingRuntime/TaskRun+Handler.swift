// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import SchedulingCore

extension LaunchHandlers {
    /// Starts the handler of a run, where it wants to run; returns at once.
    func start(_ run: TaskRun, _ environment: SchedulingEnvironment) {
        switch self[run.occurrence.identifier] {
        case nil: run.complete(failure: "no handler is registered for it")
        case .closure(let place, let box):
            run.launchActor = place.actor
            // A queue or an actor that is busy may come to it after the run was closed: then it is not begun.
            place.start("background.task") { if !run.isCompleted { box.handler(run.makeTask()) } }
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
            run.setExpirationHandler(HandlerBox { task.cancel() }, in: .background)
        }
    }
}

extension TaskRun {
    /// Calls the expiration handler on a queue of its own; without one, the run counts as completed without success.
    func tellToStop(_ reason: ExpirationReason, _ environment: SchedulingEnvironment) {
        guard let (box, place) = expire(reason) else {
            return complete(failure: "had no expiration handler")  // without effect if it is complete
        }
        let onProgress = environment.onProgress
        place.start("background.expiration") {
            box.handler()
            self.expirationWasHandled()
            onProgress()
        }
    }
}
