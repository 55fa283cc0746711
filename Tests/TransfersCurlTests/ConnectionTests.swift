// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransfersCore
import TransfersCurl

@Suite("Connections that break, stall, or never come to be", .timeLimit(.minutes(5)))
struct ConnectionTests {
    static let server = SharedServer(
        "scripted",
        script: #"""
            {"rules": [
              {"path": "/at-0", "do": {"answer": {"body": {"seed": 1, "length": 5000}, "at": [{"body": 0, "do": "reset"}]}}},
              {"path": "/at-1", "do": {"answer": {"body": {"seed": 1, "length": 5000}, "at": [{"body": 1, "do": "reset"}]}}},
              {"path": "/at-4999", "do": {"answer": {"body": {"seed": 1, "length": 5000}, "at": [{"body": -1, "do": "reset"}]}}},
              {"path": "/in-head", "do": {"answer": {"body": {"seed": 1, "length": 5000}, "at": [{"head": 20, "do": "reset"}]}}},
              {"path": "/in-field", "do": {"answer": {"body": {"seed": 1, "length": 5000}, "at": [{"head": -3, "do": "close"}]}}},
              {"path": "/nothing", "do": "close"},
              {"path": "/too-short", "do": [{"answer": {"length": 5000, "body": {"seed": 1, "length": 3000}}}, "close"]},
              {"path": "/too-long", "do": {"answer": {"length": 1000, "body": {"seed": 1, "length": 1500}}}},
              {"path": "/no-length", "do": [{"answer": {"length": null, "body": {"seed": 1, "length": 1000}}}, "close"]},
              {"path": "/slow-head", "do": {"answer": {"rate": 1, "body": "x"}}},
              {"path": "/silent", "do": "stall"},
              {"path": "/stall", "do": {"answer": {"body": {"seed": 1, "length": 1000}, "at": [{"body": 500, "do": "stall"}]}}},
              {"path": "/slow-body", "do": {"answer": {"body": {"seed": 1, "length": 7}, "at": [{"body": 0, "do": [], "rate": 2}]}}},
              {"path": "/slow-104", "do": [{"repeat": 5, "do": [{"stall": 0.5}, {"interim": {"status": 104}}]}, {"answer": {"body": "x"}}]},
              {"method": "PUT", "path": "/reset-0", "do": "reset"},
              {"method": "PUT", "path": "/reset-1", "do": [{"read": 1}, "reset"]},
              {"method": "PUT", "path": "/reset-n", "do": [{"read": 39999999}, "reset"]},
              {"method": "PUT", "path": "/stops-reading", "do": [{"read": 1000}, "stall"]},
              {"method": "PUT", "path": "/early-413", "do": [{"read": 1000}, {"answer": {"status": 413, "early": true, "headers": [["Connection", "close"]], "body": "too large"}}, "close"]},
              {"method": "PUT", "path": "/early-401", "do": [{"answer": {"status": 401, "early": true, "headers": [["WWW-Authenticate", "Basic realm=\"x\""]]}}]},
              {"method": "PUT", "path": "/early-403", "do": [{"answer": {"status": 403, "early": true}}, "reset"]},
              {"method": "PUT", "path": "/early-200", "do": [{"read": 1000}, {"answer": {"status": 200, "early": true}}, {"read": "all"}]},
              {"method": "PUT", "path": "/308", "do": [{"answer": {"status": 308, "early": true, "headers": [["Location", "/there"]]}}]},
              {"method": "PUT", "path": "/no-100", "do": [{"read": "all", "silent": true}, {"answer": {"status": 201}}]},
              {"method": "PUT", "path": "/417", "answers": [[{"answer": {"status": 417, "early": true, "headers": [["Connection", "close"]], "body": "no"}}, "close"], {"answer": {"status": 201}}]}]}
            """#)

    /// More than the sockets' buffers hold.
    private static let upload = Array(repeating: UInt8(ascii: "u"), count: 40_000_000)

    private func perform(
        _ method: String, _ path: String, body: [UInt8]? = nil, expects: Bool = false, stall: Int = 30,
        _ observer: ExchangeRecorder = ExchangeRecorder()
    ) async throws -> ExchangeEnd {
        var exchange = EngineBench.get(try await Self.server.server.url(path), stall: stall)
        exchange.method = method
        exchange.body = body.map { [.bytes($0)] } ?? []
        exchange.expectsContinue = expects
        let end = try await EngineBench().perform(exchange, observer)
        #expect(observer.record.ends.count == 1 && observer.record.late == 0)
        return end
    }

    @Test(
        "A connection that ends before the answer is whole is lost; what came is kept",
        arguments: [
            ("/at-0", 0), ("/at-1", 1), ("/at-4999", 4999), ("/in-head", -1), ("/in-field", -1), ("/nothing", -1),
            ("/too-short", 3000),
        ])
    func lost(path: String, came: Int64) async throws {
        let end = try await perform("GET", path)
        #expect(end.failure?.kind == .connectionLost)
        #expect((end.head == nil) == (came < 0))
        #expect(ServerPattern().made(end.body, 0..<max(came, 0)))
    }

    @Test("What came before the loss is in the sink")
    func lostIntoSink() async throws {
        let bench = try EngineBench()
        let sink = try bench.scratch.file("sink")
        let url = try await Self.server.server.url("/at-4999")
        let end = await bench.perform(
            EngineBench.get(url), sink: sink, ExchangeRecorder(.write(at: 0, count: 5000)))
        #expect(end.failure?.kind == .connectionLost)
        #expect(end.received == 4999)
        #expect(ServerPattern().made(sink.bytes, 0..<4999))
    }

    @Test("A body ends at its announced length, or with the connection where none was announced")
    func lengths() async throws {
        let long = try await perform("GET", "/too-long")
        #expect(long.failure == nil && ServerPattern().made(long.body, 0..<1000))
        let open = try await perform("GET", "/no-length")
        #expect(open.failure == nil && ServerPattern().made(open.body, 0..<1000))
    }

    @Test("An upload into a reset is a lost connection", arguments: ["/reset-0", "/reset-1", "/reset-n"])
    func uploadLost(path: String) async throws {
        let end = try await perform("PUT", path, body: Self.upload)
        #expect(end.failure?.kind == .connectionLost)
        #expect(end.head == nil)
    }

    @Test("Where nothing moves for so long it has stalled", arguments: ["/slow-head", "/silent", "/stall"])
    func stalled(path: String) async throws {
        let end = try await perform("GET", path, stall: 2)
        #expect(end.failure?.kind == .stalled)
    }

    @Test("An upload that nobody reads has stalled")
    func uploadStalled() async throws {
        let end = try await perform("PUT", "/stops-reading", body: Self.upload, stall: 2)
        #expect(end.failure?.kind == .stalled)
        #expect(end.sent > 0 && end.sent < 40_000_000)
    }

    @Test("What is slow but moves has not stalled", arguments: ["/slow-body", "/slow-104"])
    func slow(path: String) async throws {
        let end = try await perform("GET", path, stall: 3)
        #expect(end.failure == nil)
    }

    @Test("A rate so low that libcurl pauses is no stall")
    func limitedRate() async throws {
        let bench = try EngineBench()
        let origin = try await BodyPlanTests.origin.server
        var exchange = EngineBench.get(origin.url("/bytes/60000"), stall: 1)
        exchange.limits.receiveRate = 20_000
        let end = await bench.perform(exchange, ExchangeRecorder(.keep(limit: 60_000)))
        #expect(end.failure == nil && end.body.count == 60_000)
        exchange = Exchange("PUT", origin.url("/x"), body: [.bytes(Array(repeating: 1, count: 60_000))])
        exchange.limits.stall = 1
        exchange.limits.sendRate = 20_000
        #expect(await bench.perform(exchange).failure == nil)
    }

    @Test("Nobody listens: not connected. Nobody has the name: not resolved")
    func unreachable() async throws {
        let bench = try EngineBench()
        let closed = try BarePort(listens: false)
        let refused = await bench.perform(EngineBench.get("http://127.0.0.1:\(closed.number)/"))
        #expect(refused.failure?.kind == .notConnected)
        let unknown = await bench.perform(EngineBench.get("http://nobody.invalid/secret?token=secret"))
        #expect(unknown.failure?.kind == .nameNotResolved || unknown.failure?.kind == .connectTimedOut)
        #expect(unknown.failure.map { !$0.detail.contains("secret") } == true)
    }

    @Test(
        "An answer that comes while the body is sent ends the sending, and is told",
        arguments: [("/early-413", 413), ("/early-401", 401)])
    func early(path: String, status: Int) async throws {
        let end = try await perform("PUT", path, body: Self.upload)
        #expect(end.head?.status == status)
        #expect(end.sent < 40_000_000)
        if path == "/early-413" { #expect(end.failure == nil && end.body == Array("too large".utf8)) }
    }

    @Test("An answer with a reset behind it is told, or the connection is lost: the reset may overtake it")
    func earlyAndReset() async throws {
        let end = try await perform("PUT", "/early-403", body: Self.upload)
        #expect(end.head?.status == 403 || (end.head == nil && end.failure?.kind == .connectionLost))
    }

    @Test("A success that comes early does not end the sending")
    func earlySuccess() async throws {
        let end = try await perform("PUT", "/early-200", body: Self.upload)
        #expect(end.failure == nil && end.head?.status == 200 && end.sent == 40_000_000)
    }

    @Test("A redirect is an answer, and the plan may stop before the body is sent")
    func redirect() async throws {
        let end = try await perform("PUT", "/308", body: Self.upload, ExchangeRecorder(.stop))
        #expect(end.head?.status == 308 && end.head?.fields["Location"] == "/there")
        #expect(end.failure?.kind == .stoppedByPlan)
        #expect(end.sent < 40_000_000)
    }

    @Test("A word to go on that never comes is waited for a second")
    func no100() async throws {
        let end = try await perform("PUT", "/no-100", body: Self.upload, expects: true)
        #expect(end.failure == nil && end.head?.status == 201 && end.sent == 40_000_000)
    }

    @Test("A refused expectation is an answer, told at its head; nothing is sent again")
    func refusedExpectation() async throws {
        let observer = ExchangeRecorder()
        let end = try await perform("PUT", "/417", body: Self.upload, expects: true, observer)
        #expect(end.failure == nil && end.head?.status == 417 && end.sent == 0 && end.bodyWasCut)
        #expect(observer.record.plans.map(\.status) == [417])
        let again = try await perform("PUT", "/417", body: Self.upload)
        #expect(again.failure == nil && again.head?.status == 201 && again.sent == 40_000_000)
    }

    @Test("A connection that was closed while it was kept is no failure: the request goes out again, whole")
    func staleConnection() async throws {
        let bench = try EngineBench()
        let server = try await TestServer("scripted")
        try await server.follow(
            script: #"""
                {"rules": [{"path": "/first", "do": {"answer": {"body": "x"}}},
                           {"path": "/second", "answers": ["close", [{"read": "all"}, {"answer": {"status": 201}}]]}]}
                """#)
        #expect(await bench.perform(EngineBench.get(server.url("/first"))).failure == nil)
        var second = Exchange("PUT", server.url("/second"), body: [.bytes(Array(repeating: 7, count: 100_000))])
        second.limits.stall = 5
        let end = await bench.perform(second)
        #expect(end.failure == nil && end.head?.status == 201 && end.sent == 100_000)
        let requests = try await server.log(ended: 3).requests
        #expect(requests.map(\.connection) == [1, 1, 2])
        #expect(requests.last?.bytes == 100_000)
    }
}
