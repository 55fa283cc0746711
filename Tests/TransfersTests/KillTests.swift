// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import Foundation
import Testing
import TransferFixtures
import TransfersCore
import TransfersFiles
import TransfersStore

/// A program that moves one transfer, killed again and again by SIGKILL, at random moments of its life.
///
/// `TRANSFER_KILLS` says how often, for the soak; else 20 times for each protocol.
@Suite("Programs that are killed while they transfer", .timeLimit(.minutes(10)), .serialized)
struct KillTests {
    static let kills = ProcessInfo.processInfo.environment["TRANSFER_KILLS"].flatMap { Int($0) } ?? 20
    static let size: Int64 = 24_000_000
    let scratch = try! ScratchFolder()

    private static var victim: URL {
        Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }.map { $0.bundleURL.deletingLastPathComponent() }
            .map { $0.appendingPathComponent("transfersvictim") }
            ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("transfersvictim")
    }

    /// One life; 0 microseconds: until the end. Returns what it said, and whether it was killed.
    private func live(
        _ kind: String, _ url: String, _ file: String, microseconds: Int, rate: Int64
    ) async throws -> (lines: [Substring], wasKilled: Bool) {
        let process = Process()
        process.executableURL = Self.victim
        process.arguments = [scratch.path + "/state", kind, url, file, "\(microseconds)", "\(rate)"]
        let output = Pipe()
        process.standardOutput = output
        let reading = output.fileHandleForReading
        return try await withCheckedThrowingContinuation { continuation in
            do { try process.run() } catch { return continuation.resume(throwing: error) }
            // Not one of the threads that tests run on: it blocks.
            Thread.detachNewThread {
                let text = (try? reading.readToEnd()) ?? Data()
                process.waitUntilExit()
                continuation.resume(
                    returning: (
                        String(decoding: text, as: UTF8.self).split(separator: "\n"),
                        process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
                    ))
            }
        }
    }

    /// What the books say while nobody lives.
    private func acknowledged() throws -> Int64 {
        let store = try TransfersStore(
            directory: StateDirectory(path: scratch.path + "/state"), machine: "m", boot: "b", pid: 1)
        defer { store.close() }
        return try store.list().first?.acknowledged ?? 0
    }

    @Test(
        "an upload by tus or as resumable is whole in the end, and no byte that the server had was sent again",
        arguments: ["tus", "resumable"])
    func uploads(kind: String) async throws {
        let server = try await TestServer(kind == "tus" ? "tusd" : "rufh")
        let url = server.url(kind == "tus" ? "/files/" : "/up")
        let source = try patternFile(scratch, "source", Self.size)
        var killed = 0
        var lines: [Substring] = []
        // As fast as that every life moves something, and none moves everything.
        let rate = max(Self.size / Int64(max(Self.kills, 1)) * 4, 200_000)
        while killed < Self.kills {
            let (said, wasKilled) = try await live(
                kind, url, source, microseconds: Int.random(in: 20_000...450_000), rate: rate)
            lines = said
            if !wasKilled { break }
            killed += 1
        }
        if lines.last?.hasPrefix("ended") != true {
            lines = try await live(kind, url, source, microseconds: 0, rate: 0).lines
        }
        #expect(lines.last == "ended succeeded", "\(lines)")
        #expect(killed >= Self.kills / 2, "it was done after \(killed) kills: slow it down")
        let log = try await server.log()
        let appends = log.requests.filter { ["POST", "PATCH"].contains($0.method) && $0.bytes > 0 }
        // The server keeps all that comes: had anything been sent again, there would be more.
        #expect(appends.reduce(0) { $0 + $1.bytes } == Self.size)
        var offset: Int64 = 0
        for append in appends {
            #expect(append.values("Upload-Offset").first.map { Int64($0) == offset } ?? (offset == 0))
            offset += append.bytes
        }
        #expect(appends.count > 1 || Self.kills < 2)
        // A server that compares: one upload was made for each that was begun and never written down, the last is whole.
        let control = try await server.order("GET", "/__control")
        struct Uploads: Decodable {
            struct Upload: Decodable {
                var offset: Int64
                var sha256: String
            }
            var uploads: [Upload]
        }
        let uploads = try JSONDecoder().decode(Uploads.self, from: control).uploads
        let whole = try #require(uploads.first { $0.offset == Self.size })
        let digest = try hex(FileDigest.digests([.sha256], ofFileAt: source)[.sha256])
        #expect(whole.sha256 == digest)
    }

    @Test("a download is whole in the end, and begins again nowhere before what the books say")
    func download() async throws {
        let origin = try await TestServer("origin")
        // So slow that long lives alone, each with seconds that count, do not bring it to its end.
        let rate = max(Self.size * 10 / (4 * Int64(max(Self.kills, 10))), 100_000)
        let url = origin.url("/bytes/\(Self.size)?seed=5&rate=\(rate)")
        let there = scratch.path + "/there"
        var killed = 0
        var known: [Int64] = []
        var lines: [Substring] = []
        for life in 0..<Self.kills {
            // Every tenth one is long enough that something is made durable.
            let microseconds = life % 10 == 7 ? 3_200_000 : Int.random(in: 20_000...450_000)
            let (said, wasKilled) = try await live("download", url, there, microseconds: microseconds, rate: 0)
            lines = said
            if !wasKilled { break }
            killed += 1
            known.append(try acknowledged())
        }
        if lines.last?.hasPrefix("ended") != true {
            lines = try await live("download", url, there, microseconds: 0, rate: 0).lines
        }
        #expect(lines.last == "ended succeeded", "\(lines)")
        #expect(killed >= Self.kills / 2, "it was done after \(killed) kills: slow it down")
        #expect(bytes(there) == ServerPattern(seed: 5).bytes(0..<Self.size))
        #expect(known == known.sorted())
        #expect(Self.kills < 8 || (known.last ?? 0) > 0, "nothing was ever made durable")
        let starts = try await origin.log().requests.map { request in
            request.values("Range").first.flatMap { Int64($0.dropFirst("bytes=".count).prefix { $0.isNumber }) } ?? 0
        }
        #expect(starts == starts.sorted() && Set(starts).isSubset(of: Set(known + [0])), "\(starts) of \(known)")
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path).filter { $0.hasSuffix(".part") }
        #expect(left.isEmpty)
    }
}

private func hex(_ bytes: [UInt8]?) -> String {
    (bytes ?? []).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}
