// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import Transfers
import TransfersCore

@Suite(
    "Transfers with rclone's WebDAV", .enabled(if: Peer.rclone.isInstalled, "rclone: \(Peer.remedy)"),
    .timeLimit(.minutes(5)))
struct RcloneTests {
    private static let peer = Task { try await Peer.rclone.start() }
    private let bench = try! ServerBench()
    private static let size: Int64 = 3_000_000

    @Test("rclone: an upload is stored byte for byte, and a download that is cut goes on where it was")
    func roundTrip() async throws {
        let peer = try await Self.peer.value
        let sent = try await bench.put(try bench.file(Self.size), to: peer.server.url("/file"))
        #expect(sent.status == 201 && ServerPattern().made(peer.stored("file"), 0..<Self.size))
        let proxy = try await peer.proxied()
        try await proxy.cut("down", after: 2_000_000)
        let got = try await bench.get(proxy.url("/file"))
        #expect(got.status == 200 && ServerPattern().made(got.bytes, 0..<Self.size))
        let connections = try await proxy.counts.connections
        #expect(connections.count == 2 && connections[1].out.down < 1_010_000, "\(connections)")
    }

    @Test("rclone: an upload that is cut leaves nothing half, and is whole in the end")
    func begunAnew() async throws {
        let peer = try await Self.peer.value
        let proxy = try await peer.proxied()
        try await proxy.cut("up", after: 1_000_000)
        // Not at once: while rclone ends the first request, it refuses another one of that name with a word that is meant
        // for good (405).
        let unhurried = ServerBench.options { $0.retry = TransferRetryPolicy(maximumAttempts: 5, base: 3, longest: 3) }
        let sent = try await bench.put(
            try bench.file(Self.size, seed: 2), to: proxy.url("/anew"), options: unhurried)
        #expect(sent.status == 201, "\(sent)")
        #expect(ServerPattern(seed: 2).made(peer.stored("anew"), 0..<Self.size))
        #expect(try await proxy.counts.connections.count == 2)
        #expect(try await bench.get(peer.server.url("/none")).status == 404)
    }
}
