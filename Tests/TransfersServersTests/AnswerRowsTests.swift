// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("Answers that come early, late, or not at all", .timeLimit(.minutes(5)))
struct AnswerRowsTests {
    private let bench = try! ServerBench()

    @Test(
        "row 12: an answer that comes before the body counts, and 417 is asked again without asking first",
        arguments: [
            ("/early-413", 413), ("/early-401", 401), ("/early-200", 200), ("/no-100", 201), ("/417", 201),
        ])
    func early(path: String, status: Int) async throws {
        let server = try await MatrixScript.server(12)
        let sent = try await bench.put(try bench.file(2_000_000), to: server.url(path))
        #expect(sent.status == status, "\(sent)")
        let log = try await server.log()
        if path == "/417" { #expect(log.requests.map { $0.values("expect") } == [["100-continue"], []]) }
        if status == 201 { #expect(log.requests.last?.bytes == 2_000_000) }
    }

    @Test("row 12: a refusal with a reset behind it is told, or the connection is lost; it is no success")
    func refusedAndReset() async throws {
        let server = try await MatrixScript.server(12)
        let options = ServerBench.options { $0.retry = .never }
        let sent = try await bench.put(try bench.file(2_000_000), to: server.url("/early-403"), options: options)
        #expect(sent.status == 403 || sent.failure?.code == .connectionLost, "\(sent)")
    }

    @Test("row 13: each status that may pass is tried again, and after three in a row the host is left alone a while")
    func passing() async throws {
        let server = try await MatrixScript.server(13)
        let options = ServerBench.options { $0.retry.maximumAttempts = 10 }
        let got = try await bench.get(server.url("/many"), options: options)
        #expect(got.status == 200 && got.bytes == Array("calm".utf8))
        #expect(try await server.log(ended: 7).requests.flatMap(\.answered) == [429, 425, 408, 500, 502, 504, 200])
        let heeded = ServerBench.options { $0.retry.longestRetryAfter = 60 }
        #expect(try await bench.get(server.url("/with-date"), "date", options: heeded).bytes == Array("calm".utf8))
    }

    @Test("row 13: fifty that are queued do not hammer a host that fails")
    func storm() async throws {
        let server = try await MatrixScript.server(13)
        let request = try ServerBench.request(server.url("/storm"))
        let options = ServerBench.options { $0.retry = ServerBench.patient }
        let orders = (0..<50).map { DownloadOrder(of: request, identifier: "\($0)", options: options) }
        await bench.downloader.begin(contentsOf: orders) { _, _ in }
        // Those that were not asked wait for the host, and nobody runs any more.
        while true {
            let states = try await bench.downloader.transfers().map(\.state)
            if !states.contains(where: { if case .running = $0 { true } else { $0 == .waiting(.turn, until: nil) } }),
                states.contains(where: { if case .waiting(.serverBusy, _?) = $0 { true } else { false } })
            {
                break
            }
            _ = try await server.log()
        }
        // Six at once, and then nobody for five seconds, but for one now and then.
        #expect(try await server.log().requests.count < 15)
        for number in 0..<50 { try await bench.downloader.cancel("\(number)") }
    }

    @Test(
        "row 14: what Retry-After says is heeded within bounds, and nonsense is not",
        arguments: [
            ("-5", nil), ("1.5", nil), ("99999999999999999999", 86_400), ("soon", nil), ("", nil),
            ("Sun, 06 Nov 1994 08:49:37 GMT", nil), ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
            ("Sun Nov  6 08:49:37 1994", nil), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400), ("7200", 7200),
        ] as [(String, Double?)])
    func retryAfter(value: String, least: Double?) async throws {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: #"""
                {"rules": [{"do": {"answer": {"status": 503, "headers": [["Retry-After", "\#(value)"]]}}}]}
                """#)
        let request = try ServerBench.request(server.url("/file"))
        let options = ServerBench.options { $0.retry = ServerBench.patient }
        await bench.downloader.beginDownload(of: request, identifier: "d", options: options) { _, _ in }
        let status = try await bench.status(of: "d") {
            if case .waiting(let reason, _?) = $0.state {
                [.retry, .serverBusy].contains(reason) && $0.attempts > 0
            } else {
                false
            }
        }
        guard case .waiting(_, let until?) = status.state else { return #expect(Bool(false), "\(status)") }
        let wait = until.timeIntervalSince(status.begun)
        if let least {
            // On top of it comes the jitter, an hour at most here; a while passes before it is looked at.
            #expect(wait >= least - 1 && wait < least + 3600 + 600, "\(wait)")
        } else {
            #expect(wait < 3600 + 600, "\(wait)")
        }
        #expect(try await server.log(ended: 1).requests.count == 1)
        try await bench.downloader.cancel("d")
    }

    @Test(
        "row 15: a head that is none, and a body that cannot be understood, end the transfer as a bad answer",
        arguments: [
            "/large", "/nul", "/no-colon", "/0.9", "/099", "/1000", "/negative", "/duplicate", "/both", "/bad-chunk",
            "/huge-chunk",
        ])
    func badHeads(path: String) async throws {
        let server = try await MatrixScript.server(15)
        let got = try await bench.get(server.url(path))
        #expect(got.failure?.code == .badAnswer, "\(got)")
        #expect(try await server.log().requests.count == 1, "it is not tried again")
    }

    @Test(
        "row 15: what is odd but has one meaning is taken",
        arguments: ["/not-utf-8", "/folded", "/trailers", "/flood-103", "/extra-answer", "/many"])
    func oddHeads(path: String) async throws {
        let server = try await MatrixScript.server(15)
        let got = try await bench.get(server.url(path))
        #expect(
            got.status == 200 && got.bytes == (path == "/trailers" ? ServerPattern().bytes(0..<30) : Array("x".utf8)))
    }

    @Test("row 15: a chunked body without its last chunk is not taken for whole")
    func noLastChunk() async throws {
        let server = try await MatrixScript.server(15)
        let options = ServerBench.options { $0.retry.maximumAttempts = 2 }
        #expect(try await bench.get(server.url("/no-last-chunk"), options: options).failure?.code == .connectionLost)
        #expect(try await server.log().requests.count == 2)
    }

    @Test("row 16: a handshake that never ends has until the deadline; an end without goodbye is a lost connection")
    func secure() async throws {
        let certificates = try await TestCertificates()
        let keys = ["--tls", certificates.path("good.pem"), certificates.path("good.key")]
        let trust = TransferTrust(authorities: certificates.path("ca.pem"))
        let silent = try await TestServer("scripted", keys + ["--handshake-stall"])
        let hurried = ServerBench.options {
            $0.trust = trust
            $0.lifetime = 1
        }
        let stalled = try await bench.get(silent.url("/file", scheme: "https"), "stall", options: hurried)
        #expect(stalled.failure?.code == .deadlinePassed)
        let rude = try await MatrixScript.server(16, "scripted", keys)
        let options = ServerBench.options {
            $0.trust = trust
            $0.allowsUnknownLength = true
            $0.retry.maximumAttempts = 2
        }
        let got = try await bench.get(rude.url("/file", scheme: "https"), "rude", options: options)
        #expect(got.failure?.code == .connectionLost)
        #expect(try await rude.log(ended: 2).requests.count == 2)
    }

    @Test("row 17: a name that nobody has and an address where nobody is are tried as often as was said")
    func names() async throws {
        let options = ServerBench.options { $0.retry.maximumAttempts = 2 }
        let lost = try await bench.get("http://there-is-none.invalid/file", "name", options: options)
        #expect(lost.failure?.code == .cannotResolve)
        #expect(try await bench.get("http://[::1]:1/file", "address", options: options).failure?.code == .cannotConnect)
    }

    @Test("row 17: without a network it waits for one, and no attempt is lost")
    func noNetwork() async throws {
        bench.process.conditions.set(network: .offline)
        let request = try ServerBench.request("http://there-is-none.invalid/file")
        let options = ServerBench.options()
        await bench.downloader.beginDownload(of: request, identifier: "d", options: options) { _, _ in }
        let status = try await bench.status(of: "d") {
            if case .waiting(.network, _) = $0.state { true } else { false }
        }
        #expect(status.attempts == 0)
        try await bench.downloader.cancel("d")
    }
}
