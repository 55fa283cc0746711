// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore
import TransfersStore

@Suite("Sessions that share, hand over, pause and remember", .timeLimit(.minutes(5)))
struct SessionTests {
    let scratch = try! ScratchFolder()
    var state: String { scratch.path + "/state" }

    private func draft(_ identifier: String, _ url: String, to: String? = nil) -> TransferIntentDraft {
        TransferIntentDraft(identifier, .download(to: to), httpMethod: "GET", url: url)
    }

    @Test("an end is kept until somebody acknowledges it, and found again by the next process")
    func kept() async throws {
        let origin = try await TestServer("origin")
        let first = TransferProcess(state)
        let session = try first.session()
        _ = try session.begin([draft("d", origin.url("/bytes/5000?seed=2"))])[0].get()
        let (_, result) = try #require(await session.end(of: "d", acknowledging: false))
        let file = try #require(result.file)
        first.die()
        let second = TransferProcess(state)
        let heir = try second.session()
        let (stored, again) = try #require(await heir.end(of: "d", acknowledging: false))
        #expect(again == result.withoutSecrets && stored.deliveries == 2)
        #expect(bytes(file) == ServerPattern(seed: 2).bytes(0..<5000), "it is there until it was taken")
        await heir.acknowledge("d")
        // The handler called before never said that it is done: the row goes with the last word.
        #expect(try heir.find("d") == nil)
        #expect(!FileManager.default.fileExists(atPath: file))
        #expect(!heir.attach("d") { _, _ in Issue.record("there is none") })
    }

    @Test("each attached handler hears the end once; what is begun again attaches")
    func attached() async throws {
        let origin = try await TestServer("origin")
        let process = TransferProcess(state)
        let session = try process.session()
        let wanted = draft("d", origin.url("/bytes/5000?seed=2"), to: scratch.path + "/there")
        guard case .began = try session.begin([wanted])[0].get() else { throw FixtureFailure("not begun") }
        async let one = session.end(of: "d")
        async let other = session.end(of: "d")
        let ends = [try #require(await one).1, try #require(await other).1]
        #expect(ends[0] == ends[1])
        #expect(try session.find("d") == nil)
        // Its identifier is free; its destination is not.
        #expect(session.begin([wanted])[0].failure?.code == .destinationExists)
    }

    @Test("what lives or has ended is attached to, although its destination is there and its source gone")
    func attachedToEnd() async throws {
        let origin = try await TestServer("origin")
        let process = TransferProcess(state)
        let session = try process.session()
        let down = draft("d", origin.url("/bytes/5000?seed=2"), to: scratch.path + "/there")
        let source = try patternFile(scratch, "source", 1000)
        let up = TransferIntentDraft("u", .upload([source]), httpMethod: "PUT", url: origin.url("/up"))
        for result in session.begin([down, up]) { _ = try result.get() }
        _ = await session.end(of: "d", acknowledging: false)
        _ = await session.end(of: "u", acknowledging: false)
        try FileManager.default.removeItem(atPath: source)
        for result in session.begin([down, up]) {
            guard case .attached(let stored) = try result.get() else { throw FixtureFailure("not attached") }
            #expect(stored.result?.outcome == .succeeded)
        }
        var another = up
        another.url = origin.url("/elsewhere")
        #expect(session.begin([another])[0].failure?.code == .sourceMissing)
    }

    @Test("bad drafts are refused one by one, and hold the others not back")
    func refused() async throws {
        let origin = try await TestServer("origin")
        let process = TransferProcess(state)
        let session = try process.session()
        let results = session.begin([
            draft("a", "file:///etc/passwd"), draft("b", origin.url("/bytes/10")), draft("", origin.url("/bytes/10")),
            TransferIntentDraft("c", .upload([scratch.path]), httpMethod: "PUT", url: origin.url("/up")),
            draft("d", origin.url("/bytes/10"), to: scratch.path + "/none/there"),
        ])
        #expect(
            results.map { $0.failure?.code }
                == [.unsupportedScheme, nil, .badIdentifier, .sourceIsDirectory, .destinationFolderMissing])
        #expect(try #require(await session.end(of: "b")).1.outcome == .succeeded)
    }

