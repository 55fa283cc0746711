// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("Downloads from hostile servers", .timeLimit(.minutes(5)))
struct DownloadRowsTests {
    private let bench = try! ServerBench()

    private func served(_ script: String) async throws -> TestServer {
        let server = try await TestServer("scripted")
        try await server.follow(script: script)
        return server
    }

    @Test("row 1: a length that is too large leaves what came, and the rest is asked for")
    func lengthTooLarge() async throws {
        let server = try await MatrixScript.server(1)
        let got = try await bench.get(server.url("/file"))
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<100_000))
        let log = try await server.log(ended: 2)
        #expect(log.requests.map { $0.values("range") } == [[], ["bytes=60000-"]])
        #expect(log.requests[1].values("if-range") == ["\"a\""])
    }

    @Test("row 2: what comes beyond the length is not taken, and its connection not used again")
    func lengthTooSmall() async throws {
        let server = try await MatrixScript.server(2)
        for name in ["one", "two"] {
            let got = try await bench.get(server.url("/file"), name)
            #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<1000))
        }
        #expect(try await server.log(ended: 2).requests.map(\.connection) == [1, 2])
    }

    @Test("row 3: without length and end it is only taken by who allows that")
    func unknownEnd() async throws {
        let server = try await MatrixScript.server(3)
        #expect(try await bench.get(server.url("/file"), "strict").failure?.code == .badAnswer)
        let options = ServerBench.options { $0.allowsUnknownLength = true }
        let got = try await bench.get(server.url("/file"), "lax", options: options)
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<1000))
    }

    @Test("row 4: resets at every place end in the whole file, up and down")
    func resets() async throws {
        let server = try await MatrixScript.server(4)
        let got = try await bench.get(server.url("/file"))
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<5000))
        let sent = try await bench.put(try bench.file(5000), to: server.url("/file"))
        #expect(sent.status == 201)
        let last = try #require(try await server.log(ended: 9).requests.last)
        #expect((last.method, last.bytes, last.complete) == ("PUT", 5000, true))
    }

    @Test("row 4: progress counts attempts anew, so that a file comes through any number of cuts")
    func progress() async throws {
        let cuts =
            #"{"times": 12, "do": {"serve": {"etag": "\"a\"", "body": {"seed": 1, "length": 130000}, "at": [{"body": 10000, "do": "reset"}]}}}"#
        let server = try await served(
            #"{"rules": [{"answers": [\#(cuts), {"serve": {"etag": "\"a\"", "body": {"seed": 1, "length": 130000}}}]}]}"#
        )
        let options = ServerBench.options { $0.retry.maximumAttempts = 2 }
        let got = try await bench.get(server.url("/file"), options: options)
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<130_000))
        let starts = try await server.log(ended: 13).requests.map { $0.values("range").first ?? "" }
        #expect(starts == [""] + (1...12).map { "bytes=\($0 * 10_000)-" })
    }

    @Test(
        "row 5: what stands still is given up, what crawls has until its deadline, what only pauses comes",
        arguments: [
            ("/slow-head", TransferFailure.Code.deadlinePassed), ("/slow-body", .deadlinePassed), ("/stall", .timedOut),
            ("/pause", nil),
        ])
    func slow(path: String, code: TransferFailure.Code?) async throws {
        let server = try await MatrixScript.server(5)
        let options = ServerBench.options {
            $0.retry = .never
            // The deadline is not in the way of the stall, nor the stall in that of the deadline.
            $0.stallTimeout = code == .deadlinePassed ? 60 : 1
            $0.lifetime = code == .deadlinePassed ? 1 : 3600
        }
        let got = try await bench.get(server.url(path), options: options)
        #expect(got.failure?.code == code, "\(got)")
        if code == nil { #expect(ServerPattern().made(got.bytes, 0..<1000)) }
    }

    @Test("row 5: an upload that nobody takes has stalled")
    func slowSink() async throws {
        let server = try await MatrixScript.server(5)
        let options = ServerBench.options {
            $0.retry = .never
            $0.stallTimeout = 1
        }
        let sent = try await bench.put(try bench.file(100_000), to: server.url("/slow-sink"), options: options)
        #expect(sent.failure?.code == .timedOut)
    }

    @Test(
        "row 7: a wrong answer to a range begins it anew; not a byte of it is taken",
        arguments: ["/whole", "/wrong-start", "/wrong-total", "/multipart", "/complete", "/incomplete"])
    func wrongRanges(path: String) async throws {
        let server = try await MatrixScript.server(7)
        let proxy = try await TestServer("proxy", ["--to", "127.0.0.1:\(server.port)"])
        // Behind the head, within the body.
        try await proxy.cut("down", after: 700)
        let got = try await bench.get(proxy.url(path))
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<1000), "\(got)")
        let log = try await server.log()
        #expect(log.requests.count >= 2 && log.requests[1].values("range").count == 1)
    }

    @Test("row 7: a server that ignores If-Range and sends the rest of another version is not believed")
    func ifRangeIgnored() async throws {
        let other = #"{"serve": {"etag": "\"b\"", "ignore": ["If-Range"], "body": {"seed": 2, "length": 1000}}}"#
        let server = try await served(
            #"""
            {"rules": [{"answers": [
              {"serve": {"etag": "\"a\"", "body": {"seed": 1, "length": 1000}, "at": [{"body": 500, "do": "reset"}]}},
              \#(other)]}]}
            """#)
        let got = try await bench.get(server.url("/file"))
        #expect(got.status == 200 && ServerPattern(seed: 2).made(got.bytes, 0..<1000))
        let log = try await server.log(ended: 3)
        #expect(log.requests.map(\.answered) == [[200], [206], [200]])
    }

    @Test(
        "row 8: another version begins anew, the same one goes on, and without a validator nothing is continued",
        arguments: [
            ("/changes", UInt64(2), Int64(6000), "\"a\""), ("/weak", 1, 5000, nil),
            ("/by-date", 1, 5000, "Mon, 01 Jan 2024 00:00:00 GMT"), ("/per-node", 1, 5000, "\"node1\""),
            ("/neither", 1, 5000, nil),
        ] as [(String, UInt64, Int64, String?)])
    func validators(path: String, seed: UInt64, length: Int64, validator: String?) async throws {
        let server = try await MatrixScript.server(8)
        let got = try await bench.get(server.url(path))
        #expect(got.status == 200 && ServerPattern(seed: seed).made(got.bytes, 0..<length))
        let log = try await server.log()
        #expect(log.requests.map { $0.values("if-range").first }.prefix(2) == [nil, validator])
        let second = try #require(log.requests.dropFirst().first)
        #expect(second.values("range") == (validator == nil ? [] : ["bytes=2000-"]))
        #expect((second.answered == [206]) == (path == "/by-date"))
    }

    @Test("row 9: a coding that nobody asked for is not written into a file")
    func codings() async throws {
        let server = try await MatrixScript.server(9)
        #expect(try await bench.get(server.url("/lying"), "lying").failure?.code == .badAnswer)
        let ranged = try await served(
            #"""
            {"rules": [{"answers": [
              {"serve": {"etag": "\"a\"", "body": {"seed": 1, "length": 1000}, "at": [{"body": 500, "do": "reset"}]}},
              {"answer": {"status": 206, "headers": [["ETag", "\"a\""], ["Content-Range", "bytes 500-999/1000"], ["Content-Encoding", "gzip"]],
                "body": {"gzip": {"seed": 1, "offset": 500, "length": 500}}}},
              {"serve": {"etag": "\"a\"", "body": {"seed": 1, "length": 1000}}}]}]}
            """#)
        let got = try await bench.get(ranged.url("/file"), "ranged")
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<1000))
        let log = try await ranged.log()
        #expect(log.requests.allSatisfy { $0.values("accept-encoding") == ["identity"] })
    }
}
