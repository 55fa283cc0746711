// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("Transfers are found, judged and shown without their secrets")
struct TransferJudgingTests {
    private static func conditions(
        _ network: NetworkState = .online, metered: Bool = false, power: PowerSource = .external
    ) -> Conditions {
        func seen<Value>(_ value: Value) -> Observed<Value> { Observed(value, source: "a test", at: Samples.now) }
        return Conditions(power: seen(power), network: seen(network), isMetered: seen(metered))
    }

    private static func judged(
        _ reason: WaitReason, due seconds: Int64? = -5, host: String = "example.org:443",
        demands: TransferDemands = [.network], isOwned: Bool = true, launch: Int64? = nil,
        _ conditions: Conditions = conditions()
    ) -> (TransferWait, until: Instant?) {
        TransferWaiting(
            reason: reason, due: seconds.map(Samples.at), host: host, demands: demands, isOwned: isOwned,
            launch: launch.map(Samples.at)
        ).judged(now: Samples.now) { _ in conditions }
    }

    @Test("what a transfer waits for is its instant first, then what the host lacks, then the app, then its turn")
    func waiting() {
        let offline = Self.conditions(.offline)
        #expect(Self.judged(.retry, due: 30, offline) == (.retry, Instant(Samples.at(30))))
        #expect(Self.judged(.retry, offline) == (.network, nil))
        #expect(Self.judged(.turn, host: "localhost:8080", offline) == (.turn, nil))
        #expect(
            Self.judged(.turn, demands: [.network, .unmeteredNetwork], Self.conditions(metered: true)) == (
                .unmeteredNetwork, nil
            ))
        #expect(
            Self.judged(.turn, demands: [.externalPower], Self.conditions(power: .battery)) == (.externalPower, nil))
        #expect(Self.judged(.turn, demands: [.externalPower]) == (.turn, nil))
        #expect(Self.judged(.network) == (.turn, nil))
        #expect(Self.judged(.turn, isOwned: false, launch: 60) == (.launch, Instant(Samples.at(60))))
        #expect(Self.judged(.turn, isOwned: false) == (.launch, nil))
        #expect(Self.judged(.turn, isOwned: false, launch: -60).until == Instant(Samples.now))
        // Nobody knows when a hook comes: the store says "for ever".
        let never = TransferWaiting(
            reason: .authorizer, due: .distantFuture, host: "", demands: [], isOwned: false, launch: nil
        ).judged(now: Samples.now) { _ in Conditions() }
        #expect(never == (.authorizer, nil))
    }

    @Test("the conditions of the host are not asked for while an instant lies ahead")
    func asksLate() {
        var asked = 0
        _ = TransferWaiting(
            reason: .notBefore, due: Samples.at(60), host: "", demands: [.network], isOwned: true, launch: nil
        ).judged(now: Samples.now) { _ in
            asked += 1
            return Conditions()
        }
        #expect(asked == 0)
    }

    @Test(
        "an order that makes no sense is refused with why",
        arguments: [
            (Invocation.TransferOrder.pause, TransferCheckpoint.State.running, nil, nil),
            (.pause, .paused, nil, "is paused already"), (.pause, .paused, "resume", nil),
            (.pause, .running, "pause", "was asked to pause already"), (.resume, .running, nil, "is not paused"),
            (.resume, .paused, nil, nil), (.resume, .running, "pause", nil), (.cancel, .paused, "pause", nil),
            (.cancel, .ended, nil, "has ended"), (.resume, .paused, "cancel", "was asked to cancel already"),
        ] as [(Invocation.TransferOrder, TransferCheckpoint.State, String?, String?)])
    func orders(
        order: Invocation.TransferOrder, state: TransferCheckpoint.State, asked: String?, refusal: String?
    ) {
        let judged = TransferAsking(order, of: state, asked: asked).judged
        #expect(judged.0 == order)
        #expect(refusal == nil ? judged.refusal == nil : judged.refusal?.contains(refusal ?? "") == true)
    }

    // MARK: Names

    private let known = [
        TransferReference(app: "reader", session: "uploads", id: "movie"),
        TransferReference(app: "reader", session: "uploads", id: "a/b"),
        TransferReference(app: "photos", session: "sync", id: "movie"),
        TransferReference(app: "photos", session: "uploads", id: "x"),
    ]

    private func resolve(_ words: String) -> String {
        do throws(TaskReference.Unresolved) {
            return "\(try TransferReference.resolve(words, among: known, apps: ["reader", "photos", "idle"]))"
        } catch {
            return error.description
        }
    }

    @Test("a name may be an app, a session or a transfer, whole or its end")
    func names() throws {
        let apps = ["reader", "photos", "idle"]
        func choice(_ words: String) throws -> TransferReference.Choice {
            try TransferReference.resolve(words, among: known, apps: apps)
        }
        #expect(try choice("reader") == .app("reader"))
        #expect(try choice("idle") == .app("idle"))
        #expect(try choice("reader/uploads") == .session(app: "reader", session: "uploads"))
        #expect(try choice("sync") == .session(app: "photos", session: "sync"))
        #expect(try choice("reader/uploads/a/b") == .transfer(known[1]))
        #expect(try choice("a/b") == .transfer(known[1]))
        #expect(try choice("sync/movie") == .transfer(known[2]))
        #expect(try TransferReference.transfer("x", among: known, apps: apps) == known[3])
    }

    @Test("what is ambiguous, unknown or no single transfer is refused with what could be meant")
    func refusals() {
        #expect(resolve("movie").contains("  photos/sync/movie\n  reader/uploads/movie\n"))
        #expect(resolve("uploads").contains("may be one of several"))
        #expect(resolve("reader/uplaods").contains("did you mean reader/uploads?"))
        #expect(resolve("\u{1b}[2J").contains("\\u{1b}[2J"))
        #expect(throws: TaskReference.Unresolved.self) {
            try TransferReference.transfer("reader/uploads", among: known, apps: [])
        }
        #expect(throws: TaskReference.Unresolved("there is no x: no app has any transfers")) {
            try TransferReference.resolve("x", among: [], apps: ["reader"])
        }
    }

    @Test("the task of a session may be called by the session's name")
    func sessionTask() throws {
        let known = [
            TaskReference(app: "reader", id: "background.transfers.uploads"), TaskReference(app: "a", id: "b"),
        ]
        #expect(try TaskReference.resolve("uploads", among: known) == known[0])
    }

    // MARK: Secrets

    @Test(
        "no query, fragment, credential or value of a field is in a detail, whatever the store keeps",
        arguments: [
            "https://example.org/up?X-Amz-Signature=hunter2&name=hunter2", "https://ann:hunter2@example.org/up",
            "https://example.org/up#hunter2", "https://example.org/up?hunter2", "hunter2",
            "https://ann:hunter2@/up", "ftp://ann:hunter2@example.org/up?hunter2",
        ])
    func secrets(url: String) throws {
        let fields = HeaderFields([.init("Authorization", "Bearer hunter2"), .init("Content-Type", "hunter2")])
        var position = TransferPosition()
        position["upload"] = "https://example.org/files/hunter2?key=hunter2"
        position[number: "expires"] = Samples.at(3600).microseconds
        position["parts"] = "1 hunter2\n2 hunter2"
        var checkpoint = TransferCheckpoint(state: .running)
        checkpoint.position = position.bytes
        checkpoint.acknowledged = 42
        checkpoint.isResumable = true
        var result = TransferResult(
            .rejected,
            head: ResponseHead(url: url, status: 403, fields: HeaderFields([.init("Set-Cookie", "hunter2")])),
            ended: Samples.now)
        result.body = Array("hunter2".utf8)
        let report = TransferDetailReport(
            Samples.transfer("movie", .ended), intent: Samples.intent(url, fields: fields, keepsSecrets: true),
            withheld: ["Cookie"], checkpoint: checkpoint, result: result)
        let lines = TransfersText(terminal: .plain, time: Samples.time).lines(report)
        let json = try JSONText.text(report)
        for text in lines + [json] { #expect(!text.contains("hunter2"), "\(text)") }
        #expect(lines.contains { $0.contains("status 403") })
        #expect(lines.contains { $0.contains("goes on from byte 42") })
        #expect(lines.contains { $0.contains("Authorization, Content-Type") })
        #expect(lines.contains { $0.contains("at https://example.org") && !$0.contains("files") })
        #expect(json.contains(#""protocol" : "tus""#) && json.contains(#""parts" : 2"#))
        if url.hasPrefix("https://example.org") {
            #expect(lines.contains { $0.contains("POST https://example.org/up") })
        }
    }

    @Test("a detail says what it waits for and what ends that, and the policy where it is unusual")
    func detail() throws {
        var intent = Samples.intent("https://example.org/up")
        intent.policy.isDiscretionary = true
        intent.policy.rateLimit = 100_000
        let report = TransferDetailReport(
            Samples.transfer("movie", .waiting, 1, of: 3, waitsFor: .authorizer), intent: intent, withheld: [],
            checkpoint: TransferCheckpoint(state: .waiting(until: .distantFuture, reason: .authorizer)), result: nil)
        let lines = TransfersText(terminal: Terminal(width: 100, hasColours: false), time: Samples.time).lines(report)
        #expect(lines.contains { $0.contains("waits for the app's authorization") })
        #expect(lines.contains { $0.contains("→ the app has to run and to register its hook token") })
        #expect(lines.contains { $0.contains("discretionary") })
        #expect(lines.contains { $0.contains("at most 100 kB/s") })
        #expect(lines.contains { $0.contains("Progress") && $0.contains("████") && $0.contains("33 % of 3 B") })
        #expect(lines.contains { $0.contains("/home/ann/movie") })
        #expect(lines.contains { $0.contains("not known yet") })
    }
}