    @Test("a second process watches, gives orders, and goes on where the first one was when that one is gone")
    func takenOver() async throws {
        let server = try await TestServer.gatedHalfway()
        let first = TransferProcess(state, identifier: 1)
        let owner = try first.session()
        let there = scratch.path + "/there"
        _ = try owner.begin([draft("d", server.url("/file"), to: there)])[0].get()
        _ = try await server.log(began: 1)
        let second = TransferProcess(state, identifier: 2)
        let heir = try second.session()
        #expect(try heir.find("d")?.identifierOfIntent == "d")
        async let end = heir.end(of: "d")
        #expect(heir.pause("d"))
        for await progress in owner.progress("d") where progress.state == .waiting(.paused, until: nil) { break }
        #expect(heir.resume("d"))
        _ = try await server.log(began: 2)
        first.die()
        _ = try await server.log(began: 3)
        try await server.open(gate: "go")
        let (_, result) = try #require(await end)
        #expect(result.outcome == .succeeded)
        #expect(bytes(there) == ServerPattern(seed: 1).bytes(0..<400_000))
        #expect(try heir.list().isEmpty)
    }

    @Test("paused it stays until it is resumed; cancelled it ends so, and its partial file is gone")
    func ordered() async throws {
        let server = try await TestServer.gatedHalfway()
        let process = TransferProcess(state)
        let session = try process.session()
        let wanted = ["p", "c"].map { draft($0, server.url("/file"), to: scratch.path + "/" + $0) }
        for result in session.begin(wanted) { _ = try result.get() }
        _ = try await server.log(began: 2)
        #expect(session.pause("p") && session.cancel("c"))
        let (_, cancelled) = try #require(await session.end(of: "c"))
        #expect(cancelled.outcome == .cancelled)
        for await progress in session.progress("p") where progress.state == .waiting(.paused, until: nil) { break }
        #expect(try session.list().map(\.state) == [.paused])
        #expect(!session.pause("nobody"))
        // What is paused does not bring the program back before its time is over.
        await session.drained()
        let deadline = try #require(try session.find("p")).intent.deadline
        #expect(process.wakeups.last?.instant == deadline)
        try await server.open(gate: "go")
        #expect(session.resume("p"))
        #expect(try #require(await session.end(of: "p")).1.outcome == .succeeded)
        let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
        #expect(left == ["p", "state"])
    }

    @Test(
        "what was asked of a transfer is obeyed by the next process if the one that was told dies first, and nothing is sent",
        arguments: [TransferOrder.pause, .cancel])
    func orderOutlivesItsProcess(_ order: TransferOrder) async throws {
        let engine = HandEngine(isDeaf: true)
        let process = TransferProcess(state, engine: engine)
        let session = try process.session()
        let source = try scratch.file("f", [1, 2, 3]).path
        _ = try session.begin([
            TransferIntentDraft("d", .upload([source]), httpMethod: "PUT", url: "http://127.0.0.1:1/f")
        ])[0].get()
        for await _ in engine.exchanges { break }
        #expect(order == .pause ? session.pause("d") : session.cancel("d"))
        // The machine has been told; nothing of it has come about yet.
        for await _ in engine.cancels { break }
        process.die()
        let untouched = HandEngine()
        let next = TransferProcess(state, engine: untouched)
        let heir = try next.session()
        await next.wakeups.run("s")
        if order == .cancel {
            #expect(try #require(await heir.end(of: "d")).1.outcome == .cancelled)
        } else {
            for await progress in heir.progress("d") where progress.state == .waiting(.paused, until: nil) { break }
            await heir.drained()
            // Nothing is left of the order.
            #expect(try heir.list().map(\.order) == [nil] && heir.list().map(\.state) == [.paused])
        }
        #expect(untouched.started == 0)
    }

    @Test("two sessions on one store keep apart what has the same name")
    func two() async throws {
        let origin = try await TestServer("origin")
        let process = TransferProcess(state)
        let (one, other) = (try process.session("one"), try process.session("other"))
        for (number, session) in [one, other].enumerated() {
            let wanted = draft("d", origin.url("/bytes/100?seed=\(number)"), to: scratch.path + "/\(number)")
            guard case .began = try session.begin([wanted])[0].get() else { throw FixtureFailure("not begun") }
        }
        #expect(try #require(await one.end(of: "d")).0.intent.session == "one")
        #expect(try other.find("d") != nil)
        #expect(try #require(await other.end(of: "d")).0.intent.session == "other")
        for number in 0...1 {
            #expect(bytes(scratch.path + "/\(number)") == ServerPattern(seed: UInt64(number)).bytes(0..<100))
        }
        #expect(Set(process.wakeups.all.map(\.session)) == ["one", "other"])
    }

