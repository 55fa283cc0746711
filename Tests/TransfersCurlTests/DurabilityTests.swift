// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransfersCore
@testable import TransfersCurl

@Suite("What is on stable storage", .timeLimit(.minutes(5)))
struct DurabilityTests {
    private func durable(_ bytes: Int64 = 64 << 20) -> Exchange.Durability {
        var durability = Exchange.Durability()
        durability.bytes = bytes
        return durability
    }

    private func url(_ path: String) async throws -> String { try await BodyPlanTests.origin.server.url(path) }

    @Test("It is told in steps, never backwards, never beyond what was written, and all of it before the end")
    func steps() async throws {
        let bench = try EngineBench()
        let sink = try bench.scratch.file("sink")
        let exchange = Exchange("GET", try await url("/bytes/30000000"), durability: durable(1_000_000))
        let observer = ExchangeRecorder(.write(at: 100, count: nil))
        let end = await bench.perform(exchange, sink: sink, observer)
        let told = observer.record.durable
        #expect(end.failure == nil)
        #expect(told.last == 30_000_100)
        #expect(told == told.sorted() && Set(told).count == told.count)
        #expect(observer.record.late == 0)
    }

    @Test("What came before a loss, or a cancel, is made durable, too")
    func afterLoss() async throws {
        let bench = try EngineBench()
        let sink = try bench.scratch.file("sink")
        var exchange = EngineBench.get(try await ConnectionTests.server.server.url("/at-4999"))
        exchange.durability = durable()
        let observer = ExchangeRecorder(.write(at: 0, count: nil))
        let end = await bench.perform(exchange, sink: sink, observer)
        #expect(end.failure?.kind == .connectionLost)
        #expect(observer.record.durable == [4999])
        exchange.url = try await ConnectionTests.server.server.url("/stall")
        exchange.limits.stall = 60
        let second = ExchangeRecorder(.write(at: 0, count: nil))
        let running = bench.engine.start(exchange, sources: [], sink: sink, observer: second)
        _ = await second.until { !$0.progress.isEmpty }
        running.cancel()
        #expect(await second.end().failure?.kind == .cancelled)
        #expect(second.record.durable == [500])
    }

    @Test("A sync that fails ends the exchange, and is not tried again")
    func failing() async throws {
        let bench = try EngineBench()
        // It takes every byte, and cannot be synced (fdatasync(2), EINVAL).
        let sink = try FixtureFile("/dev/null")
        for length in [10, 5_000_000] {
            let exchange = Exchange("GET", try await url("/bytes/\(length)"), durability: durable(1_000_000))
            let observer = ExchangeRecorder(.write(at: 0, count: nil))
            let end = await bench.perform(exchange, sink: sink, observer)
            #expect(end.failure?.kind == .sinkUnwritable(EINVAL))
            #expect(observer.record.durable.isEmpty)
            #expect(observer.record.ends.count == 1 && observer.record.late == 0)
        }
    }

    @Test("Nothing is synced that was kept in memory, or where nobody asked")
    func notAsked() async throws {
        let bench = try EngineBench()
        let sink = try bench.scratch.file("sink")
        let kept = ExchangeRecorder(.keep(limit: 100))
        _ = await bench.perform(
            Exchange("GET", try await url("/bytes/100"), durability: durable()), sink: sink, kept)
        let written = ExchangeRecorder(.write(at: 0, count: nil))
        _ = await bench.perform(Exchange("GET", try await url("/bytes/100")), sink: sink, written)
        #expect(kept.record.durable.isEmpty && written.record.durable.isEmpty)
    }

    @Test("A sync is due by bytes or by time, one at a time, and rests nineteen times as long as it took")
    func pace() {
        var pace = DurabilityPace(durable(1000))
        #expect(pace.next(written: 5000, elapsed: 10_000_000) == nil, "no plan yet")
        pace.begin(at: 100)
        #expect(pace.next(written: 100, elapsed: 10_000_000) == nil, "nothing is new")
        #expect(pace.next(written: 1099, elapsed: 1_999_999) == nil, "neither bytes nor time")
        #expect(pace.next(written: 1100, elapsed: 1_000_000) == 1100, "bytes")
        #expect(pace.next(written: 9000, elapsed: 9_000_000) == nil, "one is under way")
        pace.synced(upTo: 1100, took: 200_000, elapsed: 2_000_000)
        #expect(pace.next(written: 9000, elapsed: 5_799_999) == nil, "it rests")
        #expect(pace.next(written: 9000, elapsed: 5_800_000) == 9000)
        pace.synced(upTo: 9000, took: 0, elapsed: 6_000_000)
        #expect(pace.next(written: 9001, elapsed: 7_999_999) == nil)
        #expect(pace.next(written: 9001, elapsed: 8_000_000) == 9001, "time")
        pace.synced(upTo: 9001, took: 5_000_000, elapsed: 9_000_000)
        #expect(pace.next(written: 9002, elapsed: nil) == 9002, "the last one does not rest")
        pace.synced(upTo: 9002, took: 0, elapsed: 9_000_000)
        pace.abandon()
        #expect(pace.next(written: 99_000, elapsed: nil) == nil, "the sink is broken")
    }
}
