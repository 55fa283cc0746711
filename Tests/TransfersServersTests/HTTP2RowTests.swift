// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("Servers of HTTP/2 that misbehave", .timeLimit(.minutes(5)))
struct HTTP2RowTests {
    private let bench = try! ServerBench()
    private static let certificates = Task { try await TestCertificates() }

    private func server(_ options: [String] = []) async throws -> (TestServer, TransferOptions) {
        let certificates = try await Self.certificates.value
        let keys = ["--tls", certificates.path("good.pem"), certificates.path("good.key")]
        let server = try await MatrixScript.server(18, "scripted-h2", keys + options)
        return (
            server,
            ServerBench.options {
                $0.trust = TransferTrust(authorities: certificates.path("ca.pem"))
                $0.stallTimeout = 1
                $0.retry.maximumAttempts = 2
            }
        )
    }

    @Test("row 18: a download goes on behind GOAWAY, where it was")
    func goaway() async throws {
        let (server, options) = try await server()
        let got = try await bench.get(server.url("/goaway", scheme: "https"), options: options)
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<100_000))
        let log = try await server.log(ended: 2)
        #expect(log.requests.map { $0.values("range").first } == [nil, "bytes=40000-"])
    }

    @Test(
        "row 18: refused streams and floods of frames are survived",
        arguments: ["/refused", "/settings-flood", "/ping-flood"])
    func survived(path: String) async throws {
        let (server, options) = try await server()
        let got = try await bench.get(server.url(path, scheme: "https"), options: options)
        #expect(got.status == 200 && got.bytes == Array("served".utf8))
    }

    @Test(
        "row 18: what never gets better ends after so many attempts as are allowed",
        arguments: [
            ("/calm", [TransferFailure.Code.connectionLost]), ("/goaway-calm", [.connectionLost]),
            ("/rst-within", [.connectionLost]), ("/stall", [.timedOut]),
        ])
    func ended(path: String, codes: [TransferFailure.Code]) async throws {
        let (server, options) = try await server()
        let got = try await bench.get(server.url(path, scheme: "https"), options: options)
        #expect(got.failure.map { codes.contains($0.code) } == true, "\(got)")
        // libcurl tries refused streams again by itself; that has an end, too.
        #expect(try await server.log().requests.count <= 12)
    }

    @Test(
        "row 18: a body without length whose end never came is not taken for whole",
        arguments: [
            #""close""#, #""drop""#, #""reset""#, #"{"goaway": {"last": "this"}}, "close""#,
            #"{"goaway": {"last": "this", "error": "INTERNAL_ERROR"}}, "close""#, #"{"rst": "INTERNAL_ERROR"}"#,
        ])
    func noEnd(ending: String) async throws {
        let (server, options) = try await server()
        try await server.follow(
            script:
                #"{"rules": [{"do": [{"headers": {"status": 200}}, {"data": {"seed": 1, "length": 1000}}, \#(ending)]}]}"#
        )
        let got = try await bench.get(server.url("/file", scheme: "https"), options: options)
        #expect(got.failure != nil && got.status == nil, "\(got)")
    }

    @Test("row 18: an upload arrives, is refused early, and stalls where no window opens")
    func uploads() async throws {
        let (server, options) = try await server()
        let file = try bench.file(500_000)
        #expect(try await bench.put(file, to: server.url("/up", scheme: "https"), "up", options: options).status == 201)
        let early = try await bench.put(file, to: server.url("/early-413", scheme: "https"), "early", options: options)
        #expect(early.status == 413, "\(early)")
        let (closed, never) = try await self.server(["--window", "0"])
        let stalled = try await bench.put(file, to: closed.url("/up", scheme: "https"), "stall", options: never)
        #expect(stalled.failure?.code == .timedOut, "\(stalled)")
        let log = try await server.log()
        #expect(log.requests.first?.bytes == 500_000)
    }
}
