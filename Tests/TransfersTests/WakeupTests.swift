// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import Synchronization
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

/// Clocks that a test moves; alarms are called by it.
final class HandClocks: TimeSource {
    private struct State {
        var now = Moment(wall: WallTime(microseconds: 1_800_000_000_000_000), boot: 1_000_000, awake: 1_000_000)
        var next = 0
        var alarms: [Int: (wall: WallTime?, awake: Int64?, action: @Sendable () -> Void)] = [:]
    }
    private let state = Mutex(State())

    func now() -> Moment { state.withLock(\.now) }

    func makeAlarm(_ action: @escaping @Sendable () -> Void) -> any Alarm {
        let id = state.withLock { state in
            state.next += 1
            state.alarms[state.next] = (nil, nil, action)
            return state.next
        }
        return HandAlarm(id: id, clocks: self)
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now.wall = state.now.wall.advanced(by: duration)
            state.now.boot += duration.clampedMicroseconds
            state.now.awake += duration.clampedMicroseconds
            var due: [@Sendable () -> Void] = []
            for (id, alarm) in state.alarms
            where alarm.wall.map({ $0 <= state.now.wall }) == true || alarm.awake.map({ $0 <= state.now.awake }) == true
            {
                state.alarms[id] = (nil, nil, alarm.action)
                due.append(alarm.action)
            }
            return due
        }
        for action in due { action() }
    }

    private struct HandAlarm: Alarm {
        let id: Int
        let clocks: HandClocks
        func set(wall: WallTime?, awake: Int64?) {
            let due: (@Sendable () -> Void)? = clocks.state.withLock { state in
                guard let alarm = state.alarms[id] else { return nil }
                let isDue = wall.map { $0 <= state.now.wall } == true || awake.map { $0 <= state.now.awake } == true
                state.alarms[id] = isDue ? (nil, nil, alarm.action) : (wall, awake, alarm.action)
                return isDue ? alarm.action : nil
            }
            // Not on the thread of who sets it, which may hold a lock.
            if let due { DispatchQueue.global().async(execute: due) }
        }
    }
}

/// An engine whose exchanges end when the test says how.
final class HandEngine: ExchangeEngine {
    struct Started: Sendable {
        var exchange: Exchange
        var observer: any ExchangeObserver
    }
    private let starts: AsyncStream<Started>.Continuation
    private let count = Atomic(0)
    var started: Int { count.load(ordering: .relaxed) }
    let exchanges: AsyncStream<Started>
    private let cancelled: AsyncStream<Void>.Continuation
    let cancels: AsyncStream<Void>
    private let isDeaf: Bool

    /// A deaf one notes that an exchange is to be cancelled, and lets it go on.
    init(isDeaf: Bool = false) {
        (exchanges, starts) = AsyncStream.makeStream(of: Started.self)
        (cancels, cancelled) = AsyncStream.makeStream(of: Void.self)
        self.isDeaf = isDeaf
    }

    func start(
        _ exchange: Exchange, sources: [any OpenFile], sink: (any OpenFile)?, observer: any ExchangeObserver
    ) -> any RunningExchange {
        count.add(1, ordering: .relaxed)
        starts.yield(Started(exchange: exchange, observer: observer))
        return Running(engine: self, observer: observer)
    }

    private struct Running: RunningExchange {
        let engine: HandEngine
        let observer: any ExchangeObserver
        func cancel() {
            engine.cancelled.yield()
            if !engine.isDeaf { observer.ended(ExchangeEnd(failure: ExchangeFailure(.cancelled))) }
        }
    }
}

@Suite("When the program is brought back for its transfers", .timeLimit(.minutes(5)))
struct WakeupTests {
    let scratch = try! ScratchFolder()

    private func draft(_ path: String) -> TransferIntentDraft {
        TransferIntentDraft("u", .upload([path]), httpMethod: "PUT", url: "http://example.org/up")
    }

    @Test(
        "a minute ahead while it works, moved on with every sign of life, at the retry's instant, and gone at the end")
    func life() async throws {
        let (clocks, engine) = (HandClocks(), HandEngine())
        let process = TransferProcess(scratch.path + "/state", time: clocks, engine: engine)
        let session = try process.session()
        let source = try scratch.file("f", [1, 2, 3]).path
        let begin = clocks.now().wall
        _ = try session.begin([draft(source)])[0].get()
        // Armed before it is on the books; what was scheduled before there was anything may have been taken away first.
        let armed = process.wakeups.all.drop { $0.instant == nil }
        #expect(armed.first?.instant == begin.advanced(by: .seconds(60)) && armed.allSatisfy { $0.instant != nil })
        var exchanges = engine.exchanges.makeAsyncIterator()
        let first = try #require(await exchanges.next())
        // The task moves on as time does.
        for step in 1...6 {
            clocks.advance(by: .seconds(20))
            #expect(await process.wakeups.isScheduled(at: begin.advanced(by: .seconds(60 + 20 * step))))
        }
        first.observer.ended(ExchangeEnd(failure: ExchangeFailure(.connectionLost)))
        await session.drained()
        let line = try #require(try session.list().first)
        #expect(line.state == .waiting && line.reason == .retry)
        #expect(process.wakeups.last?.instant == line.due)
        #expect(process.wakeups.last?.requiresNetwork == true)
        clocks.advance(by: .seconds(10))
        let second = try #require(await exchanges.next())
        second.observer.ended(ExchangeEnd(head: ResponseHead(url: second.exchange.url, status: 201)))
        _ = await session.end(of: "u")
        await session.drained()
        #expect(process.wakeups.last?.instant == nil)
    }
}
