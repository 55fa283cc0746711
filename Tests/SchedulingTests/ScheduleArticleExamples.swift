// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// The Swift blocks of the article on schedules, retries and conditions. They are compiled, not run.

import Scheduling

private func fetchFeeds(of account: String) async throws -> Int { 200 }
private func sendReport() async throws {}

struct ScheduleArticleExamples {
    let scheduler: TaskScheduler

    func recurring() throws {
        // [example]
        let request = ProcessingTaskRequest(identifier: "index")
        request.schedule = .every(.seconds(6 * 3600), flex: .seconds(1800))
        try scheduler.submit(request)  // at each start of the program: the grid stays as it is
        // [end]
    }

    func calendar() throws {
        // [example]
        let report = ProcessingTaskRequest(identifier: "report")
        report.schedule = .calendar(try .weekly(on: .monday, .friday, at: .init(9, 30)))
        let accounts = ProcessingTaskRequest(identifier: "accounts")
        accounts.schedule = .calendar(try .monthly(on: .last, at: .init(18)), timeZone: "Europe/Warsaw")
        try scheduler.submit(contentsOf: [report, accounts])
        // [end]
    }

    func missed(_ request: ProcessingTaskRequest) {
        // [example]
        request.missedRuns = .runAll(max: 24)  // the report of each missed hour is wanted
        request.startDeadline = .seconds(3600)  // a run that comes later is of no use: it is skipped
        request.jitter = .seconds(600)  // a thousand machines do not ask the server in one second
        // [end]
    }

    func retrying() {
        // [example]
        scheduler.register(forTaskWithIdentifier: "feeds") { context in
            let account = try context.input(as: String.self) ?? "default"
            let status = try await fetchFeeds(of: account)
            if status == 503 { throw TaskRetry(after: .seconds(1800)) }  // the server said when
        }
        // [end]
    }

    func retryPolicy() throws {
        // [example]
        let request = ProcessingTaskRequest(identifier: "feeds")
        request.requirements = [.unmeteredNetwork, .batteryNotLow]
        request.retry = .exponential(.seconds(60), maximum: .seconds(6 * 3600), attempts: 8)
        request.tags = ["account-7"]
        try request.setInput("account-7")
        try scheduler.submit(request)
        // [end]
    }

    func following() throws {
        // [example]
        let report = ProcessingTaskRequest(identifier: "report")
        report.follows = "index"  // when that has succeeded; if it fails for good, the report is skipped
        try scheduler.submit(contentsOf: [ProcessingTaskRequest(identifier: "index"), report])
        // [end]
    }

    func observing() {
        // [example]
        let watching = Task {
            for await event in scheduler.events where event.kind == .ended {
                print(event.date, event.identifier ?? "", event.outcome ?? .failed, event.duration ?? .zero)
            }
        }
        // … until the window is closed
        watching.cancel()
        // [end]

        // [example]
        scheduler.onEvent { event in
            print("[\(event.kind.rawValue)] \(event)")  // your logger: called in order, on a queue of its own
        }
        // [end]
    }
}
