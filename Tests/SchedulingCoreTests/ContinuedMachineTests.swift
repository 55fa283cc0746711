// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@testable import SchedulingCore

@Suite("The machine of continued tasks")
struct ContinuedMachineTests {
    var machine = ContinuedMachine(grace: .seconds(5))

    func at(_ seconds: Int64) -> Moment {
        Moment(wall: WallTime(microseconds: seconds * 1_000_000), boot: 0, awake: seconds * 1_000_000)
    }
    func request(_ number: Int64, _ identifier: String? = nil, queues: Bool = true) -> ContinuedMachine.Request {
        ContinuedMachine.Request(number: number, identifier: identifier ?? "t\(number)", queues: queues)
    }
    func started(_ effects: [ContinuedMachine.Effect]) -> [Int64] {
        effects.compactMap { if case .start(let request) = $0 { request.number } else { nil } }
    }
    func expired(_ effects: [ContinuedMachine.Effect]) -> [Int64] {
        effects.compactMap { if case .expire(let number, _) = $0 { number } else { nil } }
    }
    func ends(_ effects: [ContinuedMachine.Effect]) -> [Outcome] {
        effects.compactMap { if case .end(_, let outcome, _, _) = $0 { outcome } else { nil } }
    }

    @Test("three run at once, a fourth waits for a place")
    mutating func queues() {
        for number in 1...3 {
            #expect(started(machine.handle(.submitted(request(Int64(number))), at: at(0))) == [Int64(number)])
        }
        #expect(started(machine.handle(.submitted(request(4)), at: at(0))).isEmpty)
        #expect(machine.queued == ["t4"])
        #expect(started(machine.handle(.completed(2, failure: nil), at: at(1))) == [4])
    }

    @Test("one that may not wait is refused when there is no place, and when its identifier runs")
    mutating func refuses() {
        _ = machine.handle(.submitted(request(1, "a")), at: at(0))
        let second = request(2, "a", queues: false)
        #expect(machine.handle(.submitted(second), at: at(0)).contains(.refuse(second)))
        _ = machine.handle(.submitted(request(3)), at: at(0))
        _ = machine.handle(.submitted(request(4)), at: at(0))
        let fifth = request(5, queues: false)
        #expect(machine.handle(.submitted(fifth), at: at(0)).contains(.refuse(fifth)))
    }

    @Test("the same identifier again replaces the one that waits, and waits for the one that runs")
    mutating func replaces() {
        _ = machine.handle(.submitted(request(1, "a")), at: at(0))
        #expect(started(machine.handle(.submitted(request(2, "a")), at: at(0))).isEmpty)
        #expect(ends(machine.handle(.submitted(request(3, "a")), at: at(0))) == [.replaced])
        #expect(started(machine.handle(.completed(1, failure: nil), at: at(1))) == [3])
    }

    @Test("a run without progress is expired after five minutes, measured from its last progress")
    mutating func stalls() {
        _ = machine.handle(.submitted(request(1)), at: at(0))
        _ = machine.handle(.progressed(1), at: at(200))
        #expect(expired(machine.handle(.timeReached, at: at(499))).isEmpty)
        let effects = machine.handle(.timeReached, at: at(500))
        #expect(effects.contains(.expire(1, .stalled)))
        #expect(ends(machine.handle(.completed(1, failure: "x"), at: at(501))) == [.expired])
    }

    @Test("while others wait, those that stand still the longest are expired, after a minute, as many as wait")
    mutating func stallsUnderPressure() {
        for number in 1...4 { _ = machine.handle(.submitted(request(Int64(number))), at: at(0)) }
        _ = machine.handle(.progressed(1), at: at(30))
        #expect(expired(machine.handle(.timeReached, at: at(60))) == [2])
    }

    @Test("a handler that does not stop is closed after its grace, and the next one starts")
    mutating func closes() {
        for number in 1...4 { _ = machine.handle(.submitted(request(Int64(number))), at: at(0)) }
        _ = machine.handle(.stopAsked(identifier: "t1", .cancelled), at: at(10))
        let effects = machine.handle(.timeReached, at: at(15))
        #expect(ends(effects) == [.cancelled])
        #expect(started(effects) == [4])
        let late = machine.handle(.completed(1, failure: nil), at: at(16))
        #expect(ends(late).isEmpty && started(late).isEmpty)
    }

    @Test("cancelling ends what waits at once, and tells what runs")
    mutating func cancels() {
        for number in 1...4 { _ = machine.handle(.submitted(request(Int64(number))), at: at(0)) }
        let effects = machine.handle(.stopAsked(identifier: nil, .cancelled), at: at(1))
        #expect(ends(effects) == [.cancelled])
        #expect(expired(effects) == [1, 2, 3])
    }

    @Test("a process that is about to end starts nothing more")
    mutating func stops() {
        _ = machine.handle(.submitted(request(1)), at: at(0))
        #expect(expired(machine.handle(.stopping(.serviceStop), at: at(1))) == [1])
        #expect(machine.handle(.submitted(request(2)), at: at(2)).contains(.refuse(request(2))))
    }
}
