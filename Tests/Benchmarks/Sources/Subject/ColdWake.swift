// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Glibc
import Scheduling

/// A program that submits and exits, and is started by systemd when the request is due.
struct ColdWake {
    private let scheduler: TaskScheduler
    private let directory: String
    private let began: Int64

    init(_ scheduler: TaskScheduler, _ directory: String, began: Int64) {
        self.scheduler = scheduler
        self.directory = directory
        self.began = began
        let result = directory + "/cold"
        scheduler.register(forTaskWithIdentifier: "task.cold", using: nil) { task in
            let now = Clock.wall()
            ColdWake.write("\(began) \(now) \(getpid())\n", to: result)
            task.setTaskCompleted(success: true)
        }
    }

    func submit(at instant: Int) throws {
        try scheduler.submit(.refresh("task.cold", at: instant))
    }

    @MainActor func launched() async throws {
        guard try await scheduler.handleBackgroundLaunch() else { Subject.fail("this is no background launch") }
    }

    /// Whole, under its name at once: somebody is waiting for it.
    private static func write(_ line: String, to path: String) {
        guard let file = fopen(path + ".new", "w") else { return }
        fputs(line, file)
        fclose(file)
        rename(path + ".new", path)
    }
}
