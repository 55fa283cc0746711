// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore
import TransfersStore

@Suite("The clock is set while transfers wait, run and stand in line", .timeLimit(.minutes(5)))
struct ClockTests {
    /// To where it is set, and back.
    enum Step: String, CaseIterable, CustomTestStringConvertible {
        case dayAhead, dayBack, to1970, to2200

        var testDescription: String { rawValue }

        func wall(from now: WallTime) -> WallTime {
            switch self {
            case .dayAhead: now.advanced(by: .seconds(86_400))
            case .dayBack: now.advanced(by: .seconds(-86_400))
            case .to1970: WallTime(microseconds: 3_000_000)
            case .to2200: WallTime(microseconds: 7_258_118_400_000_000)
            }
        }
    }

    let scratch = try! ScratchFolder()
    let clocks = SteppedClocks()
    let engine = HandEngine()

    private func process() -> TransferProcess {
        TransferProcess(scratch.path + "/state", time: clocks, engine: engine)
    }

    private func draft(_ identifier: String, _ path: String) -> TransferIntentDraft {
        TransferIntentDraft(identifier, .upload([path]), httpMethod: "PUT", url: "http://example.org/up")
    }

    private func drained(_ session: TransferSession) async {
        await withCheckedContinuation { continuation in session.whenDrained { continuation.resume() } }
    }

    /// Until the session has dealt with everything that it was told: with the setting of the clock, too.
    private func settled(_ session: TransferSession) async {
        // What follows from the first is done before the second is heard.
        await session.acknowledge("nobody")
        await session.acknowledge("nobody")
    }

    private func succeed(_ started: HandEngine.Started) {
        var end = ExchangeEnd(head: ResponseHead(url: started.exchange.url, status: 201))
        end.sent = 3
        started.observer.ended(end)
    }

    private func line(_ session: TransferSession, _ identifier: String) throws -> TransferSummary {
        try #require(try session.list().first { $0.identifier == identifier })
    }

    @Test(
        "while it waits for a retry: the instant moves along, and back; it is tried when so much time has passed",
        arguments: Step.allCases)
    func waiting(step: Step) async throws {
        let process = process()
        let session = try process.session()
        var wanted = draft("u", try scratch.file("f", [1, 2, 3]).path)
        wanted.policy.retry = TransferRetryPolicy(maximumAttempts: 5, base: 0)
        _ = try session.begin([wanted])[0].get()
        var exchanges = engine.exchanges.makeAsyncIterator()
        let first = try #require(await exchanges.next())
        // Without jitter: what a server names is a floor, and the base is nothing.
        let busy = HeaderFields([HeaderFields.Field("Retry-After", "100")])
        first.observer.ended(ExchangeEnd(head: ResponseHead(url: first.exchange.url, status: 503, fields: busy)))
        await drained(session)
        let before = try line(session, "u")
        let begin = clocks.now().wall
        let deadline = before.deadline
        #expect(before.due == begin.advanced(by: .seconds(100)) && before.reason == .serverBusy)

        _ = clocks.settings
        clocks.set(to: step.wall(from: begin))
        await settled(session)
        let during = try line(session, "u")
        #expect(during.due == clocks.now().wall.advanced(by: .seconds(100)))
        #expect(during.deadline == deadline.advanced(by: begin.distance(to: clocks.now().wall)))
        #expect(during.attempts == before.attempts && during.state == .waiting)
        #expect(process.wakeups.last?.instant == during.due)
        // Each input sets the alarm once: the alarm itself, the word of the setting, what rings, and the acknowledgements.
        #expect(clocks.settings <= 20, "setting the clock costs a few looks, not one for each second")
        clocks.advance(by: .seconds(50))
        clocks.set(to: begin.advanced(by: .seconds(50)))
        await settled(session)
        let after = try line(session, "u")
        #expect(after.due == before.due && after.deadline == deadline && after.created == before.created)
        #expect(process.wakeups.last?.instant == before.due)

        clocks.advance(by: .seconds(49))
        await settled(session)
        #expect(try line(session, "u").state == .waiting)
        clocks.advance(by: .seconds(1))
        let second = try #require(await exchanges.next())
        succeed(second)
        #expect(try #require(await session.end(of: "u")).1.outcome == .succeeded)
    }

