// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// The second example of the README: how those who use the package test their own tasks.

// [example]
import Scheduling
import SchedulingTesting
import Testing

@Test("the cleanup waits for external power, and runs once it is there")
func cleanup() async throws {
    let time = ManualTime()
    let host = try TestScheduler(time: time) { scheduler in  // what the program's `main` registers
        scheduler.register(forTaskWithIdentifier: "cleanup") { _ in try await time.sleep(for: .seconds(60)) }
    }
    host.power = .battery
    let request = ProcessingTaskRequest(identifier: "cleanup")
    request.requiresExternalPower = true
    try host.scheduler.submit(request)
    try await host.advance(by: .seconds(60))
    #expect(try host.scheduler.explain("cleanup").state == .waiting)
    host.power = .external
    try await host.advance(by: .seconds(15 * 60))  // the next look at it, and its run
    #expect(try host.scheduler.history(for: "cleanup").map(\.outcome) == [.succeeded])
}
// [end]
