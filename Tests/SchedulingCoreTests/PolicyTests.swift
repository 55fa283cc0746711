// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@testable import SchedulingCore

@Suite("Policies")
struct PolicyTests {
    private func dead(_ attempts: Int) -> Occurrence {
        Occurrence(
            id: 1, request: 1, identifier: "a", kind: .refresh, instant: .epoch, eligible: .epoch, attempts: attempts,
            submitted: .epoch)
    }

    let now = WallTime(microseconds: 1_000_000_000_000)

    @Test("after the first death a run is due at once, then later each time, then it is given up")
    func recovery() {
        let policy = RunPolicy()
        let verdicts = (1...5).map { policy.recovery(dead($0), now: now) }
        #expect(
            verdicts == [
                .again(at: now), .again(at: now.advanced(by: .seconds(30))), .again(at: now.advanced(by: .seconds(60))),
                .again(at: now.advanced(by: .seconds(120))), .giveUp,
            ])
    }

    @Test("a retry delay of ages is cut to the longest one, and never overflows")
    func hugeRetryDelay() {
        var policy = RunPolicy()
        policy.maximumAttempts = 100
        policy.retryDelay = .seconds(Int64.max)
        #expect(policy.recovery(dead(50), now: now) == .again(at: now.advanced(by: .seconds(3600))))
    }

    @Test("a handler that asks for another try in ages gets one in a year, and one in the past gets one at once")
    func hugeAskedDelay() {
        let policy = RunPolicy()
        #expect(policy.retry(dead(0), asked: .seconds(Int64.max)).delay == .seconds(366 * 86_400))
        #expect(policy.retry(dead(0), asked: .seconds(-5)).delay == .zero)
        #expect(policy.retry(dead(0), asked: .seconds(86_400)).delay == .seconds(86_400))
    }

    @Test("the wake-up is the earliest instant, and never later than the watchdog while something runs")
    func wakeTarget() {
        let policy = RunPolicy()
        let soon = now.advanced(by: .seconds(10))
        let late = now.advanced(by: .seconds(10_000))
        func instant(_ earliest: WallTime?, _ isRunning: Bool, _ runner: LiveRunner = .none) -> WallTime? {
            WakeTarget(earliest: earliest, isRunning: isRunning).instant(now: now, runner: runner, policy: policy)
        }
        #expect(instant(nil, false) == nil)
        #expect(instant(late, false) == late)
        #expect(instant(nil, true) == now.advanced(by: .seconds(120)))
        #expect(instant(late, true) == now.advanced(by: .seconds(120)))
        #expect(instant(soon, true) == soon)
        #expect(instant(soon, false, .acting) == soon.advanced(by: .seconds(5)))
        #expect(instant(now.advanced(by: .seconds(-60)), false, .acting) == now.advanced(by: .seconds(5)))
        #expect(instant(now, false, .held) == now.advanced(by: .seconds(120)))
    }

    @Test(
        "a wake-up covers what is due after it, if it lies ahead or its launch is under way, and its manager is the same"
    )
    func covers() {
        let armed = ArmedWakeup(name: "n", instant: now.advanced(by: .seconds(10)), generation: "g")
        func covers(
            _ due: Int, at time: Int = 0, generation: String = "g", isLaunching: Bool = false, slack: Int = 0
        ) -> Bool {
            var armed = armed
            armed.slack = .seconds(slack)
            return armed.covers(
                now.advanced(by: .seconds(due)), now: now.advanced(by: .seconds(time)), generation: generation,
                isLaunching: isLaunching)
        }
        #expect(covers(10))
        #expect(!covers(9))
        #expect(!covers(20, generation: "other"))
        #expect(covers(20, at: 9))
        #expect(!covers(20, at: 10))
        #expect(covers(20, at: 10, isLaunching: true))
        #expect(!covers(9, at: 10, isLaunching: true))
        #expect(covers(5, slack: 5))
    }

    @Test("times saturate instead of overflowing")
    func saturation() {
        #expect(WallTime.distantFuture.advanced(by: .seconds(1)) == .distantFuture)
        #expect(WallTime.distantPast.advanced(by: .seconds(-1)) == .distantPast)
        #expect(now.advanced(by: .seconds(Int64.max)) == .distantFuture)
        #expect(WallTime.distantPast.distance(to: .distantFuture) == .microseconds(Int64.max))
    }

    @Test("an identifier is refused when it is empty, huge or has a control character, and only then")
    func identifiers() throws {
        for good in ["a", "org.example.app/refresh", "💡", "a@b%c", String(repeating: "x", count: 255)] {
            try TaskIdentifier.validate(good)
        }
        for bad in ["", "a\nb", "a\u{0}b", String(repeating: "x", count: 256)] {
            #expect(throws: SchedulingFailure.self) { try TaskIdentifier.validate(bad) }
        }
    }
}
