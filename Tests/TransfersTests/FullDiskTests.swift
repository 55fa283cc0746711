// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

@Suite(
    "Programs whose disk is full", .timeLimit(.minutes(5)),
    .enabled(if: SmallDisk.isPossible, "a small disk is mounted, and that takes root"))
struct FullDiskTests {
    let scratch = try! ScratchFolder()

    /// What the caller of a download is told.
    private func download(
        _ downloader: Downloader, _ server: TestServer, _ path: String, to there: String
    ) async throws -> Result<URL, any Error> {
        let (ends, options) = (Ends<URL>(), TransferOptions.to(URL(fileURLWithPath: there)))
        await downloader.beginDownload(of: try server.request(path), identifier: "d", options: options) {
            ends.tell($0, $1.map(\.0))
        }
        return try #require(await ends.next()).1
    }

    /// An error that can be acted upon: what was being done, to what, why not, and what to do.
    private func check(_ result: Result<some Any, any Error>, names subject: String) throws {
        let error = try #require(throws: URLError.self) { try result.get() }
        let failure = try #require(error.transferFailure)
        #expect(failure.code == .diskFull && error.code.rawValue == -3003)
        #expect(failure.subject.contains(subject) && !failure.doing.isEmpty, "\(failure)")
        #expect(failure.cause.contains("full") || failure.cause.contains("space"), "\(failure)")
        #expect(failure.remedy.contains("room") || failure.remedy.contains("space"), "\(failure)")
    }

    @Test("what cannot fit is an error before a byte of it is loaded; with more room it is begun again, and comes")
    func early() async throws {
        let origin = try await TestServer("origin")
        let disk = try SmallDisk()
        let process = TransferProcess(scratch.path + "/state")
        let downloader = process.downloader()
        let path = "/bytes/3000000?seed=4"
        try check(await download(downloader, origin, path, to: disk / "movie"), names: disk.path)
        #expect(disk.names.isEmpty)
        try disk.remount(kibibytes: 4096)
        let file = try await download(downloader, origin, path, to: disk / "movie").get()
        #expect(file.path == disk / "movie" && bytes(file.path) == ServerPattern(seed: 4).bytes(0..<3_000_000))
        #expect(disk.names == ["movie"])
    }

    @Test(
        "what a server sends without saying how much fills the disk in the middle; nothing is left, and then it comes")
    func middle() async throws {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: """
                {"rules": [{"do": {"answer": {"chunked": 65536, "body": {"seed": 4, "length": 3000000}}}}]}
                """)
        let disk = try SmallDisk()
        let process = TransferProcess(scratch.path + "/state")
        let downloader = process.downloader()
        try check(await download(downloader, server, "/live", to: disk / "movie"), names: disk.path)
        #expect(disk.names.isEmpty)
        try disk.remount(kibibytes: 4096)
        let file = try await download(downloader, server, "/live", to: disk / "movie").get()
        #expect(bytes(file.path) == ServerPattern(seed: 4).bytes(0..<3_000_000))
    }

    @Test("a copy of a source that does not fit is told at once, and nothing is begun")
    func copies() async throws {
        let disk = try SmallDisk(kibibytes: 2048, inodes: 100)
        let process = TransferProcess(disk / "state")
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        let source = try patternFile(scratch, "movie", 3_000_000)
        let request = URLRequest(url: try #require(URL(string: "http://127.0.0.1:1/")))
        await uploader.beginUpload(
            of: URL(fileURLWithPath: source), with: request, identifier: "u", options: .snapshot, handler: ends.tell)
        #expect(ends.count == 1)
        try check(try #require(await ends.next()).1, names: disk.path)
        #expect(try await uploader.transfers().isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: disk / "state/transfers/snapshots").isEmpty)
    }

    @Test("no room for the books: nothing can be begun, and an end is kept back and told when there is room again")
    func books() async throws {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: """
                {"rules": [{"do": [{"read": "all"}, {"wait": "go"}, {"answer": {"status": 201}}]}]}
                """)
        let disk = try SmallDisk(kibibytes: 4096, inodes: 100)
        let (said, saying) = AsyncStream.makeStream(of: String.self)
        let process = TransferProcess(disk / "state", log: { saying.yield($0) })
        let (uploader, ends) = (process.uploader(), Ends<URLResponse>())
        let source = URL(fileURLWithPath: try patternFile(scratch, "movie", 100_000))
        await uploader.beginUpload(of: source, with: try server.request("/up"), identifier: "u", handler: ends.tell)
        _ = try await server.log(began: 1)
        try disk.fill()
        let others = Ends<URLResponse>()
        await uploader.beginUpload(of: source, with: try server.request("/up"), identifier: "v", handler: others.tell)
        #expect(others.count == 1)
        try check(try #require(await others.next()).1, names: disk.path)
        #expect(try await uploader.transfers().map(\.identifier) == ["u"])
        try await server.open(gate: "go")
        for await line in said where line.contains("full") { break }
        #expect(ends.count == 0, "no end is told that is not on the books")
        disk.makeRoom()
        let response = try try #require(await ends.next()).1.get()
        #expect(try response.httpResponse.statusCode == 201)
        // The request was not sent again for that.
        #expect(try await server.log().requests.count == 1)
        await uploader.beginUpload(of: source, with: try server.request("/up"), identifier: "v", handler: others.tell)
        #expect(try try #require(await others.next()).1.get().httpResponse.statusCode == 201)
    }
}
