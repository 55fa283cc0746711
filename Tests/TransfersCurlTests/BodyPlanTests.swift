// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Testing
import TransferFixtures
import TransfersCore
import TransfersCurl

@Suite("What becomes of an answer's body", .timeLimit(.minutes(5)))
struct BodyPlanTests {
    static let origin = SharedServer("origin")

    @Test(
        "It is kept whole within the limit, cut at it, and dropped at zero",
        arguments: [200_000, 200_001, 199_999, 1, 0])
    func kept(limit: Int) async throws {
        let bench = try EngineBench()
        let url = try await Self.origin.server.url("/bytes/200000?seed=7")
        let end = await bench.perform(Exchange("GET", url), ExchangeRecorder(.keep(limit: limit)))
        let count = min(limit, 200_000)
        #expect(end.failure == nil)
        #expect(end.head?.status == 200)
        #expect(ServerPattern(seed: 7).made(end.body, 0..<Int64(count)))
        #expect(end.bodyWasCut == (limit < 200_000))
        #expect(end.received == count)
    }

    @Test("It is written where the plan says, and nothing beside it is touched", arguments: [0, 1, 4096, 3_000_000])
    func written(count: Int64) async throws {
        let bench = try EngineBench()
        let sink = try bench.scratch.file("sink", Array(repeating: 9, count: 1000))
        let url = try await Self.origin.server.url("/bytes/\(count)?seed=2")
        let observer = ExchangeRecorder(.write(at: 300, count: count))
        let end = await bench.perform(Exchange("GET", url), sink: sink, observer)
        #expect(end.failure == nil)
        #expect(end.received == count)
        #expect(end.body.isEmpty)
        let tail = Array(repeating: UInt8(9), count: max(0, 700 - Int(count)))
        #expect(sink.bytes == Array(repeating: 9, count: 300) + ServerPattern(seed: 2).bytes(0..<count) + tail)
        #expect(observer.record.ends.count == 1 && observer.record.late == 0)
    }

    @Test("Without a count everything is written until the answer ends")
    func writtenWhole() async throws {
        let bench = try EngineBench()
        let sink = try bench.scratch.file("sink")
        let url = try await Self.origin.server.url("/bytes/2500000?seed=3")
        let end = await bench.perform(Exchange("GET", url), sink: sink, ExchangeRecorder(.write(at: 0, count: nil)))
        #expect(end.failure == nil)
        #expect(ServerPattern(seed: 3).made(sink.bytes, 0..<2_500_000))
    }

    @Test(
        "More than the plan allows is an error, and no byte beyond it is written", arguments: [0, 1, 99_999, 2_000_000])
    func tooLong(count: Int64) async throws {
        let bench = try EngineBench()
        let sink = try bench.scratch.file("sink")
        let url = try await Self.origin.server.url("/bytes/\(count + 1)?seed=2")
        let end = await bench.perform(Exchange("GET", url), sink: sink, ExchangeRecorder(.write(at: 0, count: count)))
        #expect(end.failure?.kind == .wrongLength)
        #expect(end.received == count)
        #expect(ServerPattern(seed: 2).made(sink.bytes, 0..<count))
    }

    @Test("A plan may stop: the head is told, no byte is kept, and the connection is not used again")
    func stopped() async throws {
        let bench = try EngineBench()
        let server = try await TestServer("origin")
        let end = await bench.perform(Exchange("GET", server.url("/bytes/5000000")), ExchangeRecorder(.stop))
        #expect(end.failure?.kind == .stoppedByPlan)
        #expect(end.head?.status == 200)
        #expect(end.body.isEmpty && end.received == 0)
        #expect(await bench.perform(Exchange("GET", server.url("/bytes/1"))).failure == nil)
        #expect(try await server.log(ended: 2).requests.map(\.connection) == [1, 2])
    }

    @Test("Answers without a body have a plan, too", arguments: ["HEAD /bytes/1000", "PUT /x?status=204"])
    func bodiless(request: String) async throws {
        let bench = try EngineBench()
        let parts = request.split(separator: " ").map(String.init)
        let observer = ExchangeRecorder()
        let end = await bench.perform(Exchange(parts[0], try await Self.origin.server.url(parts[1])), observer)
        #expect(end.failure == nil)
        #expect(end.body.isEmpty && !end.bodyWasCut)
        #expect(observer.record.plans.count == 1)
    }

    @Test("A plan to write where there is no sink is refused")
    func noSink() async throws {
        let bench = try EngineBench()
        let url = try await Self.origin.server.url("/bytes/10")
        let end = await bench.perform(Exchange("GET", url), ExchangeRecorder(.write(at: 0, count: nil)))
        #expect(end.failure?.kind == .unsupported)
    }
}
