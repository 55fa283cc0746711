// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite(
    "Transfers with tuspyserver", .enabled(if: Peer.tuspyserver.isInstalled, "tuspyserver: \(Peer.remedy)"),
    .timeLimit(.minutes(5)))
struct TusPyServerTests {
    private static let peer = Task { try await Peer.tuspyserver.start() }
    private let bench = try! ServerBench()
    /// Too large to be created with its bytes, so that its place is known before they are cut off.
    private static let size: Int64 = 9_000_000

    /// Uploads that it has, by their names.
    private func names(_ peer: RunningPeer) throws -> Set<String> {
        let all = try FileManager.default.contentsOfDirectory(atPath: try #require(peer.server.facts.files))
        return Set(all.filter { !$0.contains(".") })
    }

    /// How far each of its uploads is, as it writes it down beside them.
    private func offsets(_ peer: RunningPeer) throws -> [Int64] {
        struct Info: Decodable { var offset: Int64 }
        return try names(peer).compactMap { name in
            try? JSONDecoder().decode(Info.self, from: Data(peer.stored(name + ".info"))).offset
        }
    }

    /// Asks until it has written down more than this, or surely never will. While it takes bytes it says that it has what
    /// it had before, and a request that wants to write then waits, and holds up all the others.
    @discardableResult
    private func once(_ peer: RunningPeer, hasMoreThan offset: Int64) async throws -> Int64 {
        for _ in 0..<1000 {
            _ = try await peer.server.get("/openapi.json")
            if let now = try offsets(peer).max(), now > offset { return now }
        }
        return offset
    }

    @Test("tuspyserver: an upload that is cut goes on where the server is, and is there byte for byte")
    func resumed() async throws {
        // One of its own, because its folder is looked at.
        let peer = try await Peer.tuspyserver.start()
        let proxy = try await peer.proxied()
        try await proxy.cut("up", after: 4_000_000, each: true)
        let known = Mutex<Int64>(0)
        try bench.uploader.authorize("patient") { request in
            guard request.method == "HEAD" else { return Authorization() }
            let now = try await once(peer, hasMoreThan: known.withLock { $0 })
            known.withLock { $0 = now }
            return Authorization()
        }
        let options = ServerBench.options {
            $0.method = .tus
            $0.authorizer = "patient"
        }
        let file = try bench.file(Self.size, seed: 3)
        let sent = try await bench.put(file, to: proxy.url("/files/"), options: options)
        #expect(sent.failure == nil && sent.status.map { (200..<300).contains($0) } == true, "\(sent)")
        let up = try await proxy.counts.up
        // What it had not yet read when the connection ended it forgets.
        #expect(up < Self.size + 2_000_000, "\(up)")
        // It has no way to load an upload, so what it keeps is looked at.
        let name = try #require(names(peer).first)
        #expect(try names(peer).count == 1 && ServerPattern(seed: 3).made(peer.stored(name), 0..<Self.size))
    }

    @Test("tuspyserver: who asks the server what it can uploads by tus")
    func automatic() async throws {
        let peer = try await Self.peer.value
        let file = try bench.file(Self.size, seed: 4)
        let options = ServerBench.options { $0.method = .automatic }
        let sent = try await bench.put(file, to: peer.server.url("/files/"), options: options)
        #expect(sent.status.map { (200..<300).contains($0) } == true, "\(sent)")
        #expect(try names(peer).contains { ServerPattern(seed: 4).made(peer.stored($0), 0..<Self.size) })
    }

    @Test("tuspyserver: an upload that is cancelled is removed there")
    func cancelled() async throws {
        let peer = try await Peer.tuspyserver.start()
        let proxy = try await peer.proxied()
        // So slow that it cannot be done before it is cancelled.
        try await proxy.obey(#"{"faults": {"rate": 500000}}"#)
        let (file, request) = (try bench.file(Self.size, seed: 5), try ServerBench.request(proxy.url("/files/")))
        let options = ServerBench.options { $0.method = .tus }
        async let outcome = bench.uploader.networkResponse(from: request, uploading: file, with: "u", options: options)
        try await proxy.once(up: 300_000)
        try await bench.uploader.cancel("u")
        guard case .failed = await outcome else { return #expect(Bool(false), "it was not cancelled") }
        #expect(try names(peer).isEmpty)
    }
}
