// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Testing

@Suite("Tasks of health studies")
struct HealthResearchTests {
    private let diary = Diary()

    @Test("a health research request waits for its conditions and runs as a health research task")
    func runs() async throws {
        let test = try TestScheduler { [diary] scheduler in
            scheduler.register(forTaskWithIdentifier: "study", using: nil) { task in
                diary.note("\(type(of: task)) \(task is BGProcessingTask)")
                task.setTaskCompleted(success: true)
            }
        }
        test.power = .battery
        let request = BGHealthResearchTaskRequest(identifier: "study")
        request.requiresExternalPower = true
        try test.scheduler.submit(request)
        let pending = await test.scheduler.pendingTaskRequests()
        #expect(pending.map { ($0 as? BGHealthResearchTaskRequest)?.requiresExternalPower } == [true])
        try await test.advance(by: .seconds(3600))
        #expect(diary.all.isEmpty)
        test.power = .external
        try await test.advance(by: .seconds(3600))
        #expect(diary.all == ["BGHealthResearchTask true"])
    }

    @Test("the protection type has Apple's default, and a copy has what was set")
    func protection() {
        let request = BGHealthResearchTaskRequest(identifier: "study")
        #expect(request.protectionTypeOfRequiredData == "NSFileProtectionCompleteUntilFirstUserAuthentication")
        request.protectionTypeOfRequiredData = "NSFileProtectionComplete"
        request.requiresNetworkConnectivity = true
        let copy = request.copy() as? BGHealthResearchTaskRequest
        #expect(copy?.protectionTypeOfRequiredData == "NSFileProtectionComplete")
        #expect(copy?.requiresNetworkConnectivity == true)
    }
}
