// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks
import Scheduling

// One file that knows both names.

func bothNames() async throws {
    let scheduler: Scheduling.TaskScheduler = BGTaskScheduler.shared
    let request: TaskRequest = BGAppRefreshTaskRequest(identifier: "a")
    try scheduler.submit(request)
    scheduler.register(forTaskWithIdentifier: "a") { context in print(context.identifier) }
    let date: Date = .now
    let queue: dispatch_queue_t = DispatchQueue.main
    let explanation: TaskExplanation = try scheduler.explain("a")
    let entries: [HistoryEntry] = try scheduler.history()
    print(date, queue, explanation, entries, scheduler.backend)
}
