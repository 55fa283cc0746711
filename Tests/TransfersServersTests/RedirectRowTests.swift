// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("Redirects of hostile servers", .timeLimit(.minutes(5)))
struct RedirectRowTests {
    private let bench = try! ServerBench()

    @Test(
        "row 6: circles and ways to nowhere are refused, and nothing is asked there",
        arguments: [
            ("/loop", TransferFailure.Code.tooManyRedirects), ("/hops", .tooManyRedirects),
            ("/to-a-file", .redirectRefused), ("/to-gopher", .redirectRefused), ("/garbage", .redirectRefused),
        ])
    func refused(path: String, code: TransferFailure.Code) async throws {
        let server = try await MatrixScript.server(6)
        #expect(try await bench.get(server.url(path)).failure?.code == code)
        let log = try await server.log()
        #expect(log.requests.count == (code == .tooManyRedirects ? 21 : 1))
    }

    @Test(
        "row 6: a redirect without a place is an answer; a relative one is followed, and so are as many as are allowed")
    func followed() async throws {
        let server = try await MatrixScript.server(6)
        #expect(try await bench.get(server.url("/nowhere"), "nowhere").status == 302)
        #expect(try await bench.get(server.url("/a/relative"), "relative").bytes == Array("there".utf8))
        #expect(try await server.log(ended: 3).requests.last?.target == "/there?x=1")
        let patient = ServerBench.options { $0.redirects.maximum = 21 }
        #expect(try await bench.get(server.url("/hops"), "hops", options: patient).bytes == Array("there".utf8))
    }

    @Test("row 6: another host hears nothing that proves who we are, and https never becomes http")
    func credentials() async throws {
        let server = try await MatrixScript.server(6)
        let fields = ["Authorization": "Bearer s3cret", "Cookie": "a=s3cret", "X-Mine": "kept"]
        for path in ["/plain", "/other-host"] {
            let got = try await bench.get(server.url(path), path, fields: fields)
            #expect(got.bytes == Array("there".utf8))
        }
        let there = try await server.log(ended: 4).requests.filter { $0.target == "/there" }
        #expect(there.map { $0.values("authorization") } == [["Bearer s3cret"], []])
        #expect(there.map { $0.values("cookie") } == [["a=s3cret"], []])
        let certificates = try await TestCertificates()
        let secure = try await MatrixScript.server(
            6, "scripted", ["--tls", certificates.path("good.pem"), certificates.path("good.key")])
        let options = ServerBench.options { $0.trust = TransferTrust(authorities: certificates.path("ca.pem")) }
        let got = try await bench.get(secure.url("/plain", scheme: "https"), "down", fields: fields, options: options)
        #expect(got.failure?.code == .redirectRefused)
        #expect(try await secure.log().requests.map(\.target) == ["/plain"])
    }

    @Test("row 6: a body goes where it is sent on to, whole, and 303 asks for the answer instead")
    func bodies() async throws {
        let server = try await MatrixScript.server(6)
        let file = try bench.file(300_000)
        for path in ["/again", "/again-early", "/see-other"] {
            let sent = try await bench.put(file, to: server.url(path), path)
            #expect(sent.status == 200, "\(path): \(sent)")
        }
        let there = try await server.log(ended: 6).requests.filter { $0.target == "/there" }
        #expect(there.map(\.method) == ["PUT", "PUT", "GET"])
        #expect(there.map(\.bytes) == [300_000, 300_000, 0])
        #expect(there[0].sha256 == there[1].sha256)
    }

    @Test("row 6: a redirect for good is remembered by the next attempt")
    func moved() async throws {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: #"""
                {"rules": [{"path": "/moved", "do": {"answer": {"status": 301, "headers": [["Location", "/there"]]}}},
                  {"path": "/there", "answers": [
                    {"serve": {"etag": "\"a\"", "body": {"seed": 1, "length": 1000}, "at": [{"body": 500, "do": "reset"}]}},
                    {"serve": {"etag": "\"a\"", "body": {"seed": 1, "length": 1000}}}]}]}
                """#)
        let got = try await bench.get(server.url("/moved"))
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<1000))
        #expect(try await server.log(ended: 3).requests.map(\.target) == ["/moved", "/there", "/there"])
    }
}
