// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Testing
import TransferFixtures
import TransfersCore
import TransfersCurl

@Suite("What goes out", .timeLimit(.minutes(5)))
struct RequestTests {
    /// Answers with what it was sent.
    static let echo = #"{"rules": [{"do": [{"read": "all"}, {"answer": {"status": 201}}]}]}"#

    private func sent(_ exchange: Exchange, sources: [FixtureFile] = []) async throws -> ServerLog.Request {
        let bench = try EngineBench()
        let server = try await TestServer("scripted")
        try await server.follow(script: Self.echo)
        var exchange = exchange
        exchange.url = server.url(exchange.url)
        let end = await bench.perform(exchange, sources: sources)
        #expect(end.failure == nil)
        #expect(end.sent == exchange.bodyCount)
        return try #require(await server.log(ended: 1).requests.first)
    }

    @Test("A body of bytes and ranges of several files is sent as one")
    func pieces() async throws {
        let scratch = try ScratchFolder()
        let pattern = ServerPattern(seed: 5)
        let first = try scratch.file("first", pattern.bytes(0..<3_000_000))
        let second = try scratch.file("second", Array("0123456789".utf8))
        let exchange = Exchange(
            "PUT", "/x",
            body: [
                .bytes(Array("lead".utf8)), .file(source: 0, range: 1..<2_500_001), .bytes([]),
                .file(source: 1, range: 3..<7), .file(source: 1, range: 0..<0), .bytes(Array("trail".utf8)),
            ])
        let request = try await sent(exchange, sources: [first, second])
        #expect(request.bytes == 4 + 2_500_000 + 4 + 5)
        #expect(request.values("Content-Length") == ["2500013"])
        let whole = try scratch.file(
            "whole", Array("lead".utf8) + pattern.bytes(1..<2_500_001) + Array("3456trail".utf8))
        let again = try await sent(
            Exchange("PUT", "/x", body: [.file(range: 0..<2_500_013)]), sources: [whole])
        #expect(request.sha256 == again.sha256)
    }

    @Test("An upload of nothing says so; a GET says nothing of a body")
    func empty() async throws {
        for method in ["PUT", "POST", "PATCH"] {
            #expect(try await sent(Exchange(method, "/x")).values("Content-Length") == ["0"])
        }
        for method in ["GET", "DELETE", "HEAD", "OPTIONS"] {
            let request = try await sent(Exchange(method, "/x"))
            #expect(request.method == method)
            #expect(request.values("Content-Length").isEmpty && request.values("Transfer-Encoding").isEmpty)
        }
    }

    @Test("The fields are sent in order and as they are; how the request is framed is not theirs to say")
    func fields() async throws {
        let fields = HeaderFields([
            .init("X-One", "1"), .init("Authorization", "Bearer secret"), .init("X-Two", ""), .init("X-One", "2"),
            .init("Content-Length", "99"), .init("Transfer-Encoding", "chunked"), .init("Expect", "100-continue"),
            .init("Accept", "text/plain"), .init("X-Text", "häßlich: ja"),
        ])
        let request = try await sent(Exchange("PUT", "/a/../b?q=%20#part", fields: fields, body: [.bytes([1, 2, 3])]))
        #expect(request.target == "/a/../b?q=%20")
        #expect(request.values("X-One") == ["1", "2"])
        #expect(request.values("X-Two") == [""])
        #expect(request.values("Authorization") == ["Bearer secret"])
        #expect(request.values("Accept") == ["text/plain"])
        #expect(request.values("Content-Length") == ["3"])
        #expect(request.values("Transfer-Encoding").isEmpty && request.values("Expect").isEmpty)
        #expect(request.values("Accept-Encoding") == ["identity"])
        #expect(request.values("Cookie").isEmpty && request.values("User-Agent").isEmpty)
    }

    @Test("A coding that was asked for is asked for")
    func ownCoding() async throws {
        let request = try await sent(Exchange("GET", "/x", fields: HeaderFields([.init("accept-encoding", "gzip")])))
        #expect(request.values("Accept-Encoding") == ["gzip"])
    }

    @Test("An expectation is announced only where the exchange says so")
    func expectation() async throws {
        let body = [Exchange.Piece.bytes(Array(repeating: 1, count: 2_000_000))]
        #expect(try await sent(Exchange("PUT", "/x", body: body)).values("Expect").isEmpty)
        let asked = try await sent(Exchange("PUT", "/x", body: body, expectsContinue: true))
        #expect(asked.values("Expect") == ["100-continue"])
        #expect(asked.answered == [100, 201])
    }

    static let unsendable: [(String, Exchange)] = [
        ("a line break in a value", Exchange("GET", "", fields: HeaderFields([.init("X", "a\r\nY: b")]))),
        ("a bare line feed", Exchange("GET", "", fields: HeaderFields([.init("X", "a\nb")]))),
        ("a bare carriage return", Exchange("GET", "", fields: HeaderFields([.init("X", "a\rb")]))),
        ("a NUL", Exchange("GET", "", fields: HeaderFields([.init("X", "a\0b")]))),
        ("a line break in a name", Exchange("GET", "", fields: HeaderFields([.init("X\r\nY", "a")]))),
        ("a colon in a name", Exchange("GET", "", fields: HeaderFields([.init("X:Y", "a")]))),
        ("a name of nothing", Exchange("GET", "", fields: HeaderFields([.init("", "a")]))),
        ("a line break in the method", Exchange("GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "")),
        ("a method of nothing", Exchange("", "")),
        ("CONNECT", Exchange("CONNECT", "")),
        ("a HEAD with a body", Exchange("HEAD", "", body: [.bytes([1])])),
        ("a source that is not there", Exchange("PUT", "", body: [.file(source: 0, range: 0..<1)])),
    ]

    @Test("What would break out of its place is refused before anything is sent", arguments: unsendable.indices)
    func refused(number: Int) async throws {
        let bench = try EngineBench()
        let server = try await TestServer("scripted")
        var (why, exchange) = Self.unsendable[number]
        exchange.url = server.url("/x")
        let observer = ExchangeRecorder()
        let end = await bench.perform(exchange, observer)
        #expect(end.failure?.kind == .unsupported, "\(why)")
        #expect(observer.record.ends.count == 1)
        #expect(try await server.log().connections <= 1, "only the log was asked for")
        #expect(try await server.log().requests.isEmpty)
    }

    @Test(
        "URLs that nobody can be asked by are refused",
        arguments: [
            "", "x", "ftp://127.0.0.1/", "file:///etc/passwd", "http://", "http:///x", "https://?x", "http:127.0.0.1",
            "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "http://127.0.0.1/\0", "http://user:secret@127.0.0.1/",
            "http://127.0.0.1:99999/", "http://[::1/", "javascript:alert(1)", "HTTP",
        ])
    func badURL(url: String) async throws {
        let end = try await EngineBench().perform(Exchange("GET", url))
        #expect(end.failure?.kind == .unsupported)
        #expect(end.failure.map { !$0.detail.contains("secret") } == true)
    }
}