    @Test("without network a transfer waits for it, and runs when it is back; what was under way stops")
    func network() async throws {
        let server = try await TestServer.gatedHalfway()
        // Loopback needs no network: by another name of this host.
        let url = server.url("/file", host: "2130706433")
        let process = TransferProcess(state)
        process.conditions.set(network: .offline)
        let session = try process.session()
        _ = try session.begin([draft("d", url, to: scratch.path + "/there")])[0].get()
        await session.drained()
        #expect(try session.list().first?.reason == .network)
        #expect(process.wakeups.last?.requiresNetwork == true)
        process.conditions.set(network: .online)
        _ = try await server.log(began: 1)
        process.conditions.set(network: .offline)
        for await progress in session.progress("d") where progress.state == .waiting(.network, until: nil) { break }
        try await server.open(gate: "go")
        process.conditions.set(network: .online)
        #expect(try #require(await session.end(of: "d")).1.outcome == .succeeded)
        #expect(bytes(scratch.path + "/there") == ServerPattern(seed: 1).bytes(0..<400_000))
    }

    @Test("a run of the scheduled task returns when nothing is left, and when it is cancelled with everything at rest")
    func background() async throws {
        let server = try await TestServer.gatedHalfway()
        let process = TransferProcess(state)
        let session = try process.session()
        _ = try session.begin([draft("d", server.url("/file"), to: scratch.path + "/there")])[0].get()
        _ = try await server.log(began: 1)
        let run = Task { await process.wakeups.run("s") }
        run.cancel()
        await run.value
        #expect(try session.list().map(\.state) == [.waiting])
        #expect(process.wakeups.last?.instant != nil)
        try await server.open(gate: "go")
        // The next run begins again what was held.
        await process.wakeups.run("s")
        #expect(try session.list().map(\.state) == [.ended])
        #expect(process.wakeups.last?.instant == nil)
        #expect(try #require(await session.end(of: "d")).1.outcome == .succeeded)
    }

    @Test("a request with secrets is sent by the process that has them; another one waits until it is asked again")
    func secrets() async throws {
        let origin = try await TestServer("origin")
        let first = TransferProcess(state)
        var wanted = draft("d", origin.url("/bytes/100?seed=3"), to: scratch.path + "/there")
        wanted.fields = HeaderFields([HeaderFields.Field("Authorization", "Bearer xyz")])
        wanted.earliest = WallTime.distantFuture.advanced(by: .seconds(-1))
        wanted.lifetime = .seconds(1e12)
        _ = try first.session().begin([wanted])[0].get()
        first.die()
        let second = TransferProcess(state)
        let session = try second.session()
        #expect(try session.find("d")?.withheld.contains("Authorization") == true)
        #expect(try session.find("d")?.intent.fields["Authorization"] == nil)
        session.cancel("d")
        _ = await session.end(of: "d")

        wanted.earliest = nil
        let third = TransferProcess(scratch.path + "/other")
        let owner = try third.session()
        _ = try owner.begin([wanted])[0].get()
        #expect(try #require(await owner.end(of: "d")).1.outcome == .succeeded)
        let log = try await origin.log(ended: 1)
        #expect(log.requests.map { $0.values("Authorization") } == [["Bearer xyz"]])
    }

    @Test("a hook completes each request; without it the transfer waits, and runs when it is registered")
    func authorized() async throws {
        let origin = try await TestServer("origin")
        let process = TransferProcess(state)
        let session = try process.session()
        var wanted = draft("d", origin.url("/bytes/100?seed=3"), to: scratch.path + "/there")
        wanted.authorizer = "token"
        _ = try session.begin([wanted])[0].get()
        await session.drained()
        #expect(try session.list().first?.reason == .authorizer)
        session.setAuthorizer("token") { request, intent in
            #expect(request.method == "GET" && intent.identifier == "d")
            return (HeaderFields([HeaderFields.Field("Authorization", "Bearer abc")]), nil)
        }
        #expect(try #require(await session.end(of: "d")).1.outcome == .succeeded)
        #expect(try await origin.log(ended: 1).requests.map { $0.values("Authorization") } == [["Bearer abc"]])
    }
}

extension StoredTransfer {
    fileprivate var identifierOfIntent: String { intent.identifier }
}

extension Result {
    var failure: Failure? { if case .failure(let failure) = self { failure } else { nil } }
}
