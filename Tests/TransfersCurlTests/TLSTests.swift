// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransfersCore
import TransfersCurl

@Suite("TLS: each fault has its name", .timeLimit(.minutes(5)))
struct TLSTests {
    /// Made once for the suite.
    static let certificates = Task { try await TestCertificates() }

    private func serve(_ name: String, _ options: [String] = []) async throws -> (TestServer, TestCertificates) {
        let certificates = try await Self.certificates.value
        let server = try await TestServer(
            "scripted", ["--tls", certificates.path("\(name).pem"), certificates.path("\(name).key")] + options)
        try await server.follow(
            script: #"""
                {"rules": [{"path": "/cut", "do": [{"answer": {"length": null, "body": {"seed": 1, "length": 1000}}}, "drop"]},
                           {"path": "/closed", "do": [{"answer": {"length": null, "body": {"seed": 1, "length": 1000}}}, "close"]},
                           {"do": [{"read": "all"}, {"answer": {"body": "x"}}]}]}
                """#)
        return (server, certificates)
    }

    private func get(_ server: TestServer, _ path: String = "/", trust: Exchange.Trust) async throws -> ExchangeEnd {
        var exchange = EngineBench.get(server.url(path, scheme: "https"))
        exchange.trust = trust
        return try await EngineBench().perform(exchange)
    }

    private func trusting(_ certificates: TestCertificates) -> Exchange.Trust {
        var trust = Exchange.Trust()
        trust.authorities = certificates.path("ca.pem")
        return trust
    }

    @Test("A good certificate of an authority that we trust is believed; without that trust it is not")
    func good() async throws {
        let (server, certificates) = try await serve("good")
        let end = try await get(server, trust: trusting(certificates))
        #expect(end.failure == nil && end.body == Array("x".utf8))
        #expect(try await get(server, trust: Exchange.Trust()).failure?.kind == .tls(.untrusted))
        var other = Exchange.Trust()
        other.authorities = certificates.path("other-ca.pem")
        #expect(try await get(server, trust: other).failure?.kind == .tls(.untrusted))
        other.authorities = certificates.path("there-is-none.pem")
        #expect(try await get(server, trust: other).failure?.kind == .tls(.untrusted))
    }

    @Test(
        "A bad certificate ends it, and says how it is bad",
        arguments: [
            ("expired", ExchangeFailure.TLSFault.expired), ("early", .expired), ("self-signed", .untrusted),
            ("wrong-host", .wrongHost),
        ])
    func bad(name: String, fault: ExchangeFailure.TLSFault) async throws {
        let (server, certificates) = try await serve(name)
        let end = try await get(server, trust: trusting(certificates))
        #expect(end.failure?.kind == .tls(fault), "\(String(describing: end.failure))")
        #expect(end.head == nil)
        #expect(try await server.log().requests.isEmpty)
    }

    @Test("A pin has to match, one of several is enough")
    func pins() async throws {
        let (server, certificates) = try await serve("good")
        let pin = try certificates.text("good.pin")
        let other = "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
        var trust = trusting(certificates)
        trust.pins = [other, pin]
        #expect(try await get(server, trust: trust).failure == nil)
        trust.pins = [other]
        #expect(try await get(server, trust: trust).failure?.kind == .tls(.pinMismatch))
    }

    @Test("A connection under one trust is not used under another")
    func reuse() async throws {
        let (server, certificates) = try await serve("good")
        let bench = try EngineBench()
        var exchange = EngineBench.get(server.url("/", scheme: "https"))
        exchange.trust = trusting(certificates)
        #expect(await bench.perform(exchange).failure == nil)
        exchange.trust.pins = ["sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
        #expect(await bench.perform(exchange).failure?.kind == .tls(.pinMismatch))
        exchange.trust = Exchange.Trust()
        #expect(await bench.perform(exchange).failure?.kind == .tls(.untrusted))
    }

    @Test("A client certificate is shown; without one, or with a stranger's, that is the fault")
    func clientCertificate() async throws {
        let certificates = try await Self.certificates.value
        let (server, _) = try await serve("good", ["--client-ca", certificates.path("ca.pem")])
        var trust = trusting(certificates)
        #expect(try await get(server, trust: trust).failure?.kind == .tls(.clientCertificate))
        trust.certificate = certificates.path("stranger.pem")
        trust.key = certificates.path("stranger.key")
        #expect(try await get(server, trust: trust).failure?.kind == .tls(.clientCertificate))
        trust.certificate = certificates.path("client.pem")
        trust.key = certificates.path("client.key")
        #expect(try await get(server, trust: trust).failure == nil)
        #expect(try await server.log().requests.last?.client != nil)
        trust.key = certificates.path("there-is-none.key")
        #expect(try await get(server, trust: trust).failure?.kind == .tls(.clientCertificate))
    }

    @Test("A handshake that never ends is a connection that timed out")
    func handshakeStall() async throws {
        let (server, certificates) = try await serve("good", ["--handshake-stall"])
        var exchange = EngineBench.get(server.url("/", scheme: "https"))
        exchange.limits.connect = 1
        exchange.trust = trusting(certificates)
        let end = try await EngineBench().perform(exchange)
        #expect(end.failure?.kind == .connectTimedOut)
    }

    @Test("A server that speaks no TLS fails the handshake")
    func plainServer() async throws {
        let plain = try BarePort(listens: true, saying: "HTTP/1.1 400 Bad Request\r\n\r\n")
        let end = try await EngineBench().perform(EngineBench.get("https://127.0.0.1:\(plain.number)/"))
        #expect(end.failure?.kind == .tls(.handshake))
    }

    @Test("An end without close_notify, where nothing announced the length, is a lost connection")
    func abruptEnd() async throws {
        let (server, certificates) = try await serve("good")
        let closed = try await get(server, "/closed", trust: trusting(certificates))
        #expect(closed.failure == nil && ServerPattern().made(closed.body, 0..<1000))
        let end = try await get(server, "/cut", trust: trusting(certificates))
        #expect(end.failure?.kind == .connectionLost)
        #expect(ServerPattern().made(end.body, 0..<1000))
    }
}
