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
/// `TRANSFER_KILLS` says how often, for the soak, which goes through all protocols; else 20 times for some of them.
@Suite("Programs that are killed while they transfer", .timeLimit(.minutes(20)), .serialized)
struct KillTests {
    static let asked = ProcessInfo.processInfo.environment["TRANSFER_KILLS"].flatMap { Int($0) }
    static let kills = asked ?? 20
    static let isSoak = asked != nil
    static let size: Int64 = 24_000_000
    /// As fast as that most lives move something, and none moves everything; in the soak so that all of them are killed.
    static let rate = max(size / Int64(max(kills, 1)) * (isSoak ? 3 : 4), 200_000)
    let scratch = try! ScratchFolder()

    /// One life; 0 microseconds: until the end. Returns what it said, and whether it was killed.
    private func live(
        _ kind: String, _ url: String, _ file: String, microseconds: Int, rate: Int64 = 0, as identifier: String = "one"
    ) async throws -> (lines: [Substring], wasKilled: Bool) {
        let victim = try VictimProcess([
            scratch.path + "/state", kind, url, file, "\(microseconds)", "\(rate)", identifier,
        ])
        await victim.ended()
        return (victim.lines, victim.wasKilled)
    }

    /// What the books say while nobody lives.
    private func acknowledged() throws -> Int64 {
        let store = try TransfersStore(
            directory: StateDirectory(path: scratch.path + "/state"), machine: "m", boot: "b", pid: 1)
        defer { store.close() }
        return try store.list().first?.acknowledged ?? 0
    }

    private func hasEnded(_ identifier: String) throws -> Bool {
        let store = try TransfersStore(
            directory: StateDirectory(path: scratch.path + "/state"), machine: "m", boot: "b", pid: 1)
        defer { store.close() }
        return try store.transfer(session: "s", identifier: identifier)?.result != nil
    }

