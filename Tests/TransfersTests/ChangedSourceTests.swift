// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

@Suite("A source that changes while it is sent", .timeLimit(.minutes(5)))
struct ChangedSourceTests {
    /// More than all buffers between a file and a server hold: sevens, which cost nothing to make.
    static let size: Int64 = 30_000_000
    static let digest = "711cec7dd8e3eb9f44b0c4137a92df93454bf4424d3fe665983fc8fe82f85e73"

    private func sevens() throws -> String {
        try Data(repeating: 7, count: Int(Self.size)).write(to: URL(fileURLWithPath: scratch.path + "/movie"))
        return scratch.path + "/movie"
    }

    enum Change: String, CaseIterable {
        case truncated, grown, replaced, deleted, rewritten

        func perform(on path: String) throws {
            switch self {
            case .truncated: #expect(truncate(path, 20_000_000) == 0)
            case .grown:
                let file = try #require(FileHandle(forWritingAtPath: path))
                try file.seekToEnd()
                try file.write(contentsOf: Data(repeating: 7, count: 1000))
                try file.close()
            case .replaced:
                try Data(repeating: 1, count: Int(ChangedSourceTests.size)).write(
                    to: URL(fileURLWithPath: path + ".new"))
                #expect(rename(path + ".new", path) == 0)
            case .deleted: #expect(unlink(path) == 0)
            case .rewritten:
                // In its last page, and as long as before.
                let file = try #require(FileHandle(forWritingAtPath: path))
                try file.seek(toOffset: UInt64(ChangedSourceTests.size) - 4)
                try file.write(contentsOf: Data([1, 2, 3, 4]))
                try file.close()
            }
        }
    }

    let scratch = try! ScratchFolder()
    let process: TransferProcess

    init() { process = TransferProcess(scratch.path + "/state") }

    /// Begins, changes the source when some of it has come, and lets the server take the rest.
    private func upload(
        _ change: Change, _ options: TransferOptions
    ) async throws -> (result: Result<URLResponse, any Error>, log: ServerLog, source: String) {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: """
                {"rules": [{"do": [{"read": 100000}, {"wait": "go"}, {"read": "all"}, {"answer": {"status": 201}}]}]}
                """)
        let source = try sevens()
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        await uploader.beginUpload(
            of: URL(fileURLWithPath: source), with: try server.request("/up"), identifier: "u", options: options,
            handler: ends.tell)
        _ = try await server.log(began: 1)
        // Something of it has been read, so the file is open, and its bytes are under way.
        for await reading in uploader.progress(of: "u") where reading.completedBytes > 0 { break }
        try change.perform(on: source)
        try await server.open(gate: "go")
        let result = try #require(await ends.next()).1
        return (result, try await server.log(ended: 1), source)
    }

    @Test("referred to it is an error that names the file, and nothing is passed off as it", arguments: Change.allCases)
    func reference(change: Change) async throws {
        let (result, log, source) = try await upload(change, .default)
        if change == .deleted {
            // It was open: the bytes that were begun with have come, all of them.
            #expect(try result.get().httpResponse.statusCode == 201)
            #expect(log.requests.map(\.bytes) == [Self.size] && log.requests[0].complete)
            return
        }
        let said = failure(of: result)
        let failure = try #require(said)
        #expect(failure.code == .sourceChanged, "\(failure)")
        #expect(failure.subject.contains(source) || failure.subject == "u", "\(failure)")
        #expect(!failure.cause.isEmpty && failure.remedy.contains("egin"))
        #expect(log.requests.count == 1, "it was tried again with another file")
        if change == .truncated { #expect(!log.requests[0].complete) }
        // A server that has everything has something: what was declared, and never a byte more.
        #expect(log.requests[0].bytes <= Self.size)
    }

    @Test("copied it does not matter: what was begun with arrives", arguments: Change.allCases)
    func snapshot(change: Change) async throws {
        let (result, log, _) = try await upload(change, .snapshot)
        #expect(try result.get().httpResponse.statusCode == 201)
        #expect(log.requests.count == 1 && log.requests[0].complete)
        #expect(log.requests[0].sha256 == Self.digest)
        let copies = try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/state/transfers/snapshots")
        #expect(copies.isEmpty)
    }

    @Test(
        "what a resumable upload has at the server is removed there when its source has changed",
        arguments: [Change.truncated, .replaced])
    func removed(change: Change) async throws {
        let tus = try await TestServer("tusd")
        let source = try sevens()
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        var options = TransferOptions.tus
        // So slow that it cannot be done before the change, on however busy a machine.
        options.bytesPerSecond = 500_000
        await uploader.beginUpload(
            of: URL(fileURLWithPath: source), with: try tus.request("/files/"), identifier: "u", options: options,
            handler: ends.tell)
        for await reading in uploader.progress(of: "u") where reading.completedBytes > 0 { break }
        try change.perform(on: source)
        try await uploader.pause("u")
        for await reading in uploader.progress(of: "u") where reading.state == .paused { break }
        try await uploader.resume("u")
        let said = failure(of: try #require(await ends.next()).1)
        #expect(said?.code == .sourceChanged, "\(String(describing: said))")
        #expect(try await tus.log().requests.contains { $0.method == "DELETE" && $0.answered == [204] })
        struct Books: Decodable { var gone: [String] }
        #expect(try JSONDecoder().decode(Books.self, from: await tus.order("GET", "/__control")).gone == ["u1"])
    }
}
