// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// The example of the article on testing with BackgroundTasks; what it tests is in ArticleExamples.swift.

// [example]
import BackgroundTasks
import SchedulingTesting
import Testing

@Test("the refresh submits the next one")
func refreshRepeats() async throws {
    let host = try TestScheduler { scheduler in registerTasks(with: scheduler) }
    try host.scheduler.submit(BGAppRefreshTaskRequest(identifier: "org.example.reader.refresh"))
    try await host.advance(by: .seconds(1))
    #expect(try host.scheduler.history(for: "org.example.reader.refresh").map(\.outcome.description) == ["succeeded"])
    #expect(await host.scheduler.pendingTaskRequests().count == 1)
}
// [end]
