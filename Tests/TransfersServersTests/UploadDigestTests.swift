// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite("Digests that go along with uploads", .timeLimit(.minutes(5)))
struct UploadDigestTests {
    private let bench = try! ServerBench()
    /// A piece, and another one.
    private static let size: Int64 = 9_000_000

    private static func options(_ method: UploadMethod, _ algorithm: ContentDigest.Algorithm = .sha256)
        -> TransferOptions
    {
        ServerBench.options {
            $0.method = method
            $0.sentDigest = algorithm
        }
    }

    /// As the server computed it of what came, in base64.
    private static func digest(_ request: ServerLog.Request) -> String {
        Data(ContentDigest.sha256(hex: request.sha256)?.bytes ?? []).base64EncodedString()
    }

    @Test("a plain upload says what it carries, and only where that was asked for")
    func plain() async throws {
        let origin = try await TestServer("origin")
        let file = try bench.file(300_000)
        #expect(try await bench.put(file, to: origin.url("/up"), "with", options: Self.options(.plain)).status == 201)
        #expect(try await bench.put(file, to: origin.url("/up"), "without").status == 201)
        let log = try await origin.log(ended: 2)
        let said = "sha-256=:\(Self.digest(log.requests[0])):"
        #expect(log.requests.map { $0.values("content-digest") } == [[said], []])
        #expect(log.requests.map { $0.values("repr-digest") } == [[said], []])
    }

    @Test(
        "an upload by tus has the checksum of each piece, the server verifies them, and one that it calls damaged is sent again"
    )
    func tus() async throws {
        let server = try await TestServer("tusd")
        try await server.obey(#"{"misbehave": [{"on": "PATCH", "skip": 1, "do": {"status": 460}}]}"#)
        let sent = try await bench.put(
            try bench.file(Self.size), to: server.url("/files/"), options: Self.options(.tus))
        #expect(sent.failure == nil && sent.status == 204, "\(sent)")
        let patches = try await server.log().requests.filter { $0.method == "PATCH" && $0.answered != [460] }
        #expect(patches.map(\.bytes) == [8 << 20, Self.size - (8 << 20)])
        for patch in patches { #expect(patch.values("upload-checksum") == ["sha256 " + Self.digest(patch)]) }
        let again = try await server.log().requests.filter { $0.answered == [460] }
        #expect(again.count == 1)
    }

    @Test("a server of tus that always calls it damaged ends it, and one that checks nothing is told nothing")
    func tusWithout() async throws {
        let strict = try await TestServer("tusd")
        try await strict.obey(#"{"misbehave": [{"on": "PATCH", "times": 0, "do": {"status": 460}}]}"#)
        let file = try bench.file(20_000)
        let refused = try await bench.put(file, to: strict.url("/files/"), "strict", options: Self.options(.tus))
        #expect(refused.status == 460, "\(refused)")
        let lax = try await TestServer("tusd", ["--extensions", "creation,termination"])
        #expect(try await bench.put(file, to: lax.url("/files/"), "lax", options: Self.options(.tus)).status == 204)
        // sha-512 is none of those that it offers.
        let other = try await TestServer("tusd")
        let options = Self.options(.tus, .sha512)
        #expect(try await bench.put(file, to: other.url("/files/"), "other", options: options).failure == nil)
        for server in [lax, other] {
            let log = try await server.log()
            #expect(log.requests.allSatisfy { $0.values("upload-checksum").isEmpty })
        }
    }

    @Test(
        "a resumable upload has the digest of the whole when it is created, and of each piece; the server verifies both"
    )
    func resumable() async throws {
        let server = try await TestServer("rufh")
        let file = try bench.file(Self.size)
        let sent = try await bench.put(file, to: server.url("/up"), options: Self.options(.resumable))
        #expect(sent.status == 200, "\(sent)")
        let log = try await server.log()
        let pieces = log.requests.filter { $0.method == "PATCH" }
        #expect(pieces.map(\.bytes) == [8 << 20, Self.size - (8 << 20)])
        for piece in pieces { #expect(piece.values("content-digest") == ["sha-256=:\(Self.digest(piece)):"]) }
        #expect(log.requests[0].values("repr-digest").first?.hasPrefix("sha-256=:") == true)
        #expect(log.requests[0].values("content-digest").isEmpty)
    }

    @Test("what a server announces of a download is verified, and what the caller says counts before it")
    func download() async throws {
        let server = try await TestServer("scripted")
        let wrong = Data(repeating: 7, count: 32).base64EncodedString()
        try await server.follow(
            script:
                #"{"rules": [{"do": {"serve": {"etag": "\"a\"", "headers": {"Repr-Digest": "sha-256=:\#(wrong):"}, "body": {"seed": 1, "length": 1000}}}}]}"#
        )
        #expect(try await bench.get(server.url("/file"), "announced").failure?.code == .digestMismatch)
        // Once more, because it may have been damaged on its way; then it is the server's own mistake.
        #expect(try await server.log().requests.count == 2)
        let origin = try await TestServer("origin")
        #expect(try await bench.get(origin.url("/bytes/1000?seed=1"), "good").bytes.count == 1000)
        #expect(try await origin.log().requests[0].values("want-repr-digest") == ["sha-256=10, sha-512=5"])
        let options = ServerBench.options { $0.digest = ContentDigest(.sha256, bytes: Array(repeating: 7, count: 32)) }
        let got = try await bench.get(origin.url("/bytes/1000?seed=1"), "asked", options: options)
        #expect(got.failure?.code == .digestMismatch)
    }
}
