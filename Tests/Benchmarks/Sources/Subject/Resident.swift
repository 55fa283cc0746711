// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Glibc
import Scheduling

/// A program that stays: for each line with an instant on standard input it submits a request for it, and the handler
/// says what the clock read on its first line.
struct Resident {
    private let scheduler: TaskScheduler

    init(_ scheduler: TaskScheduler) { self.scheduler = scheduler }

    /// A handler of no actor, which runs in the background.
    private func register() {
        scheduler.register(forTaskWithIdentifier: "task.due", using: nil) { task in
            let now = Clock.wall()
            Subject.say("\(now)")
            task.setTaskCompleted(success: true)
        }
    }

    /// One that belongs to the main actor, as the closures of a `main.swift` do.
    @MainActor private func registerOnMainActor() {
        scheduler.register(forTaskWithIdentifier: "task.due", using: nil) { task in
            let now = Clock.wall()
            Subject.say("\(now)")
            task.setTaskCompleted(success: true)
        }
    }

    /// On the main thread, as the first lines of a `main.swift` are.
    @MainActor func run(onMainActor: Bool = false) async throws {
        if onMainActor { registerOnMainActor() } else { register() }
        let scheduler = scheduler
        // Reading blocks, so it has a thread of its own, as in a program that serves somebody.
        Thread.detachNewThread {
            while let line = readLine() {
                do {
                    try scheduler.submit(.refresh("task.due", at: Subject.number(line)))
                    Subject.say("submitted")
                } catch {
                    Subject.fail("\(error)")
                }
            }
            exit(0)
        }
        try await scheduler.run()
    }
}