    @Test(
        "while it runs: it goes on, and what stands in line goes on standing; the deadline is where it was",
        arguments: Step.allCases)
    func running(step: Step) async throws {
        let process = process()
        var settings = SessionSettings()
        settings.totalLimit = 1
        let session = try process.session("s", settings)
        let path = try scratch.file("f", [1, 2, 3]).path
        var late = draft("late", path)
        let begin = clocks.now().wall
        late.earliest = begin.advanced(by: .seconds(3600))
        var short = draft("runs", path)
        short.lifetime = .seconds(600)
        for result in session.begin([short, draft("queued", path), late]) { _ = try result.get() }
        var exchanges = engine.exchanges.makeAsyncIterator()
        let first = try #require(await exchanges.next())
        clocks.set(to: step.wall(from: begin))
        await settled(session)
        #expect(try line(session, "runs").state == .running)
        #expect(try line(session, "queued").state == .waiting && line(session, "queued").reason == .turn)
        // A date of the caller's is a date; its time may have come, but the place is taken.
        #expect(try line(session, "late").state == .waiting)
        #expect(process.wakeups.last?.instant == clocks.now().wall.advanced(by: .seconds(60)))
        clocks.set(to: begin)
        await settled(session)
        // Ten minutes of life are ten minutes of life.
        clocks.advance(by: .seconds(599))
        await settled(session)
        #expect(try line(session, "runs").state == .running)
        succeed(first)
        #expect(try #require(await session.end(of: "runs")).1.outcome == .succeeded)
        let second = try #require(await exchanges.next())
        succeed(second)
        #expect(try #require(await session.end(of: "queued")).1.outcome == .succeeded)
    }

    @Test("a deadline counts time that passes, whatever the clock reads")
    func deadline() async throws {
        let process = process()
        let session = try process.session()
        var short = draft("u", try scratch.file("f", [1, 2, 3]).path)
        short.lifetime = .seconds(600)
        _ = try session.begin([short])[0].get()
        var exchanges = engine.exchanges.makeAsyncIterator()
        _ = try #require(await exchanges.next())
        clocks.set(to: Step.to1970.wall(from: clocks.now().wall))
        await settled(session)
        clocks.advance(by: .seconds(601))
        guard case .failed(let failure) = try #require(await session.end(of: "u")).1.outcome else {
            return #expect(Bool(false), "it has not failed")
        }
        #expect(failure.code == .deadlinePassed)
    }

    @Test(
        "set while no process lives: the next one follows, as long as the host has not booted", arguments: Step.allCases
    )
    func nobody(step: Step) async throws {
        let first = process()
        let begun = try first.session()
        var wanted = draft("u", try scratch.file("f", [1, 2, 3]).path)
        wanted.policy.retry = TransferRetryPolicy(maximumAttempts: 5, base: 0)
        wanted.lifetime = .seconds(600)
        _ = try begun.begin([wanted])[0].get()
        var exchanges = engine.exchanges.makeAsyncIterator()
        let one = try #require(await exchanges.next())
        let busy = HeaderFields([HeaderFields.Field("Retry-After", "100")])
        one.observer.ended(ExchangeEnd(head: ResponseHead(url: one.exchange.url, status: 503, fields: busy)))
        await drained(begun)
        first.die()
        clocks.set(to: step.wall(from: clocks.now().wall))
        clocks.advance(by: .seconds(30))
        let second = process()
        let heir = try second.session()
        await drained(heir)
        #expect(try line(heir, "u").due == clocks.now().wall.advanced(by: .seconds(70)))
        #expect(try line(heir, "u").deadline == clocks.now().wall.advanced(by: .seconds(570)))
        clocks.advance(by: .seconds(70))
        let two = try #require(await exchanges.next())
        succeed(two)
        #expect(try #require(await heir.end(of: "u")).1.outcome == .succeeded)
    }
}
