// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Synchronization
import Testing

@Suite("Many tasks that are due")
struct ManyTasksTests {
    let time = ManualTime()
    let working = Working()

    /// How many handlers work, and how many did at most.
    final class Working: Sendable {
        private let counts = Mutex((now: 0, most: 0))

        func during(_ body: () -> Void) {
            counts.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            body()
            counts.withLock { $0.now -= 1 }
        }
        var most: Int { counts.withLock { $0.most } }
    }

    @Test("two hundred that are due at once run in one launch, each once, no more than sixteen at once")
    func burnDown() async throws {
        let diary = Diary()
        let identifiers = (0..<200).map { "task.\($0)" }
        let test = try TestScheduler(time: time, configuration: .init(limits: .unlimited)) {
            [diary, working] scheduler in
            for identifier in identifiers {
                scheduler.register(forTaskWithIdentifier: identifier, using: nil) { task in
                    working.during { diary.note(task.identifier) }
                    task.setTaskCompleted(success: true)
                }
            }
        }
        for identifier in identifiers { try test.scheduler.submitRefresh(identifier, in: 60, now: time) }
        try await test.advance(by: .seconds(60))
        #expect(diary.all.count == 200)
        #expect(Set(diary.all) == Set(identifiers))
        #expect((1...16).contains(working.most))
        #expect(test.launchCount == 1)
        for identifier in identifiers { #expect(try test.scheduler.outcomes(identifier) == [.succeeded]) }
        #expect(test.wakeups.isEmpty)
    }

    @Test("one whose condition is met is not hidden by a hundred whose conditions are not")
    func waiting() async throws {
        let diary = Diary()
        let hundred = (0..<100).map { "power.\($0)" }
        let test = try TestScheduler(time: time, configuration: .init(limits: .unlimited)) { [diary] scheduler in
            for identifier in hundred + ["network"] {
                scheduler.register(forTaskWithIdentifier: identifier, using: nil) { task in
                    diary.note(task.identifier)
                    task.setTaskCompleted(success: true)
                }
            }
        }
        test.power = .battery
        test.network = .offline
        try test.startResident()
        // All wait for both; the network comes back before the power does.
        for identifier in hundred {
            try test.scheduler.submitProcessing(identifier, power: true, network: true, now: time)
        }
        try await test.advance(by: .zero)
        try test.scheduler.submitProcessing("network", network: true, now: time)
        try await test.advance(by: .zero)
        #expect(diary.all.isEmpty)
        test.network = .online
        try await test.advance(by: .zero)
        #expect(diary.all == ["network"])
        test.power = .external
        try await test.advance(by: .zero)
        #expect(Set(diary.all) == Set(hundred + ["network"]))
        #expect(diary.all.count == 101)
    }
}
