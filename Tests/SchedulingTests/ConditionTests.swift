// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling
import SchedulingTesting
import Testing

@Suite("Conditions of tasks")
struct ConditionTests {
    private struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var requirement: Requirement
        var reason: ExpirationReason
        var lose: @Sendable (TestScheduler) -> Void
        var regain: @Sendable (TestScheduler) -> Void
        var forget: @Sendable (TestScheduler) -> Void
    }

    private static let cases: [Case] = [
        Case(
            testDescription: "power", requirement: .externalPower, reason: .powerLost, lose: { $0.power = .battery },
            regain: { $0.power = .external }, forget: { $0.power = nil }),
        Case(
            testDescription: "network", requirement: .network, reason: .networkLost, lose: { $0.network = .offline },
            regain: { $0.network = .online }, forget: { $0.network = nil }),
        Case(
            testDescription: "metered", requirement: .unmeteredNetwork, reason: .networkMetered,
            lose: { $0.isNetworkMetered = true }, regain: { $0.isNetworkMetered = false },
            forget: { $0.isNetworkMetered = nil }),
        Case(
            testDescription: "constrained", requirement: .unconstrainedNetwork, reason: .networkConstrained,
            lose: { $0.isNetworkConstrained = true }, regain: { $0.isNetworkConstrained = false },
            forget: { $0.isNetworkConstrained = nil }),
        Case(
            testDescription: "battery", requirement: .batteryNotLow, reason: .batteryLow,
            lose: { $0.batteryLevel = 0.15 }, regain: { $0.batteryLevel = 0.21 }, forget: { $0.batteryLevel = nil }),
        Case(
            testDescription: "storage", requirement: .storageNotLow, reason: .storageLow,
            lose: { $0.freeStorage = 500 << 20 }, regain: { $0.freeStorage = 601 << 20 },
            forget: { $0.freeStorage = nil }),
        Case(
            testDescription: "load", requirement: .lowLoad, reason: .loadHigh, lose: { $0.load = 0.4 },
            regain: { $0.load = 0.19 }, forget: { $0.load = nil }),
        Case(
            testDescription: "user", requirement: .userIdle, reason: .userActive, lose: { $0.isUserIdle = false },
            regain: { $0.isUserIdle = true }, forget: { $0.isUserIdle = nil }),
    ]

    private let diary = Diary()
    private let time = ManualTime()

    /// A program that stays, with a task that works for a minute.
    private func resident() throws -> TestScheduler {
        let test = try TestScheduler(time: time) { [diary, time] scheduler in
            scheduler.register(forTaskWithIdentifier: "a") { context in
                diary.note("attempt \(context.attempt)")
                do {
                    try await time.sleep(for: .seconds(60))
                    diary.note("done")
                } catch {
                    diary.note("\(context.expirationReason.map { "\($0.rawValue)" } ?? "for nothing")")
                    throw error
                }
            }
        }
        try test.startResident()
        return test
    }

    private func submit(_ requirement: Requirement, to test: TestScheduler) throws {
        let request = ProcessingTaskRequest(identifier: "a")
        request.requirements = requirement
        try test.scheduler.submit(request)
    }

    @Test("a run that loses its condition is told why, is due again, and runs when it is back", arguments: cases)
    private func lost(lose: Case) async throws {
        let test = try resident()
        try submit(lose.requirement, to: test)
        try await test.ring()
        #expect(diary.all == ["attempt 1"])
        lose.lose(test)
        try await test.advance(by: .seconds(30))
        #expect(diary.all == ["attempt 1", "\(lose.reason.rawValue)"])
        let reasons = try test.scheduler.explain("a").reasons
        #expect(reasons.map(\.what) == lose.requirement.names)
        #expect(reasons.allSatisfy { $0.source == "simulated" && $0.seenDate == time.date })
        lose.regain(test)
        try await test.advance(by: .seconds(61))
        #expect(diary.all == ["attempt 1", "\(lose.reason.rawValue)", "attempt 1", "done"])
        let history = try test.scheduler.history(for: "a").reversed()
        #expect(history.map(\.outcome) == [.interrupted, .succeeded])
        #expect(history.map(\.reason) == [lose.reason, nil])
    }

    @Test("a condition that nobody can tell holds nothing back, and stops nothing", arguments: cases)
    private func unknown(condition: Case) async throws {
        let test = try resident()
        condition.lose(test)
        condition.forget(test)
        try submit(condition.requirement, to: test)
        try await test.ring()
        #expect(diary.all == ["attempt 1"])
        try await test.advance(by: .seconds(61))
        #expect(diary.all == ["attempt 1", "done"])
    }

    @Test("a task that waits is told of all that it lacks, and starts with the last of it")
    func several() async throws {
        let test = try resident()
        for condition in Self.cases { condition.lose(test) }
        try submit(Requirement(Self.cases.map(\.requirement)), to: test)
        try await test.ring()
        #expect(try test.scheduler.explain("a").reasons.count == 6, "without a network, its kind is no reason")
        for condition in Self.cases.shuffled() {
            #expect(diary.all.isEmpty)
            condition.regain(test)
            try await test.advance(by: .zero)
        }
        #expect(diary.all == ["attempt 1"])
        #expect(try test.scheduler.explain("a").reasons.isEmpty)
        try await test.advance(by: .seconds(61))
    }

    @Test("values that tremble around a threshold do not stop a run")
    func trembling() async throws {
        let test = try resident()
        try submit([.lowLoad, .batteryNotLow, .storageNotLow], to: test)
        try await test.ring()
        for step in 0..<20 {
            test.load = step.isMultiple(of: 2) ? 0.39 : 0.18
            test.batteryLevel = step.isMultiple(of: 2) ? 0.16 : 0.21
            test.freeStorage = step.isMultiple(of: 2) ? 501 << 20 : 601 << 20
            try await test.advance(by: .seconds(1))
        }
        try await test.advance(by: .seconds(60))
        #expect(diary.all == ["attempt 1", "done"])
    }

    @Test("a value far out of range is the nearest one in range")
    func outOfRange() async throws {
        let test = try resident()
        test.load = .infinity
        test.batteryLevel = -7
        test.freeStorage = .min
        try submit([.lowLoad, .batteryNotLow, .storageNotLow], to: test)
        try await test.ring()
        let seen = try test.scheduler.explain("a").reasons.map(\.observed)
        #expect(
            seen == [
                "0 % left, says simulated", "0 MiB of 102400 MiB free, says simulated",
                "work waited 100 % of the time, says simulated",
            ])
        test.load = -.infinity
        test.batteryLevel = 900
        test.freeStorage = .max
        try await test.advance(by: .seconds(61))
        #expect(diary.all == ["attempt 1", "done"])
    }
}
