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
    let clocks = SteppedClocks()
    private static let size: Int64 = 3_000_000

    /// A program with a download that has a destination; what its handler is told, and how it stands.
    private struct Program: Sendable {
        let process: TransferProcess
        let downloader: Downloader
        let ends = Ends<URL>()

        init(_ process: TransferProcess) {
            self.process = process
            downloader = process.downloader()
        }

        func begin(_ server: TestServer, _ path: String, to there: String, once: Bool = false) async throws {
            let options = TransferOptions {
                $0.destination = URL(fileURLWithPath: there)
                if once { $0.retry = .never }
            }
            await downloader.beginDownload(of: try server.request(path), identifier: "d", options: options) {
                ends.tell($0, $1.map(\.0))
            }
        }

        /// Until it waits for room, and longer than before.
        func waits(longerThan before: Date = .distantPast) async throws -> Date {
            while true {
                let status = try await downloader.transfers().first
                if let status, case .waiting(.storage, let until?) = status.state, until > before { return until }
                await Task.yield()
            }
        }
    }

    @Test(
        "what can never fit is that error however fast it fills the disk, also where nothing is reserved",
        arguments: [900_000, 3_000_000, 60_000_000])
    func neverFast(size: Int) async throws {
        let (origin, disk, program) = (try await TestServer("origin"), try SmallDisk(kibibytes: 512), program())
        try await program.begin(origin, "/bytes/\(size)?seed=4", to: disk / "movie")
        // By the clock of this test it would wait for ever.
        while program.ends.count == 0 {
            if case .waiting(.storage, _)? = try await program.downloader.transfers().first?.state {
                Issue.record("it waits for room")
                return
            }
            await Task.yield()
        }
        try check(try #require(await program.ends.next()).1, .fileTooLarge, names: disk.path)
        #expect(disk.names.isEmpty)
    }

    private func program() -> Program { Program(TransferProcess(scratch.path + "/state", time: clocks)) }

    /// Until the instant at which it looks again.
    private func pass(to until: Date) {
        let now = Date(timeIntervalSince1970: Double(clocks.now().wall.microseconds) / 1e6)
        clocks.advance(by: .milliseconds(Int64((until.timeIntervalSince(now) * 1000).rounded(.up))))
    }

    private func isWhole(_ path: String) -> Bool {
        bytes(path) == ServerPattern(seed: 4).bytes(0..<Self.size)
    }

    /// An error that can be acted upon: what was being done, to what, why not, and what to do.
    private func check(
        _ result: Result<some Any, any Error>, _ code: TransferFailure.Code = .diskFull, names subject: String
    ) throws {
        let error = try #require(throws: URLError.self) { try result.get() }
        let failure = try #require(error.transferFailure)
        #expect(failure.code == code && error.code.rawValue == -3003)
        #expect(failure.subject.contains(subject) && !failure.doing.isEmpty, "\(failure)")
        #expect(["full", "space", "larger"].contains { failure.cause.contains($0) }, "\(failure)")
        #expect(failure.remedy.contains("space"), "\(failure)")
    }

    @Test("what can never fit is an error before a byte of it is loaded; on a larger disk it is begun again, and comes")
    func never() async throws {
        let (server, disk, program) = (try await TestServer("scripted"), try SmallDisk(), program())
        try await server.follow(
            script: """
                {"rules": [{"do": {"answer": {"body": {"seed": 4, "length": \(Self.size)},
                    "at": [{"body": 0, "do": {"wait": "room"}}]}}}]}
                """)
        try await program.begin(server, "/movie", to: disk / "movie")
        try check(try #require(await program.ends.next()).1, .fileTooLarge, names: disk.path)
        #expect(disk.names.isEmpty)
        try disk.remount(kibibytes: 4096)
        try await server.open(gate: "room")
        try await program.begin(server, "/movie", to: disk / "movie")
        _ = try #require(await program.ends.next()).1.get()
        #expect(isWhole(disk / "movie") && disk.names == ["movie"])
    }

    @Test("what does not fit now waits for room, over the death of the program, and the server is not asked meanwhile")
    func early() async throws {
        let (origin, disk) = (try await TestServer("origin"), try SmallDisk(kibibytes: 4096))
        try disk.fill(kibibytes: 2048)
        let program = program()
        try await program.begin(origin, "/bytes/\(Self.size)?seed=4", to: disk / "movie")
        let first = try await program.waits()
        pass(to: first)
        program.process.die()
        let heir = self.program()
        try await heir.begin(origin, "/bytes/\(Self.size)?seed=4", to: disk / "movie")
        let until = try await heir.waits(longerThan: first)
        #expect(try await origin.log().requests.count == 1 && heir.ends.count == 0)
        disk.makeRoom()
        pass(to: until)
        _ = try #require(await heir.ends.next()).1.get()
        #expect(isWhole(disk / "movie") && disk.names == ["movie"])
    }

    @Test("a disk that others fill in the middle is waited for, and what was loaded is not loaded again")
    func middle() async throws {
        let (server, disk, program) = (try await TestServer("scripted"), try SmallDisk(kibibytes: 4096), program())
        try await server.follow(
            script: """
                {"rules": [{"do": {"serve": {"etag": "\\"a\\"", "body": {"seed": 4, "length": \(Self.size)},
                    "at": [{"body": 1500000, "do": {"wait": "full"}}]}}}]}
                """)
        try await program.begin(server, "/film", to: disk / "movie")
        // The first blocks are on the disk before it is full.
        while bytes(disk / (disk.names.first ?? "")).count < 1_000_000 { await Task.yield() }
        try disk.fill()
        try await server.open(gate: "full")
        let until = try await program.waits()
        disk.makeRoom()
        pass(to: until)
        _ = try #require(await program.ends.next()).1.get()
        #expect(isWhole(disk / "movie") && disk.names == ["movie"])
        let requests = try await server.log().requests
        let range = try #require(requests.last?.values("Range").first)
        let start = try #require(Int64(range.dropFirst("bytes=".count).dropLast()))
        #expect(requests.count == 2 && start >= 1_000_000 && start < Self.size, "\(range)")
    }

    @Test("what comes without a length is loaded again when there is more room; who wants to decide himself is told")
    func live() async throws {
        let (server, disk, program) = (try await TestServer("scripted"), try SmallDisk(), program())
        try await server.follow(
            script: """
                {"rules": [{"do": {"answer": {"chunked": 65536, "body": {"seed": 4, "length": \(Self.size)}}}}]}
                """)
        try await program.begin(server, "/live", to: disk / "movie", once: true)
        try check(try #require(await program.ends.next()).1, names: disk.path)
        #expect(disk.names.isEmpty)
        try await program.begin(server, "/live", to: disk / "movie")
        let first = try await program.waits()
        pass(to: first)
        let second = try await program.waits(longerThan: first)
        #expect(try await server.log().requests.count == 2)
        try disk.remount(kibibytes: 4096)
        pass(to: second)
        _ = try #require(await program.ends.next()).1.get()
        #expect(isWhole(disk / "movie"))
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
        try check(try #require(await ends.next()).1, .fileTooLarge, names: disk.path)
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
        // Whoever was told all the same would have his turn.
        for _ in 0..<10_000 { await Task.yield() }
        #expect(ends.count == 0, "no end is told that is not on the books")
        disk.makeRoom()
        let response = try #require(await ends.next()).1.get()
        #expect(try response.httpResponse.statusCode == 201)
        // The request was not sent again for that.
        #expect(try await server.log().requests.count == 1)
        await uploader.beginUpload(of: source, with: try server.request("/up"), identifier: "v", handler: others.tell)
        #expect(try #require(await others.next()).1.get().httpResponse.statusCode == 201)
    }
}
