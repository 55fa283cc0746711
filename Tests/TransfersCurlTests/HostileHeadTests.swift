// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Testing
import TransferFixtures
import TransfersCore
import TransfersCurl

@Suite("Heads that are none", .timeLimit(.minutes(5)))
struct HostileHeadTests {
    static let script = #"""
        {"rules": [
          {"path": "/large", "do": {"answer": {"headers": [["X-Large: ", {"fill": "a", "length": 409600}, "\r\n"]], "body": "x"}}},
          {"path": "/long-line", "do": {"answer": {"headers": [["X-Large: ", {"fill": "a", "length": 200000}, "\r\n"]], "body": "x"}}},
          {"path": "/many", "do": {"answer": {"headers": [{"repeat": 40000, "text": "X-{n}: v\r\n"}], "body": "x"}}},
          {"path": "/nul", "do": {"answer": {"headers": [{"base64": "WC1OdWw6IGEAYg0K"}], "body": "x"}}},
          {"path": "/no-colon", "do": {"answer": {"headers": ["no colon in here"], "body": "x"}}},
          {"path": "/blank-name", "do": {"answer": {"headers": ["X-Blank : v"], "body": "x"}}},
          {"path": "/no-name", "do": {"answer": {"headers": [": v"], "body": "x"}}},
          {"path": "/0.9", "do": [{"send": "just text, as in HTTP/0.9"}, "close"]},
          {"path": "/099", "do": {"answer": {"status-line": "HTTP/1.1 099 Low", "body": "x"}}},
          {"path": "/1000", "do": {"answer": {"status-line": "HTTP/1.1 1000 High", "body": "x"}}},
          {"path": "/words", "do": {"answer": {"status-line": "HTTP/1.1 OK", "body": "x"}}},
          {"path": "/version", "do": {"answer": {"status-line": "HTTP/7.3 200 OK", "body": "x"}}},
          {"path": "/101", "do": {"answer": {"status": 101, "body": ""}}},
          {"path": "/negative", "do": [{"answer": {"length": null, "headers": [["Content-Length", "-1"]], "body": "x"}}, "close"]},
          {"path": "/plus", "do": [{"answer": {"length": null, "headers": [["Content-Length", "+1"]], "body": "x"}}, "close"]},
          {"path": "/endless", "do": [{"answer": {"length": null, "headers": [["Content-Length", "99999999999999999999"]], "body": "x"}}, "close"]},
          {"path": "/duplicate", "do": [{"answer": {"headers": [["Content-Length", "1"], ["Content-Length", "2"]], "body": "x"}}, "close"]},
          {"path": "/list", "do": [{"answer": {"length": null, "headers": [["Content-Length", "1, 2"]], "body": "x"}}, "close"]},
          {"path": "/both", "do": [{"answer": {"chunked": 1, "length": 3, "body": "xyz"}}, "close"]},
          {"path": "/bad-chunk", "do": [{"answer": {"chunked": {"size": 10, "sizes": {"2": "zz"}}, "body": {"seed": 1, "length": 30}}}, "close"]},
          {"path": "/huge-chunk", "do": [{"answer": {"chunked": {"size": 10, "sizes": {"2": "fffffffffffffffff"}}, "body": {"seed": 1, "length": 30}}}, "close"]},
          {"path": "/no-last-chunk", "do": [{"answer": {"chunked": {"size": 10, "end": false}, "body": {"seed": 1, "length": 30}}}, "close"]},
          {"path": "/large-trailer", "do": {"answer": {"chunked": 10, "trailers": [{"repeat": 40000, "text": "X-{n}: v\r\n"}], "body": {"seed": 1, "length": 30}}}},
          {"path": "/endless-104", "do": [{"repeat": 20000, "do": {"interim": {"status": 104, "headers": [["A", "{n}"]]}}}, {"answer": {"body": "x"}}]},

          {"path": "/not-utf-8", "do": {"answer": {"headers": [{"base64": "WC1CYWQ6ICj/DQo="}], "body": "x"}}},
          {"path": "/bytes-in-status", "do": {"answer": {"status-line": {"base64": "SFRUUC8xLjEgMjAwIP8ADQo="}, "body": "x"}}},
          {"path": "/folded", "do": {"answer": {"headers": ["X-Folded: a", " \t b  ", "X-Next: c"], "body": "x"}}},
          {"path": "/same-twice", "do": {"answer": {"headers": [["Content-Length", "1"], ["Content-Length", "1"]], "body": "x"}}},
          {"path": "/trailers", "do": {"answer": {"chunked": 10, "trailers": [["X-Trailer", "1"]], "body": {"seed": 1, "length": 30}}}},
          {"path": "/flood-103", "do": [{"repeat": 900, "do": {"interim": {"status": 103, "headers": [["Link", "</{n}>"]]}}}, {"answer": {"body": "x"}}]},
          {"path": "/flood-104", "do": [{"repeat": 900, "do": {"interim": {"status": 104, "headers": [["Upload-Offset", "{n}"]]}}}, {"answer": {"body": "x"}}]},
          {"path": "/100", "do": ["continue", "continue", {"answer": {"body": "x"}}]},
          {"path": "/framed-104", "do": [{"interim": {"status": 104, "headers": [["Content-Length", "5"]]}}, {"answer": {"body": "x"}}]},
          {"path": "/extra-answer", "do": [{"answer": {"body": "x"}}, {"answer": {"status": 500, "body": "nobody asked"}}]},
          {"path": "/fine", "do": {"answer": {"body": "x"}}}]}
        """#
    static let server = SharedServer("scripted", script: script)

    private func get(_ path: String, _ observer: ExchangeRecorder = ExchangeRecorder()) async throws -> ExchangeEnd {
        try await EngineBench().perform(EngineBench.get(try await Self.server.server.url(path)), observer)
    }

    @Test(
        "They end the exchange as malformed, and the plan is not asked",
        arguments: [
            "/large", "/long-line", "/many", "/nul", "/no-colon", "/blank-name", "/no-name", "/0.9", "/099", "/1000",
            "/words", "/version", "/101", "/negative", "/plus", "/endless", "/duplicate", "/list", "/both",
        ])
    func malformed(path: String) async throws {
        let observer = ExchangeRecorder()
        let end = try await get(path, observer)
        #expect(end.failure?.kind == .malformedAnswer, "\(String(describing: end))")
        #expect(observer.record.plans.isEmpty)
        #expect(observer.record.ends.count == 1)
    }

    @Test(
        "Bodies and floods that cannot be understood end it so, too",
        arguments: ["/bad-chunk", "/huge-chunk", "/large-trailer", "/endless-104"])
    func malformedLater(path: String) async throws {
        let observer = ExchangeRecorder()
        let end = try await get(path, observer)
        #expect(end.failure?.kind == .malformedAnswer, "\(String(describing: end.failure))")
        #expect(observer.record.ends.count == 1)
    }

    @Test("A chunked body without its last chunk is a lost connection")
    func noLastChunk() async throws {
        let end = try await get("/no-last-chunk")
        #expect(end.failure?.kind == .connectionLost)
        #expect(ServerPattern().made(end.body, 0..<30))
    }

    @Test("Odd heads that have one meaning are understood")
    func odd() async throws {
        #expect(try await get("/not-utf-8").head?.fields["X-Bad"] == "(\u{FF}")
        #expect(try await get("/folded").head?.fields["X-Folded"] == "a b")
        #expect(try await get("/folded").head?.fields["X-Next"] == "c")
        #expect(try await get("/same-twice").failure == nil)
        #expect(try await get("/100").body == Array("x".utf8))
        let status = try await get("/bytes-in-status")
        #expect(status.failure == nil || status.failure?.kind == .malformedAnswer)
    }

    @Test("A trailer is no head: the plan is asked once")
    func trailer() async throws {
        let observer = ExchangeRecorder()
        let end = try await get("/trailers", observer)
        #expect(end.failure == nil)
        #expect(ServerPattern().made(end.body, 0..<30))
        #expect(observer.record.plans.count == 1)
        #expect(end.head?.fields["X-Trailer"] == nil)
    }

    @Test("Interim heads are told live, in order, and then the final one", arguments: ["/flood-103", "/flood-104"])
    func interim(path: String) async throws {
        let observer = ExchangeRecorder()
        let end = try await get(path, observer)
        #expect(end.failure == nil)
        #expect(observer.record.informed.count == 900)
        #expect(observer.record.informed.allSatisfy { $0.status == (path == "/flood-103" ? 103 : 104) })
        #expect(
            observer.record.informed.last?.fields[path == "/flood-103" ? "Link" : "Upload-Offset"]
                == (path == "/flood-103" ? "</900>" : "900"))
        #expect(observer.record.plans.map(\.status) == [200])
    }

    @Test(
        "A connection on which an interim head spoke of framing, or more came than was asked for, is not used again",
        arguments: ["/framed-104", "/extra-answer"])
    func tainted(path: String) async throws {
        let bench = try EngineBench()
        let server = try await TestServer("scripted")
        try await server.follow(script: Self.script)
        let first = await bench.perform(EngineBench.get(server.url(path)))
        #expect(first.failure == nil && first.body == Array("x".utf8))
        // All that was not asked for has been sent.
        _ = try await server.log(ended: 1)
        let second = await bench.perform(EngineBench.get(server.url("/fine")))
        #expect(second.failure == nil && second.head?.status == 200)
        #expect(try await server.log(ended: 2).requests.map(\.connection) == [1, 2])
    }
}