    @Test(
        "an upload by tus or as resumable is whole in the end, and no byte that the server had was sent again",
        arguments: isSoak
            ? ["tus", "resumable-3", "resumable-5", "resumable-6", "resumable-7", "resumable-8", "resumable-final"]
            : ["tus", "resumable-8"])
    func uploads(kind: String) async throws {
        let version = kind.split(separator: "-").last.map(String.init) ?? ""
        let server = try await kind == "tus" ? TestServer("tusd") : TestServer("rufh", ["--interop", version])
        let url = server.url(kind == "tus" ? "/files/" : "/up")
        let source = try patternFile(scratch, "source", Self.size)
        var killed = 0
        var lines: [Substring] = []
        while killed < Self.kills {
            let (said, wasKilled) = try await live(
                kind, url, source, microseconds: Int.random(in: 20_000...450_000), rate: Self.rate)
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
        let digest = try hexadecimal(FileDigest.digests([.sha256], ofFileAt: source)[.sha256])
        #expect(whole.sha256 == digest)
        print("\(killed) kills of \(kind), \(appends.count) appends")
    }

    @Test(
        "an upload by parts is whole in the end, and no part that the server had whole was sent again")
    func parts() async throws {
        let server = try await TestServer("bucket")
        let url = server.url("/movie?rate=\(Self.rate)")
        let source = try patternFile(scratch, "source", Self.size)
        var killed = 0
        var lines: [Substring] = []
        while killed < Self.kills {
            let (said, wasKilled) = try await live("s3", url, source, microseconds: Int.random(in: 20_000...450_000))
            lines = said
            if !wasKilled { break }
            killed += 1
        }
        if lines.last?.hasPrefix("ended") != true { lines = try await live("s3", url, source, microseconds: 0).lines }
        #expect(lines.last == "ended succeeded", "\(lines)")
        #expect(killed >= Self.kills / 2, "it was done after \(killed) kills: slow it down")
        struct Log: Decodable {
            struct Request: Decodable {
                var method: String
                var target: String
                var answered: [Int]
                var bytes: Int64
                var began: Int
                var ended: Int?
            }
            var requests: [Request]
        }
        let log = try JSONDecoder().decode(Log.self, from: await server.order("GET", "/__log")).requests
        let lists = log.filter { $0.method == "GET" }
        let whole = log.filter { $0.method == "PUT" && $0.answered == [200] }
        var first: [String: Log.Request] = [:]
        var unseen = 0
        for part in whole {
            // What a dead process had sent may still be on its way when the next one asks which parts are there.
            if let before = first[part.target] {
                let isUnseen = lists.contains { list in
                    list.began > before.began && list.began < before.ended ?? .max && list.ended ?? .max < part.began
                }
                #expect(isUnseen, "\(part.target) was listed, and sent again")
                unseen += 1
            }
            first[part.target] = part
        }
        #expect(first.values.reduce(0) { $0 + $1.bytes } == Self.size)
        struct Books: Decodable {
            struct Object: Decodable { var sha256: String }
            var objects: [String: Object]
        }
        let books = try JSONDecoder().decode(Books.self, from: await server.order("GET", "/__control"))
        let digest = try hexadecimal(FileDigest.digests([.sha256], ofFileAt: source)[.sha256])
        #expect(books.objects["movie"]?.sha256 == digest)
        print("\(killed) kills of s3, \(first.count) parts, \(unseen) of them under way when they were asked for")
    }

    /// One after another: each is small enough that a life may see its end. What is cut begins anew; what has ended does not.
    @Test(
        "an upload by one request comes whole, and is not sent again once its end is on the books",
        arguments: isSoak ? ["plain", "form"] : ["plain"])
    func wholes(kind: String) async throws {
        let origin = try await TestServer("origin")
        let source = try patternFile(scratch, "source", 1_000_000)
        var (round, killed) = (0, 0)
        // How many requests each had when its end was on the books.
        var sent: [Int: Int] = [:]
        func requests(_ round: Int) async throws -> [ServerLog.Request] {
            try await origin.log().requests.filter { $0.target.hasPrefix("/up/\(round)?") }
        }
        while killed < Self.kills {
            let url = origin.url("/up/\(round)?rate=8000000")
            let (said, wasKilled) = try await live(
                kind, url, source, microseconds: Int.random(in: 20_000...500_000), as: "r\(round)")
            let isTold = said.last == "ended succeeded"
            if wasKilled { killed += 1 } else { #expect(isTold, "\(said)") }
            if isTold {
                // It may be acknowledged: what began under its name now would be another one.
                round += 1
            } else if sent[round] == nil, try hasEnded("r\(round)") {
                // Killed after the end was written; the next life is told of it, and sends nothing.
                sent[round] = try await requests(round).count
            }
        }
        let url = origin.url("/up/\(round)?rate=8000000")
        #expect(
            try await live(kind, url, source, microseconds: 0, as: "r\(round)").lines.last == "ended succeeded")
        let expected: String
        if kind == "form" {
            let part = MultipartForm.Part.file(name: "movie", fileName: "movie", type: "video/mp4", source: 0)
            var body: [UInt8] = []
            for piece in try #require(MultipartForm([part], seed: (1, 2)).pieces(sizes: [1_000_000])) {
                switch piece {
                case .bytes(let bytes): body += bytes
                case .file: body += bytes(source)
                }
            }
            _ = try scratch.file("body", body)
            expected = try hexadecimal(FileDigest.digests([.sha256], ofFileAt: scratch.path + "/body")[.sha256])
        } else {
            expected = try hexadecimal(FileDigest.digests([.sha256], ofFileAt: source)[.sha256])
        }
        for number in 0...round {
            let whole = try await requests(number).filter(\.complete)
            #expect(!whole.isEmpty && whole.allSatisfy { $0.sha256 == expected }, "upload \(number)")
        }
        for (number, count) in sent { #expect(try await requests(number).count == count, "\(number) was sent again") }
        print("\(killed) kills of \(kind), \(round + 1) uploads, \(sent.count) of them killed between end and word")
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
        print("\(killed) kills of download, \(starts.count) requests, \(Set(starts).count) places")
    }
}

func hexadecimal(_ bytes: [UInt8]?) -> String {
    (bytes ?? []).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
}
