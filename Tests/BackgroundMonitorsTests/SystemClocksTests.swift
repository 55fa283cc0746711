// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import Dispatch
import Synchronization
import Testing

#if os(Linux)
import Glibc
#endif

@Suite("System clocks", .timeLimit(.minutes(5)))
struct SystemClocksTests {
    let clocks = SystemClocks()

    /// Sets an alarm, and returns what the clocks read when it went off.
    private func goingOff(of clocks: SystemClocks = SystemClocks(), _ set: (any Alarm) -> Void) async -> Moment {
        let (stream, continuation) = AsyncStream<Moment>.makeStream()
        let alarm = clocks.makeAlarm { [clocks] in continuation.yield(clocks.now()) }
        set(alarm)
        var first: Moment?
        for await moment in stream {
            first = moment
            break
        }
        return withExtendedLifetime(alarm) { first ?? clocks.now() }
    }

    @Test("The three clocks go forward, and the boot clock is not behind the awake clock")
    func readings() {
        let first = clocks.now()
        let second = clocks.now()
        #expect(first.awake <= second.awake)
        #expect(first.boot <= second.boot)
        #expect(second.awake <= clocks.now().boot)
        #expect(first.wall > .epoch)
    }

    @Test("An alarm on the wall clock never goes off before its instant", arguments: [0, 999, 1_000, 20_001])
    func wallNeverEarly(ahead: Int64) async {
        let due = WallTime(microseconds: clocks.now().wall.microseconds + ahead)
        let moment = await goingOff { $0.set(wall: due, awake: nil) }
        #expect(moment.wall >= due)
    }

    @Test("Those who want to be ready are called before the instant, and the alarm still goes off at the instant")
    func near() async {
        // On a busy machine a thread may come too late to say that it is near: then that is left out.
        for _ in 0..<1000 {
            let (stream, continuation) = AsyncStream<(isNear: Bool, at: Moment)>.makeStream()
            let alarm = clocks.makeAlarm { [clocks] in continuation.yield((false, clocks.now())) }
            alarm.whenNear { [clocks] in continuation.yield((true, clocks.now())) }
            let due = clocks.now().wall.advanced(by: .milliseconds(5))
            alarm.set(wall: due, awake: nil)
            var said: [(isNear: Bool, at: Moment)] = []
            for await word in stream {
                said.append(word)
                if !word.isNear { break }
            }
            #expect(said.last.map { $0.at.wall >= due } == true)
            withExtendedLifetime(alarm) {}
            if said.count > 1 { return }
        }
        Issue.record("nobody was ever called before")
    }

    @Test("An alarm on the awake clock never goes off before its instant", arguments: [0, 999, 1_000, 20_001])
    func awakeNeverEarly(ahead: Int64) async {
        let due = clocks.now().awake + ahead
        let moment = await goingOff { $0.set(wall: nil, awake: due) }
        #expect(moment.awake >= due)
    }

    @Test(
        "An instant in the past goes off at once, however long ago",
        arguments: [WallTime.distantPast, WallTime(microseconds: -1), .epoch, WallTime(microseconds: 1)])
    func past(wall: WallTime) async {
        let moment = await goingOff { $0.set(wall: wall, awake: nil) }
        #expect(moment.wall > wall)
    }

    @Test("An awake instant in the past goes off at once", arguments: [Int64.min, -1, 0, 1])
    func awakePast(awake: Int64) async {
        let moment = await goingOff { $0.set(wall: nil, awake: awake) }
        #expect(moment.awake > awake)
    }

    @Test(
        "An instant too far for the timer is accepted, and the nearer one goes off",
        arguments: [Int64.max, Int64.max - 1, 4_000_000_000_000_001, 253_402_300_799_000_000])
    func far(instant: Int64) async {
        let soon = clocks.now()
        let byAwake = await goingOff {
            $0.set(wall: WallTime(microseconds: instant), awake: soon.awake + 2_000)
        }
        #expect(byAwake.awake >= soon.awake + 2_000)
        let byWall = await goingOff {
            $0.set(wall: soon.wall.advanced(by: .milliseconds(2)), awake: instant)
        }
        #expect(byWall.wall >= soon.wall.advanced(by: .milliseconds(2)))
    }

