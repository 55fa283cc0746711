// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling
import SchedulingTesting
import Synchronization
import Testing

@Suite("Random lives of schedules")
struct RandomSchedulesTests {
    /// SplitMix64: the same life for the same seed.
    private struct Random: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var word = state
            word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
            word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
            return word ^ (word >> 31)
        }
    }
    private struct Failed: Error {}

    private func schedule(_ random: inout Random) throws -> TaskSchedule {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: .every(.seconds(600))
        case 1: .every(.seconds(600), flex: .seconds(200))
        case 2: .after(.seconds(400))
        default: .calendar(try CalendarSchedule("*:0/10"))
        }
    }

    private func request(_ identifier: String, _ random: inout Random) throws -> ProcessingTaskRequest {
        let request = ProcessingTaskRequest(identifier: identifier)
        request.schedule = try schedule(&random)
        request.missedRuns = [.runOnce, .runAll(max: 3), .skip(olderThan: .seconds(250))].randomElement(using: &random)!
        request.overlap = OverlapPolicy.allCases.randomElement(using: &random)!
        request.retry = [.never, .linear(.seconds(90), attempts: 3)].randomElement(using: &random)!
        request.requiresExternalPower = Bool.random(using: &random)
        return request
    }

    @Test(
        "whatever dies, is set, fails or is submitted again: no schedule ends by itself, and a wake-up is armed",
        arguments: 1...12)
    func life(_ seed: UInt64) async throws {
        var random = Random(state: seed)
        let handlers = Mutex(Random(state: ~seed))
        let time = ManualTime(date: Date(timeIntervalSince1970: 1_774_612_800))
        let host = try TestScheduler(
            time: time, configuration: .init(limits: .unlimited, maximumAttempts: 2)
        ) { scheduler in
            for identifier in ["a", "b"] {
                scheduler.register(forTaskWithIdentifier: identifier) { _ in
                    let (rest, fails) = handlers.withLock { random in
                        ([0, 20, 700].randomElement(using: &random)!, Bool.random(using: &random))
                    }
                    if rest > 0 { try await time.sleep(for: .seconds(rest)) }
                    if fails { throw Failed() }
                }
            }
        }
        let requests = [try request("a", &random), try request("b", &random)]
        try host.scheduler.submit(contentsOf: requests)
        for step in 0..<40 {
            let move = Int.random(in: 0..<10, using: &random)
            switch move {
            case 0: host.crash()
            case 1: try await host.reboot(downFor: .seconds(Int64.random(in: 1...3000, using: &random)))
            case 2:
                let identifier = ["a", "b"].randomElement(using: &random)!
                try? host.scheduler.simulateLaunch(forTaskWithIdentifier: identifier)
            case 3: try host.scheduler.submit(requests.randomElement(using: &random)!)
            case 4: try await host.stepWallClock(by: .seconds([-900, -1, 1, 900].randomElement(using: &random)!))
            case 5: host.power = host.power == .battery ? .external : .battery
            case 6: try? host.scheduler.simulateExpiration(forTaskWithIdentifier: "a")
            default: break
            }
            try await host.advance(by: .seconds(Int64.random(in: 0...900, using: &random)))
            let pending = await host.scheduler.pendingTaskRequests()
            #expect(Set(pending.map(\.identifier)) == ["a", "b"], "seed \(seed), step \(step), move \(move)")
            #expect(!host.wakeups.isEmpty, "seed \(seed), step \(step), move \(move)")
        }
        host.power = .external
        let ran = try host.scheduler.history(limit: 1000).filter { $0.outcome == .succeeded }.count
        try await host.advance(by: .seconds(14_400))
        for identifier in ["a", "b"] {
            let rows = try host.scheduler.history(for: identifier, limit: 1000)
            let last = try #require(rows.first { $0.started != nil }?.ended)
            let silence = time.date.timeIntervalSince1970 - Double(last.microseconds) / 1e6
            #expect(silence < 7200, "seed \(seed) \(identifier)")
            let done = rows.filter { $0.outcome == .succeeded }.compactMap(\.scheduled)
            #expect(Set(done).count == done.count, "seed \(seed) \(identifier)")
        }
        #expect(try host.scheduler.history(limit: 1000).filter { $0.outcome == .succeeded }.count > ran)
        #expect(host.launchFailures.isEmpty, "\(host.launchFailures)")
    }
}
