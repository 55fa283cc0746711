// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransfersCore
import TransfersStore

@Suite("Beginning a transfer, or attaching to it")
struct BeginningTests {
    let state = try! TemporaryTransfers()

    @Test("what is begun is on the books, waiting for its turn, and another process sees it as it was written")
    func begins() throws {
        var policy = TransferPolicy()
        policy.priority = 0.75
        let intent = upload("a", fields: HeaderFields([.init("Content-Type", "video/mp4")]), policy: policy)
        let store = try state.store()
        guard case .began(let began) = try store.begin(intent) else { throw Wrong() }
        #expect(began.intent == intent)
        #expect(began.checkpoint.state == .waiting(until: t(0), reason: .turn))
        #expect(began.withheld.isEmpty && began.result == nil && began.order == nil)
        let other = try state.store(pid: 200)
        #expect(try other.transfer(session: "s", identifier: "a") == began)
        #expect(try other.transfer(began.id) == began)
        let line = try #require(try other.list().first)
        #expect(line.kind == .upload && line.state == .waiting && line.due == t(0) && line.reason == .turn)
        #expect(line.host == "example.org:443" && line.priority == 0.75 && line.taskDescription == "about a")
        #expect(line.session == "s" && line.identifier == "a" && line.created == t(0) && line.demands == .network)
    }

    @Test("one that may not begin before an instant waits for that")
    func earliest() throws {
        let began = try state.store().start(upload("a", earliest: t(50)))
        #expect(began.checkpoint.state == .waiting(until: t(50), reason: .notBefore))
    }

    @Test("the same request under a live identifier attaches, whatever has moved meanwhile")
    func attaches() throws {
        let store = try state.store()
        let began = try store.start(upload("a"))
        let moved = checkpoint(.running, 77, of: 300, position: [1, 2, 3], attempts: 2)
        #expect(try store.update(began.id, moved, durably: true))
        var later = upload("a")
        later.created = t(9)
        later.deadline = t(5000)
        later.policy.priority = 1
        later.taskDescription = nil
        guard case .attached(let found) = try state.store(pid: 200).begin(later) else { throw Wrong() }
        #expect(found.id == began.id && found.checkpoint == moved && found.intent == began.intent)
        #expect(try store.list().count == 1)
    }

    @Test(
        "another request under a live identifier is refused, and changes nothing",
        arguments: [
            upload("a", url: "https://example.org/elsewhere"), upload("a", path: "/other"), download("a"),
            upload("a", fields: HeaderFields([.init("Accept", "x")])),
        ])
    func refuses(other: TransferIntent) throws {
        let store = try state.store()
        let began = try store.start(upload("a"))
        let failure = #expect(throws: TransferFailure.self) { try store.begin(other) }
        #expect(failure?.code == .identifierInUse && failure?.subject == "a")
        #expect(try store.transfer(began.id) == began)
    }

    @Test("the same identifier in another session is another transfer")
    func sessionsApart() throws {
        let store = try state.store()
        try store.start(upload("a"))
        try store.start(download("a", session: "other"))
        #expect(try store.sessions() == ["other", "s"])
        #expect(try store.list(session: "other").map(\.kind) == [.download])
    }

    @Test("an end that nobody acknowledged is attached to; after that the identifier is free")
    func endsLiveOn() throws {
        let store = try state.store()
        let began = try store.start(upload("a"))
        #expect(try store.finish(began.id, TransferResult(.succeeded, ended: t(5))))
        guard case .attached(let found) = try store.begin(upload("a")) else { throw Wrong() }
        #expect(found.result?.outcome == .succeeded)
        #expect(try store.acknowledge([began.id]) == [began.id])
        guard case .began(let anew) = try store.begin(download("a")) else { throw Wrong() }
        #expect(anew.id != began.id)
    }

    @Test(
        "identifiers that are empty, huge or no text are refused, in a batch without holding the others back",
        arguments: ["", String(repeating: "x", count: 1025), "a\0b"])
    func badIdentifiers(bad: String) throws {
        let store = try state.store()
        for intent in [upload(bad), upload("a", session: bad)] {
            let failure = #expect(throws: TransferFailure.self) { try store.begin(intent) }
            #expect(failure?.code == .badIdentifier)
        }
        let outcomes = try store.begin([upload("good"), upload(bad), upload("good"), download("good")])
        guard case .began(let first) = outcomes[0], case .refused(let second) = outcomes[1],
            case .attached(let third) = outcomes[2], case .refused(let fourth) = outcomes[3]
        else { throw Wrong() }
        #expect(first.id == third.id && second.code == .badIdentifier && fourth.code == .identifierInUse)
        #expect(try store.list().map(\.identifier) == ["good"])
        #expect(throws: TransferFailure.self) { try store.own(bad) }
        // The longest one is none of them.
        try store.start(upload(String(repeating: "é", count: 512), session: String(repeating: "/", count: 1024)))
        #expect(try store.own(String(repeating: "/", count: 1024)) != nil)
    }

    @Test("no secret is in any file of the store unless the policy keeps them", arguments: [false, true])
    func secrets(keeps: Bool) throws {
        var policy = TransferPolicy()
        policy.keepsSecrets = keeps
        let intent = upload(
            "a", url: "https://me:hidden1@example.org/up?name=x&X-Amz-Signature=hidden2#hidden3",
            fields: HeaderFields([.init("Authorization", "Bearer hidden4"), .init("Accept", "text/plain")]),
            policy: policy)
        let store = try state.store()
        let began = try store.start(intent)
        store.close()
        var found: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: state.directory.path) {
            let bytes = FileManager.default.contents(atPath: state.directory.path + "/" + name) ?? Data()
            let text = String(decoding: bytes, as: UTF8.self)
            for secret in ["hidden1", "hidden2", "hidden3", "hidden4"] where text.contains(secret) {
                found.insert(secret)
            }
        }
        #expect(found.count == (keeps ? 4 : 0))
        let kept = try #require(try state.store().transfer(began.id))
        if keeps {
            #expect(kept.intent == intent && kept.withheld.isEmpty)
        } else {
            #expect(kept.intent.url == "https://example.org/up?name=x")
            #expect(kept.intent.fields.all == [.init("Accept", "text/plain")])
            #expect(kept.withheld == ["Authorization", "#", "user@", "?X-Amz-Signature"])
        }
        // With a fresh signature it is the same request.
        var later = intent
        later.url = "https://example.org/up?name=x&X-Amz-Signature=other"
        if !keeps { #expect(try state.store().begin(later) == .attached(kept)) }
    }

    @Test("two processes that begin the same at once: one begins, the other attaches")
    func race() async throws {
        let stores = try (0..<4).map { try state.store(pid: $0, busyTimeout: .seconds(5)) }
        let began = try await withThrowingTaskGroup(of: Int.self) { group in
            for store in stores {
                group.addTask {
                    try (0..<50).count { number in
                        if case .began = try store.begin(upload("t\(number)")) { true } else { false }
                    }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(began == 50)
    }

    struct Wrong: Error {}
}