    @Test("Where the kernel gives no timers, those of Dispatch go off in their stead", arguments: [0, 20_001])
    func dispatch(ahead: Int64) async {
        let now = clocks.now()
        let due = WallTime(microseconds: now.wall.microseconds + ahead)
        let byWall = await goingOff(of: SystemClocks(usesDispatch: true)) { $0.set(wall: due, awake: nil) }
        #expect(byWall.wall >= due)
        let byAwake = await goingOff(of: SystemClocks(usesDispatch: true)) {
            $0.set(wall: nil, awake: now.awake + ahead)
        }
        #expect(byAwake.awake >= now.awake + ahead)
    }

    #if os(Linux)
    @Test("An alarm that has another thread goes off while its first one is still in the action")
    func anotherThread() async {
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        let count = Mutex(0)
        let second = DispatchSemaphore(value: 0)
        let alarm = clocks.makeAlarm {
            let number = count.withLock { count in
                count += 1
                return count
            }
            continuation.yield(number)
            if number == 2 { second.signal() } else { second.wait() }
            continuation.yield(-number)
        }
        #expect(alarm.hasOwnThread)
        alarm.set(wall: .epoch, awake: nil)
        var heard: [Int] = []
        for await number in stream {
            heard.append(number)
            if heard == [1] {
                alarm.replaceThread()
                alarm.set(wall: .epoch, awake: nil)
            }
            if heard.count == 4 { break }
        }
        #expect(heard.prefix(2) == [1, 2] && Set(heard) == [1, 2, -1, -2])
        // The first thread has ended, the second one serves on.
        second.signal()
        alarm.set(wall: .epoch, awake: nil)
        for await number in stream where number == -3 { break }
    }

    @Test("The program's signals are not delivered to an alarm's thread")
    func signals() async {
        let (stream, continuation) = AsyncStream<Bool>.makeStream()
        let alarm = clocks.makeAlarm {
            var blocked = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &blocked)
            continuation.yield(sigismember(&blocked, SIGTERM) == 1)
        }
        alarm.set(wall: .epoch, awake: nil)
        for await isBlocked in stream {
            #expect(isBlocked)
            break
        }
        withExtendedLifetime(alarm) {}
    }
    #endif

    @Test(
        "With an alarm its thread ends, also when the last one to hold it is its own action", arguments: [false, true])
    func end(holdsItself: Bool) async {
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        let itself = Mutex<(any Alarm)?>(nil)
        do {
            let token = Token(continuation)
            let alarm = clocks.makeAlarm {
                token.continuation.yield(1)
                itself.withLock { $0 = nil }
            }
            if holdsItself { itself.withLock { $0 = alarm } }
            alarm.set(wall: .epoch, awake: nil)
            if !holdsItself {
                for await _ in stream { break }
            }
        }
        // Ends when nobody holds the action any more.
        for await _ in stream {}
    }

    private final class Token: Sendable {
        let continuation: AsyncStream<Int>.Continuation
        init(_ continuation: AsyncStream<Int>.Continuation) { self.continuation = continuation }
        deinit { continuation.finish() }
    }

    @Test("An action may set its own alarm again")
    func again() async {
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        let itself = Mutex<(any Alarm)?>(nil)
        let count = Mutex(0)
        let alarm = clocks.makeAlarm {
            continuation.yield(
                count.withLock { count in
                    count += 1
                    return count
                })
            itself.withLock { $0 }?.set(wall: .epoch, awake: nil)
        }
        itself.withLock { $0 = alarm }
        alarm.set(wall: .epoch, awake: nil)
        for await number in stream where number == 3 { break }
        itself.withLock { $0 = nil }
        #expect(count.withLock { $0 } >= 3)
    }

    @Test("Both deadlines reached at once make one going-off, and an alarm that was unset makes none")
    func once() async {
        let count = Mutex(0)
        let alarm = clocks.makeAlarm { count.withLock { $0 += 1 } }
        let now = clocks.now()
        alarm.set(wall: now.wall.advanced(by: .seconds(3600)), awake: now.awake + 3_600_000_000)
        alarm.set(wall: nil, awake: nil)
        // The clocks have passed what another alarm waited for, on the same timers' thread.
        _ = await goingOff { $0.set(wall: nil, awake: now.awake + 5_000) }
        #expect(count.withLock { $0 } == 0)
    }
}

