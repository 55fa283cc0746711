// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

@Suite(
    "Transfers with httpbin", .enabled(if: Peer.httpbin.isInstalled, "httpbin: \(Peer.remedy)"), .timeLimit(.minutes(5))
)
struct HttpbinTests {
    private static let peer = Task { try await Peer.httpbin.start() }
    private let bench = try! ServerBench()

    /// What it says of a request: all that it understood.
    private struct Echo: Decodable {
        var data: String
        var form: [String: String]
        var files: [String: String]
        var headers: [String: String]

        /// Bytes that are no text come back in base64.
        static func bytes(_ text: String?) -> [UInt8] {
            guard let text, let comma = text.firstIndex(of: ","), text.hasPrefix("data:") else {
                return Array((text ?? "").utf8)
            }
            return Data(base64Encoded: String(text[text.index(after: comma)...])).map(Array.init) ?? []
        }
    }

    /// Begins something that waits, attaches to it as the session does, and lets it go: the answer's body is kept there.
    private func echo(_ begin: (TransferOptions) async throws -> Void) async throws -> Echo {
        try await begin(ServerBench.options { $0.authorizer = "echo" })
        let session = try bench.process.session()
        async let end = session.end(of: "up")
        try bench.uploader.authorize("echo") { _ in Authorization(fields: ["X-Granted": "yes"]) }
        let (_, result) = try #require(await end)
        #expect(result.outcome == .succeeded)
        return try JSONDecoder().decode(Echo.self, from: Data(result.body))
    }

    // Not by its /redirect-to: it answers that without reading the body, and takes what is left of it on the connection for
    // the next request. Bodies that are sent again elsewhere are shown with the scripted server (row 6 of the matrix).
    @Test("httpbin: it got the very bytes, and what the hook gave")
    func upload() async throws {
        let server = try await Self.peer.value.server
        let (file, request) = (try bench.file(20_000), try ServerBench.request(server.url("/put")))
        let echo = try await echo {
            await bench.uploader.beginUpload(of: file, with: request, identifier: "up", options: $0) { _, _ in }
        }
        #expect(ServerPattern().made(Echo.bytes(echo.data), 0..<20_000))
        #expect(echo.headers["Content-Length"] == "20000" && echo.headers["X-Granted"] == "yes")
    }

    @Test("httpbin: a form is understood: its fields, and its files byte for byte")
    func form() async throws {
        let server = try await Self.peer.value.server
        var form = UploadForm()
        form.append("Ein schöner Titel", name: "title")
        form.append(
            file: try bench.file(12_000, seed: 1, "one"), name: "photo", fileName: "a \"b\".jpg",
            contentType: "image/jpeg")
        form.append(file: try bench.file(5_000, seed: 2, "two"), name: "thumb")
        let request = try ServerBench.request(server.url("/post"))
        let echo = try await echo {
            await bench.uploader.beginUpload(of: form, with: request, identifier: "up", options: $0) { _, _ in }
        }
        #expect(echo.form == ["title": "Ein schöner Titel"])
        #expect(ServerPattern(seed: 1).made(Echo.bytes(echo.files["photo"]), 0..<12_000))
        #expect(ServerPattern(seed: 2).made(Echo.bytes(echo.files["thumb"]), 0..<5_000))
    }

    @Test("httpbin: its entity tags are none, so a download that is cut begins anew, and is the same")
    func download() async throws {
        let peer = try await Self.peer.value
        let whole = try await bench.get(peer.server.url("/range/100000"))
        #expect(whole.status == 200 && whole.bytes.count == 100_000)
        let proxy = try await peer.proxied()
        try await proxy.cut("down", after: 60_000)
        let got = try await bench.get(proxy.url("/range/100000"))
        #expect(got.status == 200 && got.bytes == whole.bytes)
        let connections = try await proxy.counts.connections
        #expect(connections.count == 2 && connections[1].out.down > 100_000, "\(connections)")
    }

    @Test("httpbin: credentials that the hook renews open what was closed")
    func authorized() async throws {
        let server = try await Self.peer.value.server
        #expect(try await bench.get(server.url("/basic-auth/user/word")).status == 401)
        let asked = Mutex<[Bool]>([])
        try bench.downloader.authorize("basic") { request in
            asked.withLock { $0.append(request.isRefresh) }
            let word = request.isRefresh ? "word" : "old"
            return Authorization(fields: ["Authorization": "Basic " + Data("user:\(word)".utf8).base64EncodedString()])
        }
        let options = ServerBench.options { $0.authorizer = "basic" }
        let got = try await bench.get(server.url("/basic-auth/user/word"), options: options)
        #expect(got.status == 200 && asked.withLock { $0 } == [false, true])
    }

    @Test("httpbin: what it refuses is told with its status; what may pass is tried so often as was said")
    func refusals() async throws {
        let server = try await Self.peer.value.server
        for status in [400, 403, 404, 410, 418] {
            #expect(try await bench.get(server.url("/status/\(status)"), "\(status)").status == status)
        }
        let request = try ServerBench.request(server.url("/status/503"))
        // After a third failure the whole host would be left alone for seconds.
        let options = ServerBench.options { $0.retry.maximumAttempts = 3 }
        let tired = await bench.downloader.networkResponse(from: request, with: "503", options: options)
        guard case .retry(let answer) = tired else { return #expect(Bool(false), "\(tired)") }
        #expect(answer.statusCode == 503)
    }
}
