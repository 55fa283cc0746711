// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

@Suite("From one process to the next", .timeLimit(.minutes(5)))
struct HandingOverTests {
    let scratch = try! ScratchFolder()
    var state: String { scratch.path + "/state" }

    private func draft(_ identifier: String, _ url: String) -> TransferIntentDraft {
        TransferIntentDraft(
            identifier, .download(to: scratch.path + "/" + identifier), httpMethod: "GET", url: url)
    }

    @Test("a program that leaves has its session's task due at once, and moves nothing more; the next process goes on")
    func left() async throws {
        let (server, clocks) = (try await TestServer.gatedHalfway(), HandClocks())
        let first = TransferProcess(state, time: clocks, identifier: 1)
        let session = try first.session()
        _ = try session.begin([draft("d", server.url("/file"))])[0].get()
        _ = try await server.log(began: 1)
        await session.leave()
        #expect(first.wakeups.last?.instant == clocks.now().wall)
        #expect(try session.list().map(\.state) == [.waiting], "it is at rest here")
        // What is begun later has to be left as well.
        _ = try session.begin([draft("e", server.url("/file"))])[0].get()
        #expect(first.wakeups.last?.instant == clocks.now().wall.advanced(by: .seconds(60)))
        await session.leave()
        #expect(first.wakeups.last?.instant == clocks.now().wall)
        #expect(try await server.log().requests.count == 1)

        let second = TransferProcess(state, time: clocks, identifier: 2)
        let heir = try second.session()
        async let run: Void = second.wakeups.run("s")
        _ = try await server.log(began: 3)
        try await server.open(gate: "go")
        for name in ["d", "e"] {
            #expect(try #require(await heir.end(of: name)).1.outcome == .succeeded)
            #expect(bytes(scratch.path + "/" + name) == ServerPattern(seed: 1).bytes(0..<400_000))
        }
        await run
    }

    @Test("a process that runs its tasks itself goes on when it is told to leave; the task is due, and is its own")
    func stays() async throws {
        let (server, clocks) = (try await TestServer.gatedHalfway(), HandClocks())
        let process = TransferProcess(state, time: clocks)
        process.wakeups.runHere = true
        let session = try process.session()
        _ = try session.begin([draft("d", server.url("/file"))])[0].get()
        _ = try await server.log(began: 1)
        await session.leave()
        #expect(process.wakeups.last?.instant == clocks.now().wall)
        async let run: Void = process.wakeups.run("s")
        #expect(await process.wakeups.isScheduled(at: clocks.now().wall.advanced(by: .seconds(60))))
        try await server.open(gate: "go")
        #expect(try #require(await session.end(of: "d")).1.outcome == .succeeded)
        await run
        #expect(try await server.log(ended: 1).requests.count == 1, "nothing was cut")
    }

    @Test("a launch stays for what it moves, whatever it was made for: the session's task is due at once")
    func launch() async throws {
        let (clocks, engine) = (HandClocks(), HandEngine())
        let process = TransferProcess(state, time: clocks, isLaunch: true, engine: engine)
        let session = try process.session()
        let begin = clocks.now().wall
        _ = try session.begin([draft("d", "http://example.org/d")])[0].get()
        var exchanges = engine.exchanges.makeAsyncIterator()
        let exchange = try #require(await exchanges.next())
        #expect(await process.wakeups.isScheduled(at: begin))
        // Until it runs, no sign of life may take it away from the launch.
        clocks.advance(by: .seconds(20))
        async let run: Void = process.wakeups.run("s")
        #expect(await process.wakeups.isScheduled(at: begin.advanced(by: .seconds(80))))
        #expect(!process.wakeups.all.contains { $0.instant == begin.advanced(by: .seconds(40)) })
        exchange.observer.ended(
            ExchangeEnd(head: ResponseHead(url: exchange.exchange.url, status: 404)))
        _ = await session.end(of: "d")
        await run
    }

    @Test("a run waits ten seconds for a session whose owner may be about to leave, and not longer")
    func standsBy() async throws {
        let (server, clocks) = (try await TestServer.gatedHalfway(), HandClocks())
        let first = TransferProcess(state, time: clocks, identifier: 1)
        let session = try first.session()
        _ = try session.begin([draft("d", server.url("/file"))])[0].get()
        _ = try await server.log(began: 1)
        let second = TransferProcess(state, time: clocks, identifier: 2)
        let heir = try second.session()
        async let patience: Void = second.wakeups.run("s")
        #expect(await second.wakeups.isScheduled(at: clocks.now().wall.advanced(by: .seconds(60))))
        clocks.advance(by: .seconds(10))
        await patience
        #expect(try await server.log(began: 1).requests.count == 1)

        async let run: Void = second.wakeups.run("s")
        #expect(await second.wakeups.isScheduled(at: clocks.now().wall.advanced(by: .seconds(60))))
        await session.leave()
        _ = try await server.log(began: 2)
        try await server.open(gate: "go")
        await run
        #expect(try #require(await heir.end(of: "d")).1.outcome == .succeeded)
    }

    @Test("who finds a transfer on the books hears its end without describing it once more")
    func attached() async throws {
        let server = try await TestServer.gatedHalfway()
        let first = TransferProcess(state, identifier: 1)
        let address = try server.request("/file")
        let file = URL(fileURLWithPath: scratch.path + "/there")
        await first.downloader().beginDownload(of: address, identifier: "d", options: .to(file)) { _, _ in
            Issue.record("the process had died")
        }
        _ = try await server.log(began: 1)
        first.die()
        let second = TransferProcess(state, identifier: 2)
        let (downloader, ends) = (second.downloader(), Ends<(URL, URLResponse)>())
        #expect(try await downloader.transfers().map(\.identifier) == ["d"])
        #expect(await downloader.attach(to: "d", handler: ends.tell))
        #expect(await !downloader.attach(to: "e") { _, _ in Issue.record("there is none") })
        #expect(await !second.uploader().attach(to: "d") { _, _ in Issue.record("it is no upload") })
        try await server.open(gate: "go")
        let (name, result) = try #require(await ends.next())
        #expect(try name == "d" && result.get().0.path == file.path && ends.count == 1)
        guard case .success(let place, _) = NetworkResponse(result) else { throw FixtureFailure("\(result)") }
        #expect(place == file)
    }
}
