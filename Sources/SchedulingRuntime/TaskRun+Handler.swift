// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import SchedulingCore

extension LaunchHandlers {
    /// Starts the handler of a run, where it wants to run; returns at once. `threads`: what calls it in the background.
    func start(_ run: TaskRun, _ environment: SchedulingEnvironment, on threads: HandlerThreads? = nil) {
        switch self[run.occurrence.identifier] {
        case nil: run.complete(failure: "no handler is registered for it")
        case .closure(let place, let box):
            run.launchActor = place.actor
            // A queue or an actor that is busy may come to it after the run was closed: then it is not begun.
            if case .background = place, environment.background == nil, let threads {
                threads.start { box.begin(run) }
            } else {
                place.start("background.task", background: environment.background) { box.begin(run) }
            }
        case .async(let handler):
            let context = BGTaskContext(run: run)
            let task = Task(executorPreference: environment.executor?(run)) {
                // As above: by then the run may be another process's.
                guard run.mayBegin else { return run.complete(failure: "was closed before it began") }
                do {
                    try await handler(context)
                    run.complete(failure: nil)
                } catch let retry as TaskRetry {
                    run.complete(failure: "asked for another try", retryAfter: retry.delay)
                } catch {
                    run.complete(failure: "threw \(String(String(describing: error).prefix(500)))")
                }
            }
            run.setExpirationHandler(HandlerBox { task.cancel() }, in: .background)
        }
    }
}

extension HandlerBox<(BGTask) -> Void> {
    /// Calls the handler; returns when it does.
    func begin(_ run: TaskRun) {
        if run.mayBegin {
            handler(run.makeTask())
        } else {
            run.complete(failure: "was closed before it began")
        }
    }
}

extension TaskRun {
    /// Calls the expiration handler where it belongs. False if there is none to call, so that the run cannot be told.
    func tellToStop(_ reason: ExpirationReason, _ environment: SchedulingEnvironment) -> Bool {
        guard let (box, place) = expire(reason) else { return false }
        let onProgress = environment.onProgress
        place.start("background.expiration", background: environment.background) {
            box.handler()
            self.expirationWasHandled()
            onProgress()
        }
        return true
    }
}
