// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("Transfers with nginx", .enabled(if: Peer.nginx.isInstalled, "nginx: \(Peer.remedy)"), .timeLimit(.minutes(5)))
struct NginxTests {
    /// Started once for the suite.
    private static let peer = Task { try await Peer.nginx.start() }
    private let bench = try! ServerBench()
    private static let size: Int64 = 3_000_000

    private func peer() async throws -> RunningPeer { try await Self.peer.value }

    private func trust(_ peer: RunningPeer) throws -> TransferTrust {
        TransferTrust(authorities: try certificate("ca.pem", peer))
    }

    private func certificate(_ name: String, _ peer: RunningPeer) throws -> String {
        try #require(peer.server.facts.certificates) + "/" + name
    }

    private func secure(_ peer: RunningPeer, _ path: String, _ name: String? = nil) throws -> String {
        let port = name.map { peer.server.facts.secure?[$0] } ?? peer.server.facts.tls
        return "https://127.0.0.1:\(try #require(port))" + path
    }

    @Test("nginx: what is put there is stored byte for byte, and comes back so", arguments: ["HTTP/1.1", "HTTP/2.0"])
    func roundTrip(version: String) async throws {
        let peer = try await peer()
        let path = version == "HTTP/1.1" ? "/plain" : "/secure"
        let url = version == "HTTP/1.1" ? peer.server.url(path) : try secure(peer, path)
        let trust = try trust(peer)
        let options = ServerBench.options { $0.trust = trust }
        let sent = try await bench.put(try bench.file(Self.size), to: url, options: options)
        #expect((sent.status, sent.fields["x-protocol"]) == (201, version))
        #expect(ServerPattern().made(peer.stored(path), 0..<Self.size))
        let got = try await bench.get(url, options: options)
        #expect((got.status, got.fields["x-protocol"]) == (200, version))
        #expect(ServerPattern().made(got.bytes, 0..<Self.size))
        #expect(try await bench.get(url + ".none", options: options).status == 404)
    }

    @Test("nginx: a download that is cut goes on where it was, over TLS too", arguments: [false, true])
    func continued(isSecure: Bool) async throws {
        let peer = try await peer()
        let path = isSecure ? "/cut-secure" : "/cut"
        let trust = try trust(peer)
        let options = ServerBench.options { $0.trust = trust }
        #expect(try await bench.put(try bench.file(Self.size), to: peer.server.url(path)).status == 201)
        let proxy = try await peer.proxied(port: isSecure ? peer.server.facts.tls : nil)
        try await proxy.cut("down", after: 2_000_000)
        let got = try await bench.get(proxy.url(path, scheme: isSecure ? "https" : "http"), options: options)
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<Self.size))
        let connections = try await proxy.counts.connections
        try #require(connections.count == 2)
        // TLS and the framing of HTTP/2 take their part; nothing that had come came again.
        #expect((1_000_000..<1_100_000).contains(connections[1].out.down), "\(connections)")
    }

    @Test("nginx: an upload by one request that is cut begins anew, and is whole in the end")
    func begunAnew() async throws {
        let peer = try await peer()
        let proxy = try await peer.proxied()
        try await proxy.cut("up", after: 1_000_000)
        let sent = try await bench.put(try bench.file(Self.size), to: proxy.url("/anew"))
        #expect(sent.status == 201 && ServerPattern().made(peer.stored("anew"), 0..<Self.size))
        #expect(try await proxy.counts.connections.count == 2)
    }

    @Test(
        "nginx: a bad certificate is the end at the first connection, and says how it is bad",
        arguments: [
            ("expired", TransferFailure.Code.certificateExpired), ("early", .certificateExpired),
            ("self-signed", .certificateUntrusted), ("wrong-host", .certificateWrongHost),
            ("pin", .pinMismatch), ("no authority", .certificateUntrusted),
        ])
    func badCertificate(name: String, code: TransferFailure.Code) async throws {
        let peer = try await peer()
        let port = try #require(peer.server.facts.secure?[name] ?? peer.server.facts.tls)
        let proxy = try await peer.proxied(port: port)
        var trust = name == "no authority" ? .system : try trust(peer)
        if name == "pin" { trust.pins = ["sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="] }
        let options = ServerBench.options { $0.trust = trust }
        let url = proxy.url("/never", scheme: "https")
        #expect(try await bench.get(url, options: options).failure?.code == code)
        #expect(try await bench.put(try bench.file(10), to: url, options: options).failure?.code == code)
        #expect(try await proxy.counts.connections.count == 2, "one each: it is never tried again")
        #expect(peer.stored("never").isEmpty)
    }

    @Test("nginx: the key that is pinned is believed, and a client certificate is shown to who demands one")
    func trusted() async throws {
        let peer = try await peer()
        var trust = try trust(peer)
        trust.pins = [
            "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            try String(contentsOfFile: certificate("good.pin", peer), encoding: .utf8).filter { !$0.isNewline },
        ]
        let pinned = ServerBench.options { $0.trust = trust }
        let (file, url) = (try bench.file(1000), try secure(peer, "/client", "client"))
        #expect(try await bench.put(file, to: secure(peer, "/pinned"), options: pinned).status == 201)
        // nginx shakes hands with everybody, and then says what it misses.
        let bare = try await bench.put(file, to: url, "bare", options: pinned)
        #expect(bare.status == 400 && peer.stored("client").isEmpty)
        for (name, status) in [("stranger", 400), ("client", 201)] {
            trust.certificate = try certificate(name + ".pem", peer)
            trust.key = try certificate(name + ".key", peer)
            let shown = ServerBench.options { $0.trust = trust }
            let outcome = try await bench.put(file, to: url, name, options: shown)
            #expect(outcome.status == status)
            if status == 201 { #expect(outcome.fields["x-client"] == "CN=Test client") }
        }
        #expect(ServerPattern().made(peer.stored("client"), 0..<1000))
    }

    @Test("nginx as a proxy: a resumable upload that begins carefully goes through it, and resumes behind it")
    func resumableBehindProxy() async throws {
        let server = try await TestServer("rufh")
        // As servers behind it have to: its first 104 would be passed on as if it were final.
        try await server.obey(#"{"misbehave": [{"on": "create", "do": {"first": null}}]}"#)
        let proxy = try await TestServer("proxy", ["--to", "127.0.0.1:\(server.port)"])
        try await proxy.cut("up", after: 1_200_000, each: true)
        let nginx = try await Peer.nginx.start(["--proxy", "127.0.0.1:\(proxy.port)"])
        let options = ServerBench.options {
            $0.method = .resumable
            $0.resumableCreation = .careful
        }
        let sent = try await bench.put(
            try bench.file(Self.size), to: nginx.server.url("/proxied/movie"), options: options)
        #expect(sent.status == 200)
        let log = try await server.log()
        #expect(log.requests.map(\.method).first == "POST" && log.requests.map(\.method).last == "PATCH")
        #expect(log.requests.contains { $0.method == "HEAD" })
        #expect(try await proxy.counts.up < Self.size + 100_000, "nothing that the server had was sent again")
    }
}
