// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore
import TransfersStore

/// A file with the pattern of the servers.
func patternFile(_ scratch: ScratchFolder, _ name: String, _ count: Int64, seed: UInt64 = 1) throws -> String {
    try scratch.file(name, ServerPattern(seed: seed).bytes(0..<count)).path
}

func bytes(_ path: String) -> [UInt8] { FileManager.default.contents(atPath: path).map(Array.init) ?? [] }

@Suite("Transfers from their beginning to their end, with the real engine", .timeLimit(.minutes(5)))
struct EndToEndTests {
    let scratch = try! ScratchFolder()

    private func upload(_ method: UploadProtocol, to url: String, _ path: String) async throws -> TransferResult {
        let process = TransferProcess(scratch.path + "/state")
        let session = try process.session()
        let draft = TransferIntentDraft(
            "up", .upload([path], method: method), httpMethod: method == .plain ? "PUT" : "POST", url: url)
        let outcome = try session.begin([draft])[0].get()
        guard case .began = outcome else { throw FixtureFailure("\(outcome)") }
        let (stored, result) = try #require(await session.end(of: "up"))
        #expect(stored.intent.identifier == "up")
        #expect(try session.list().isEmpty)
        return result
    }

    @Test("a download comes to its destination, byte for byte, and leaves nothing else")
    func download() async throws {
        let origin = try await TestServer("origin")
        let process = TransferProcess(scratch.path + "/state")
        let session = try process.session()
        let there = scratch.path + "/there"
        let draft = TransferIntentDraft(
            "d", .download(to: there), httpMethod: "GET", url: origin.url("/bytes/3000000?seed=7"))
        _ = try session.begin([draft])[0].get()
        let (stored, result) = try #require(await session.end(of: "d"))
        #expect(result.outcome == .succeeded && result.file == there && result.head?.status == 200)
        #expect(stored.deliveries == 1)
        #expect(bytes(there) == ServerPattern(seed: 7).bytes(0..<3_000_000))
        #expect(try session.list().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["state", "there"])
        await session.drained()
        #expect(process.wakeups.all.contains { $0.instant != nil } && process.wakeups.last?.instant == nil)
    }

    @Test("an upload by one request arrives whole")
    func plain() async throws {
        let origin = try await TestServer("origin")
        let result = try await upload(.plain, to: origin.url("/up"), patternFile(scratch, "f", 2_000_000))
        #expect(result.outcome == .succeeded && result.head?.status == 201)
        let log = try await origin.log(ended: 1)
        #expect(log.requests.map(\.bytes) == [2_000_000] && log.requests[0].complete)
        let answer = String(decoding: result.body, as: UTF8.self)
        #expect(answer.contains(log.requests[0].sha256))
    }

    @Test("an upload by tus arrives whole")
    func tus() async throws {
        let server = try await TestServer("tusd")
        let result = try await upload(.tus, to: server.url("/files/"), patternFile(scratch, "f", 2_000_000))
        #expect(result.outcome == .succeeded)
        let log = try await server.log(ended: 2)
        #expect(log.requests.reduce(0) { $0 + $1.bytes } == 2_000_000)
    }

    @Test("a resumable upload arrives whole")
    func resumable() async throws {
        let server = try await TestServer("rufh")
        let result = try await upload(.resumable, to: server.url("/up"), patternFile(scratch, "f", 2_000_000))
        #expect(result.outcome == .succeeded)
        let log = try await server.log(ended: 1)
        #expect(log.requests.reduce(0) { $0 + $1.bytes } == 2_000_000)
    }

    @Test("a rejection is an end with the server's own words")
    func rejected() async throws {
        let origin = try await TestServer("origin")
        let result = try await upload(.plain, to: origin.url("/up?status=422"), patternFile(scratch, "f", 10))
        #expect(result.outcome == .rejected && result.head?.status == 422)
    }

    @Test("two thousand small downloads begin as one batch, and all come")
    func batch() async throws {
        let origin = try await TestServer("origin")
        let process = TransferProcess(scratch.path + "/state")
        let session = try process.session()
        let folder = scratch.path + "/many"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        let drafts = (0..<2000).map { number in
            TransferIntentDraft(
                "\(number)", .download(to: folder + "/\(number)"), httpMethod: "GET",
                url: origin.url("/bytes/1000?seed=\(number)"))
        }
        let outcomes = session.begin(drafts)
        #expect(outcomes.count == 2000)
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<2000 {
                group.addTask { await session.end(of: "\(number)")?.1.outcome == .succeeded }
            }
            for await isThere in group where !isThere { Issue.record("one has not succeeded") }
        }
        for number in [0, 1, 999, 1999] {
            #expect(bytes(folder + "/\(number)") == ServerPattern(seed: UInt64(number)).bytes(0..<1000))
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2000)
        #expect(try session.list().isEmpty)
    }
}
