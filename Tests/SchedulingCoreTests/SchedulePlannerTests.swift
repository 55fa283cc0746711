// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@testable import SchedulingCore

@Suite("The instants of schedules")
struct SchedulePlannerTests {
    private let planner = SchedulePlanner(hostSeed: 42)
    private let start = WallTime(microseconds: 1_767_225_600_000_000)

    private func after(_ seconds: Int64) -> WallTime { start.advanced(by: .seconds(seconds)) }

    private func advance(
        _ terms: RequestTerms, _ now: Int64, _ manner: SchedulePlanner.Manner = .claimed
    ) -> (next: Int64?, missed: Int64) {
        let advance = planner.advance(from: start, terms, identifier: "a", now: after(now), manner)
        return (
            advance.next.map { ($0.instant.microseconds - start.microseconds) / 1_000_000 }, advance.missed?.count ?? 0
        )
    }

    private func every(
        _ seconds: Int64, missed: MissedRunPolicy? = nil, deadline: Int64? = nil
    ) -> RequestTerms {
        RequestTerms(
            schedule: .every(.seconds(seconds)), missedRuns: missed, startDeadline: deadline.map { $0 * 1_000_000 })
    }

    @Test("the next instant is counted from the scheduled one, however late the run starts")
    func grid() {
        #expect(advance(every(60), 0) == (60, 0))
        #expect(advance(every(60), 59) == (60, 0))
    }

    @Test(
        "what passed meanwhile is made up for by the policy; the rest is counted as missed",
        arguments: [
            // 10 instants after the first have passed, the newest one 5 seconds ago.
            (MissedRunPolicy.runOnce, SchedulePlanner.Manner.claimed, Int64(660), Int64(10)),
            (.runOnce, .skipped, 600, 9),
            (.runAll(max: 4), .claimed, 480, 7),
            (.runAll(max: 100), .claimed, 60, 0),
            (.runAll(max: 1), .claimed, 660, 10),
            (.runAll(max: 4), .skipped, 420, 6),
            (.skip(olderThan: .seconds(70)), .claimed, 540, 8),
            (.skip(olderThan: .seconds(4)), .claimed, 660, 10),
            (.skip(olderThan: .seconds(70)), .skipped, 540, 8),
            (.runAll(max: 100), .overlapped, 660, 10),
        ])
    func missed(_ policy: MissedRunPolicy, _ manner: SchedulePlanner.Manner, _ next: Int64, _ missed: Int64) {
        #expect(advance(every(60, missed: policy), 605, manner) == (next, missed))
    }

    @Test("two centuries of missed runs take constant work, and no number overflows")
    func far() {
        let terms = every(1)
        let advance = planner.advance(
            from: .epoch, terms, identifier: "a", now: WallTime(microseconds: 7_258_118_400_000_000))
        #expect(advance.missed?.count == 7_258_118_400)
        #expect(advance.next?.instant == WallTime(microseconds: 7_258_118_401_000_000))
        let wild = planner.advance(from: .distantPast, terms, identifier: "a", now: .distantFuture)
        #expect(wild.next != nil)
    }

    @Test("a start deadline keeps only the missed instants that can still be met")
    func deadline() {
        #expect(advance(every(60, missed: .runAll(max: 100), deadline: 130), 605, .skipped) == (480, 7))
    }

    @Test("a schedule that counts from the end of a run knows the next only then")
    func delay() {
        let terms = RequestTerms(schedule: .after(.seconds(100)))
        #expect(advance(terms, 605).next == nil)
        #expect(planner.afterEnd(terms, identifier: "a", ended: after(7))?.instant == after(107))
    }

    @Test(
        "flex opens a window after the instant; jitter moves its end, by the same time on one host and another elsewhere"
    )
    func window() throws {
        let terms = RequestTerms(schedule: .every(.seconds(3600), flex: .seconds(600)), jitter: 300_000_000)
        let here = try planner.first(terms, identifier: "a", earliest: start)
        #expect(here.instant == start)
        #expect(here.waiting == .window)
        #expect((after(600)..<after(900)).contains(here.eligible))
        #expect(try planner.first(terms, identifier: "a", earliest: start) == here)
        let elsewhere = try SchedulePlanner(hostSeed: 43).first(terms, identifier: "a", earliest: start)
        #expect(elsewhere.eligible != here.eligible)
        #expect(try planner.first(terms, identifier: "b", earliest: start).eligible != here.eligible)
    }

    @Test(
        "a schedule that cannot be meant is refused with a sentence",
        arguments: [
            TaskSchedule.every(.zero), .every(.seconds(-5)), .every(.milliseconds(10)), .every(.seconds(Int64.max / 2)),
            .every(.seconds(60), flex: .seconds(61)), .every(.seconds(60), flex: .seconds(-1)), .after(.zero),
        ])
    func impossible(_ schedule: TaskSchedule) {
        #expect(throws: SchedulingFailure.self) { try schedule.validate() }
    }

    @Test("policies with numbers out of range are refused")
    func impossiblePolicies() {
        for terms in [
            RequestTerms(missedRuns: .runAll(max: 0)), RequestTerms(missedRuns: .runAll(max: 1001)),
            RequestTerms(missedRuns: .skip(olderThan: .zero)), RequestTerms(startDeadline: 0),
            RequestTerms(jitter: -1), RequestTerms(jitter: 86_400_000_001),
            RequestTerms(retry: .linear(.seconds(-1))), RequestTerms(retry: .exponential(attempts: 0)),
            RequestTerms(retry: .exponential(jitter: 1.5)), RequestTerms(retry: .exponential(jitter: .nan)),
            RequestTerms(retry: .linear(.seconds(100), maximum: .seconds(1))),
            RequestTerms(tags: [""]), RequestTerms(tags: (0...32).map { "t\($0)" }),
            RequestTerms(schedule: .every(.seconds(60), flex: .seconds(30)), startDeadline: 20_000_000),
            RequestTerms(startDeadline: 20_000_000, jitter: 30_000_000),
            RequestTerms(schedule: .every(.seconds(60), flex: .seconds(30)), jitter: 40_000_000),
        ] {
            #expect(throws: SchedulingFailure.self, "\(terms)") { try terms.validate() }
        }
    }

    @Test("retry delays grow as told, stop at the longest, and jitter takes away at most its part")
    func retries() {
        let linear = RetryPolicy.linear(.seconds(10), maximum: .seconds(35), attempts: 9, jitter: 0)
        #expect((1...5).map { linear.delay(after: $0, seed: 1) } == [10, 20, 30, 35, 35].map { .seconds($0) })
        let exponential = RetryPolicy.exponential(.seconds(10), maximum: .seconds(100), attempts: 9, jitter: 0)
        #expect((1...5).map { exponential.delay(after: $0, seed: 1) } == [10, 20, 40, 80, 100].map { .seconds($0) })
        #expect(exponential.delay(after: 1_000_000, seed: 1) == .seconds(100))
        let jittered = RetryPolicy.exponential(.seconds(10), maximum: .seconds(100), attempts: 9, jitter: 0.5)
        let delays = (0..<100).map { jittered.delay(after: 1, seed: $0) }
        #expect(delays.allSatisfy { $0 > .seconds(5) && $0 <= .seconds(10) })
        #expect(Set(delays).count > 90)
        #expect(jittered.delay(after: 1, seed: 7) == jittered.delay(after: 1, seed: 7))
    }
}
