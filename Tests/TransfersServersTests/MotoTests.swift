// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransferFixtures
import Transfers
import TransfersCore

/// An app's own server, which makes presigned URLs for a bucket of moto.
struct Presigner: Sendable {
    let moto: TestServer
    /// What the URLs lead to: moto, or a proxy in front of it.
    let endpoint: String
    let key: String

    func url(_ operation: String, _ parameters: [String: any Sendable] = [:]) async throws -> URL {
        var all: [String: any Sendable] = ["Bucket": "bucket", "Key": key]
        all.merge(parameters) { $1 }
        let order: [String: Any] = ["endpoint": endpoint, "operation": operation, "parameters": all]
        let body = String(decoding: try JSONSerialization.data(withJSONObject: order), as: UTF8.self)
        let port = try #require(moto.facts.presigner)
        let answer = try await PlainRequest(port: port, method: "POST", path: "/", body: body).answer()
        return try #require(URL(string: String(decoding: answer, as: UTF8.self)))
    }

    /// The hook, as an app has it.
    func authorize(_ request: AuthorizationRequest) async throws -> Authorization {
        switch request.purpose {
        case .request: .presigned(try await url("get_object"))
        case .s3Create: .presigned(try await url("create_multipart_upload"))
        case .s3Part(let number, let upload):
            .presigned(try await url("upload_part", ["PartNumber": number, "UploadId": upload]))
        case .s3List(let upload, let after):
            .presigned(try await url("list_parts", ["UploadId": upload, "PartNumberMarker": after]))
        case .s3Complete(let upload): .presigned(try await url("complete_multipart_upload", ["UploadId": upload]))
        case .s3Abort(let upload): .presigned(try await url("abort_multipart_upload", ["UploadId": upload]))
        }
    }
}

@Suite(
    "Transfers with moto, by presigned URLs", .enabled(if: Peer.moto.isInstalled, "moto: \(Peer.remedy)"),
    .timeLimit(.minutes(5)))
struct MotoTests {
    private static let peer = Task {
        let peer = try await Peer.moto.start()
        _ = try await PlainRequest(port: peer.server.port, method: "PUT", path: "/bucket", body: "").answer()
        return peer
    }
    private let bench = try! ServerBench()
    /// The smallest part that S3 takes.
    private static let part: Int64 = 5 << 20
    private static let size = 2 * part + 1_000_000

    private var options: TransferOptions {
        ServerBench.options {
            $0.method = .s3Multipart
            $0.authorizer = "bucket"
            $0.partSize = Self.part
        }
    }

    /// What has the second part cut off in its middle, once: moto takes one request on each connection.
    private func proxied(_ key: String, how: String = "close") async throws -> (TestServer, TestServer, Presigner) {
        let moto = try await Self.peer.value.server
        let proxy = try await TestServer("proxy", ["--to", "127.0.0.1:\(moto.port)"])
        let presigner = Presigner(moto: moto, endpoint: proxy.url(""), key: key)
        let isCut = Mutex(false)
        try bench.uploader.authorize("bucket") { request in
            if case .s3Part(2, _) = request.purpose,
                isCut.withLock({ was in
                    defer { was = true }; return !was
                })
            {
                try await proxy.cut("up", after: 2_000_000, how: how)
            }
            return try await presigner.authorize(request)
        }
        return (moto, proxy, presigner)
    }

    @Test("moto: parts arrive, none of them twice after a cut, and the object comes back byte for byte, cut as well")
    func parts() async throws {
        let (_, proxy, _) = try await proxied("movie")
        let sent = try await bench.put(try bench.file(Self.size), to: proxy.url("/bucket/movie"), options: options)
        #expect(sent.status == 200, "\(sent)")
        let up = try await proxy.counts.up
        #expect(up < Self.size + 2_000_000 + 100_000, "the first part went once, and \(up) bytes in all")
        try await proxy.reset()
        try await proxy.cut("down", after: 6_000_000)
        let download = ServerBench.options { $0.authorizer = "bucket" }
        let got = try await bench.get(proxy.url("/bucket/movie"), options: download)
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<Self.size))
        let connections = try await proxy.counts.connections
        #expect(connections.count == 2 && connections[1].out.down < Self.size - 5_900_000, "\(connections)")
    }

    @Test("moto: a program that was killed asks which parts are there, and sends the others")
    func relaunched() async throws {
        let (_, proxy, presigner) = try await proxied("killed", how: "blackhole")
        let (file, request) = (try bench.file(Self.size), try ServerBench.request(proxy.url("/bucket/killed")))
        await bench.uploader.beginUpload(of: file, with: request, identifier: "up", options: options) { _, _ in }
        try await proxy.once(up: Self.part + 2_000_000)
        let heir = try bench.relaunched()
        try heir.uploader.authorize("bucket", using: presigner.authorize)
        let sent = try await heir.put(file, to: proxy.url("/bucket/killed"), options: options)
        #expect(sent.status == 200, "\(sent)")
        let up = try await proxy.counts.up
        #expect(up < Self.size + 2_000_000 + 100_000, "the first part went once, and \(up) bytes in all")
        let got = try await heir.get(
            proxy.url("/bucket/killed"), options: ServerBench.options { $0.authorizer = "bucket" })
        #expect(ServerPattern().made(got.bytes, 0..<Self.size))
    }

    @Test("moto: an upload that is cancelled is aborted there")
    func cancelled() async throws {
        let (moto, proxy, _) = try await proxied("cancelled", how: "blackhole")
        let (file, request) = (try bench.file(Self.size), try ServerBench.request(proxy.url("/bucket/cancelled")))
        async let outcome = bench.uploader.networkResponse(from: request, uploading: file, with: "u", options: options)
        try await proxy.once(up: Self.part + 2_000_000)
        #expect(try await String(decoding: moto.get("/bucket?uploads"), as: UTF8.self).contains("<Key>cancelled<"))
        try await bench.uploader.cancel("u")
        guard case .failed = await outcome else { return #expect(Bool(false), "it was not cancelled") }
        #expect(try await !String(decoding: moto.get("/bucket?uploads"), as: UTF8.self).contains("<Key>cancelled<"))
    }
}
