// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

@preconcurrency import BackgroundTasks

// Apps of the Swift 6 transition say that tasks may travel.

extension BGTask: @unchecked @retroactive Sendable {}
extension BGTaskRequest: @unchecked @retroactive Sendable {}

actor FeedStore {
    private(set) var count = 0

    func refresh() async throws -> Int {
        count += 1
        return count
    }

    func pending() async -> [String] {
        await BGTaskScheduler.shared.pendingTaskRequests().map(\.identifier)
    }
}

final class AsyncRefresher: Sendable {
    let store = FeedStore()
    let identifier = "org.example.async"

    func register() {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { task in
            guard let task = task as? BGAppRefreshTask else { return }
            let work = Task {
                do {
                    _ = try await self.store.refresh()
                    task.setTaskCompleted(success: true)
                } catch {
                    task.setTaskCompleted(success: false)
                }
            }
            task.expirationHandler = { work.cancel() }
        }
    }

    func reschedule() async throws {
        let request = BGAppRefreshTaskRequest(identifier: identifier)
        request.earliestBeginDate = .now.addingTimeInterval(60)
        try await BGTaskScheduler.shared.submitTaskRequest(request)
        try BGTaskScheduler.shared.submit(request)
    }

    func pending() async -> [BGTaskRequest] {
        await withCheckedContinuation { continuation in
            BGTaskScheduler.shared.getPendingTaskRequests { continuation.resume(returning: $0) }
        }
    }
}