@Suite("Alarm deadlines")
struct AlarmDeadlinesTests {
    /// Looks at the alarm at each (wall, awake) in turn, and says where it went off.
    private func goingOff(_ deadlines: inout AlarmDeadlines, at readings: [(Int64, Int64)]) -> [Bool] {
        readings.map { wall, awake in
            deadlines.take(at: Moment(wall: WallTime(microseconds: wall), boot: awake, awake: awake))
        }
    }

    @Test("An alarm goes off once for each setting, at its instant and not a microsecond before")
    func onceForEachSetting() {
        var deadlines = AlarmDeadlines()
        for _ in 1...2 {
            deadlines.set(wall: WallTime(microseconds: 100), awake: nil)
            let first = goingOff(&deadlines, at: [(99, 1_000), (100, 1_000), (101, 1_001)])
            #expect(first == [false, true, false])
        }
    }

    @Test("Whichever deadline comes first counts, and takes the other with it")
    func whicheverFirst() {
        var deadlines = AlarmDeadlines()
        deadlines.set(wall: WallTime(microseconds: 100), awake: 10)
        let byAwake = goingOff(&deadlines, at: [(0, 9), (0, 10), (100, 100)])
        #expect(byAwake == [false, true, false])
        deadlines.set(wall: WallTime(microseconds: 100), awake: 1_000)
        let byWall = goingOff(&deadlines, at: [(100, 100), (1_000, 1_000)])
        #expect(byWall == [true, false])
    }

    @Test("It is near for two milliseconds; the wall timer is set to when they begin, then to the deadline")
    func near() {
        var deadlines = AlarmDeadlines()
        func moment(_ wall: Int64) -> Moment { Moment(wall: WallTime(microseconds: wall), boot: wall, awake: wall) }
        #expect(deadlines.wallTimer(leadingAt: moment(0)) == nil && !deadlines.isNear(at: moment(0)))
        deadlines.set(wall: WallTime(microseconds: 10_000), awake: nil)
        let readings: [(Int64, Int64, Bool)] = [
            (.min, 8_000, false), (0, 8_000, false), (7_999, 8_000, false), (8_000, 10_000, true),
            (9_999, 10_000, true), (10_000, 10_000, false), (.max, 10_000, false),
        ]
        for (now, timer, isNear) in readings {
            #expect(deadlines.wallTimer(leadingAt: moment(now)) == timer)
            #expect(deadlines.isNear(at: moment(now)) == isNear)
        }
        deadlines.set(wall: .distantPast, awake: nil)
        #expect(deadlines.wallTimer(leadingAt: moment(0)) == 1)
        deadlines.set(wall: .distantFuture, awake: nil)
        #expect(deadlines.wallTimer(leadingAt: moment(0)) == AlarmDeadlines.furthest - AlarmDeadlines.lead)
    }

    @Test("A clock stepped back before the timer is looked at keeps the alarm set")
    func steppedBack() {
        var deadlines = AlarmDeadlines()
        deadlines.set(wall: WallTime(microseconds: 100), awake: nil)
        let steppedBack = goingOff(&deadlines, at: [(40, 500)])
        #expect(steppedBack == [false])
        #expect(deadlines.wall == WallTime(microseconds: 100))
        let caughtUp = goingOff(&deadlines, at: [(100, 900)])
        #expect(caughtUp == [true])
    }

    @Test("What was unset, or never set, does not go off")
    func unset() {
        var deadlines = AlarmDeadlines()
        let neverSet = goingOff(&deadlines, at: [(.max, .max)])
        deadlines.set(wall: .epoch, awake: 0)
        deadlines.set(wall: nil, awake: nil)
        let unset = goingOff(&deadlines, at: [(.max, .max)])
        #expect(neverSet == [false])
        #expect(unset == [false])
    }

    @Test(
        "A timer is never set to an instant that it cannot hold",
        arguments: [Int64.min, -1, 0, 1, 4_000_000_000_000_000, Int64.max])
    func instants(microseconds: Int64) {
        let instant = AlarmDeadlines.timerInstant(microseconds)
        #expect(instant >= 1)
        #expect(!instant.multipliedReportingOverflow(by: 1_000).overflow)
        #expect(instant == microseconds || microseconds < 1 || microseconds > AlarmDeadlines.furthest)
    }
}
