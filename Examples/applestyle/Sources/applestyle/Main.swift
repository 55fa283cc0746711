// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// What a Linux program has instead of an app's delegate: this file, and one line in it that iOS does not need.

import BackgroundTasks

@main
enum Main {
    static func main() async throws {
        Journal.shared.registerTasks()
        if try await BGTaskScheduler.shared.handleBackgroundLaunch() { return }

        switch CommandLine.arguments.dropFirst().first {
        case "schedule":
            let delay = CommandLine.arguments.dropFirst(2).first.flatMap(TimeInterval.init) ?? 0
            Journal.shared.scheduleAppRefresh(in: delay)
            Journal.shared.scheduleDatabaseCleaning(in: delay + 1)
        case "export":
            let isDone = try await withCheckedThrowingContinuation { continuation in
                do {
                    try Journal.shared.export { continuation.resume(returning: $0) }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
            print(isDone ? "exported" : "not exported")
        case "pending":
            for request in await BGTaskScheduler.shared.pendingTaskRequests() { print(request.identifier) }
        case "history":
            for entry in try BGTaskScheduler.shared.history() {
                print("\(entry.identifier ?? "launch"): \(entry.outcome)")
            }
        default:
            for entry in Journal.shared.database.entries { print(entry.text) }
        }
    }
}
