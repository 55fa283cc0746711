// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import Foundation
import Synchronization
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore
import TransfersStore

@Suite("Processes that look at a session, and those that move it", .timeLimit(.minutes(5)))
struct LookingTests {
    let scratch = try! ScratchFolder()
    var state: String { scratch.path + "/state" }

    /// A server that takes what it gets, and answers when the gate opens.
    private func gated() async throws -> TestServer {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: """
                {"rules": [{"do": [{"read": "all"}, {"wait": "go"}, {"answer": {"status": 201}}]}]}
                """)
        return server
    }

    private func draft(_ identifier: String, _ url: String) throws -> TransferIntentDraft {
        TransferIntentDraft(
            identifier, .upload([try patternFile(scratch, identifier, 100_000)]), httpMethod: "PUT", url: url)
    }

    @Test("looking runs nothing: the session is nobody's until something is begun, ordered, or heard of")
    func looking() async throws {
        let server = try await gated()
        let first = TransferProcess(state)
        _ = try first.session().begin([draft("u", server.url("/up"))])[0].get()
        _ = try await server.log(began: 1)
        first.die()
        let tool = TransferProcess(state)
        let session = try tool.session()
        let line = try #require(try session.list().first)
        #expect(line.state == .waiting && line.reason == .turn, "what a dead process ran runs nowhere")
        #expect(try session.find("u") != nil)
        for await progress in session.progress("u") {
            #expect(progress.total == 100_000)
            break
        }
        await session.acknowledge("nobody")
        let books = try TransfersStore(directory: StateDirectory(path: state), machine: "m", boot: "b", pid: 9)
        #expect(try books.owner(of: "s") == nil)
        #expect(tool.wakeups.all.isEmpty)
        #expect(try await server.log().requests.count == 1)
        // An order wants something.
        #expect(session.resume("u"))
        _ = try await server.log(began: 2)
        #expect(try books.owner(of: "s") != nil)
        books.close()
        try await server.open(gate: "go")
        #expect(try #require(await session.end(of: "u")).1.outcome == .succeeded)
    }

    @Test("what has ended well is as long as the whole, whoever looks", arguments: ["plain", "tus", "download"])
    func complete(kind: String) async throws {
        let server = try await TestServer(kind == "tus" ? "tusd" : "origin")
        let process = TransferProcess(state)
        let session = try process.session()
        var wanted = try draft("u", server.url(kind == "tus" ? "/files/" : "/up"))
        if kind == "tus" { wanted.work = .upload([scratch.path + "/u"], method: .tus) }
        if kind == "tus" { wanted.httpMethod = "POST" }
        if kind == "download" {
            wanted = TransferIntentDraft(
                "u", .download(), httpMethod: "GET", url: server.url("/bytes/100000"))
        }
        _ = try session.begin([wanted])[0].get()
        _ = await session.end(of: "u", acknowledging: false)
        let other = try TransferProcess(state).session()
        for lines in [try session.list(), try other.list()] {
            #expect(lines.map(\.state) == [.ended] && lines.map(\.acknowledged) == [100_000])
            #expect(lines.map(\.total) == [100_000])
        }
        #expect(try other.find("u")?.checkpoint.acknowledged == 100_000)
    }

    @Test("another process sees how far an upload by one request is, about a second later")
    func moving() async throws {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: """
                {"rules": [{"do": [{"read": 100000}, {"wait": "go"}, {"read": "all"}, {"answer": {"status": 201}}]}]}
                """)
        let (first, second) = (TransferProcess(state), TransferProcess(state))
        try Data(count: 30_000_000).write(to: URL(fileURLWithPath: scratch.path + "/u"))
        let wanted = TransferIntentDraft(
            "u", .upload([scratch.path + "/u"]), httpMethod: "PUT", url: server.url("/up"))
        let owner = try first.session()
        _ = try owner.begin([wanted])[0].get()
        let watcher = try second.session()
        var seen: Int64 = 0
        for await progress in watcher.progress("u") where progress.completed > 0 {
            seen = progress.completed
            break
        }
        #expect(seen >= 100_000 && seen < 30_000_000)
        let line = try #require(try watcher.list().first)
        #expect(line.acknowledged == 0 && line.progress >= seen)
        let status = try #require(try await second.uploader().transfers().first)
        #expect(status.completedBytes == 0 && status.movedBytes >= seen)
        // Who looks later, here, is told at once where it is, also if nothing moves.
        for await progress in owner.progress("u") {
            #expect(progress.completed >= seen)
            break
        }
        try await server.open(gate: "go")
        #expect(try #require(await owner.end(of: "u")).1.outcome == .succeeded)
    }

    @Test("a process that does not move the session hears that it is drained when the other one has drained it")
    func drained() async throws {
        let server = try await gated()
        let (first, second) = (TransferProcess(state), TransferProcess(state))
        let owner = try first.session()
        _ = try owner.begin([draft("u", server.url("/up"))])[0].get()
        _ = try await server.log(began: 1)
        let watcher = try second.session()
        let (calls, calling) = AsyncStream.makeStream(of: Void.self)
        let count = Mutex(0)
        watcher.whenDrained {
            count.withLock { $0 += 1 }
            calling.yield()
        }
        // It has thought about it twice, and about nothing else.
        await watcher.acknowledge("nobody")
        await watcher.acknowledge("nobody")
        #expect(count.withLock(\.self) == 0, "something still runs")
        try await server.open(gate: "go")
        for await _ in calls { break }
        #expect(try watcher.list().map(\.state) == [.ended])
        #expect(count.withLock(\.self) == 1)
    }
}
