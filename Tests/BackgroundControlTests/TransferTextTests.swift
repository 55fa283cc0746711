// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import Foundation
import Testing
import TransfersCore

extension Samples {
    static func transfer(
        _ id: String, _ state: TransferReport.State, _ completed: Int64 = 0, of total: Int64? = nil,
        waitsFor: TransferWait? = nil, until seconds: Int64? = nil
    ) -> TransferReport {
        var transfer = TransferReport(
            app: "org.example.reader", session: "uploads", id: id, kind: "upload", state: state)
        transfer.waitsFor = waitsFor
        transfer.until = seconds.map { Instant(at($0)) }
        transfer.count(completed, of: total)
        transfer.pid = state == .running ? 4711 : nil
        return transfer
    }

    static func session(waiting: Int = 0, running: Int = 0, paused: Int = 0, ended: Int = 0) -> TransferSessionReport {
        var session = TransferSessionReport(app: "org.example.reader", session: "uploads")
        (session.waiting, session.running, session.paused, session.ended) = (waiting, running, paused, ended)
        session.pid = running > 0 ? 4711 : nil
        return session
    }

    static func intent(
        _ url: String, _ method: UploadProtocol = .tus, fields: HeaderFields = HeaderFields(),
        keepsSecrets: Bool = false
    ) -> TransferIntent {
        var policy = TransferPolicy()
        policy.keepsSecrets = keepsSecrets
        return TransferIntent(
            session: "uploads", identifier: "movie",
            work: .upload(
                SourceIdentity(path: "/home/ann/movie", device: 1, inode: 2, size: 300, modifiedNanoseconds: 4),
                method: method), httpMethod: "POST", url: url, fields: fields, policy: policy, authorizer: "token",
            created: at(-60), deadline: at(86_400))
    }
}

extension Samples {
    /// With every key that there is.
    static func detail(_ transfer: TransferReport) -> TransferDetailReport {
        var intent = intent("https://example.org/up")
        intent.earliest = now
        var position = TransferPosition()
        (position["upload"], position["parts"], position["etag"]) = ("https://example.org/1", "1 a", "\"x\"")
        position[number: "expires"] = now.microseconds
        var checkpoint = TransferCheckpoint(state: .running)
        (checkpoint.position, checkpoint.total, checkpoint.isResumable) = (position.bytes, 2, true)
        var result = TransferResult(
            .failed(TransferFailure(.diskFull, doing: "a", subject: "b", cause: "c", remedy: "d")),
            head: ResponseHead(url: "", status: 200), ended: now)
        result.file = "/there"
        var report = TransferDetailReport(
            transfer, intent: intent, withheld: ["Cookie"], checkpoint: checkpoint, result: result)
        report.destination = "/there"
        return report
    }
}

@Suite("Transfers are told of in words, bars and figures")
struct TransferTextTests {
    private static func state(_ transfer: TransferReport) -> String {
        TransferWords(time: Samples.time).state(transfer).text
    }

    @Test(
        "a state says why it waits, and until when",
        arguments: [
            (Samples.transfer("a", .waiting, waitsFor: .network), "waits for a network"),
            (Samples.transfer("a", .waiting, waitsFor: .retry, until: 12), "to be tried again in 12 s (14:00:12)"),
            (Samples.transfer("a", .waiting, waitsFor: .notBefore, until: 720), "scheduled in 12 min (14:12:00)"),
            (
                Samples.transfer("a", .waiting, waitsFor: .serverBusy, until: 60),
                "the server wants a pause; tried again in 1 min (14:01:00)"
            ),
            (Samples.transfer("a", .waiting, waitsFor: .turn, until: -5), "waits for its turn"),
            (
                Samples.transfer("a", .waiting, waitsFor: .launch, until: 120),
                "waits for the app's next launch in 2 min (14:02:00)"
            ),
            (Samples.transfer("a", .running, 5), "moving"), (Samples.transfer("a", .paused), "paused"),
            (Samples.transfer("a", .orphaned), "cut off: its process died"),
        ])
    func states(transfer: TransferReport, words: String) {
        #expect(Self.state(transfer) == words)
    }

    @Test("an end says what it was and who still has to take it, and an order that was not obeyed yet is told")
    func ends() {
        var end = Samples.transfer("a", .ended)
        end.outcome = "failed"
        #expect(Self.state(end) == "failed; the app has not taken it yet")
        end.deliveries = 1
        #expect(Self.state(end) == "failed; the app has not confirmed it yet")
        #expect(TransferWords(time: Samples.time).state(end).style == .bad)
        var moving = Samples.transfer("a", .running)
        moving.asked = "pause"
        #expect(Self.state(moving) == "moving; asked to pause")
    }

    @Test("bytes are told in powers of 1000, never rounded up, and only all of them are 100 %")
    func bytes() {
        #expect(
            [0, 999, 1000, 1999, 123_456_789].map(ByteText.text) == ["0 B", "999 B", "1.0 kB", "1.9 kB", "123 MB"])
        #expect(ByteText.text(999_999) == "999 kB")
        #expect(ByteText.text(.max) == "9.2 EB")
        #expect(TransferWords.bytes(Samples.transfer("a", .running, 999, of: 1000)) == "99 % of 1.0 kB")
        #expect(TransferWords.bytes(Samples.transfer("a", .running, 0, of: 0)) == "100 % of 0 B")
        #expect(TransferWords.bytes(Samples.transfer("a", .running, 1500)) == "1.5 kB")
        #expect(TransferWords.bytes(Samples.transfer("a", .waiting)).isEmpty)
        // What a store of somebody else's may say.
        #expect(Samples.transfer("a", .running, 2000, of: 1000).fraction == 1)
        #expect(Samples.transfer("a", .running, -5, of: -1).fraction == nil)
    }

    private let report = TransfersReport(
        transfers: [
            Samples.transfer("movie", .running, 42_000_000, of: 100_000_000),
            Samples.transfer("clip", .waiting, waitsFor: .retry, until: 12), Samples.transfer(Samples.nasty, .paused),
            Samples.transfer(String(repeating: "long.", count: 40), .orphaned, 1, of: 3),
        ], sessions: [Samples.session(waiting: 1, running: 2, paused: 1)], unreadable: [])

    @Test("on a terminal each has a bar, elsewhere plain figures in bytes")
    func list() throws {
        let bars = TransfersText(terminal: Terminal(width: 120, hasColours: false), time: Samples.time).lines(report)
        let movie = try #require(bars.first { $0.contains("movie") })
        #expect(
            movie.contains("█████░░░░░░░") && movie.contains("42 % of 100 MB") && movie.contains("moving"), "\(movie)")
        #expect(bars[0].hasPrefix("org.example.reader/uploads  2 moving, 1 waiting, 1 paused; moved by process 4711"))
        let ascii = TransfersText(
            terminal: Terminal(width: 120, hasColours: false, hasUnicode: false), time: Samples.time
        ).lines(report)
        #expect(try #require(ascii.first { $0.contains("movie") }).contains("#####-------"))
        let plain = TransfersText(terminal: .plain, time: Samples.time).lines(report)
        let words = try #require(plain.first { $0.contains("movie") }).split(separator: " ")
        #expect(words == ["movie", "↑", "42000000", "100000000", "moving"], "\(words)")
        #expect(plain.allSatisfy { !$0.contains("█") })
        #expect(TransfersText(terminal: .plain, time: Samples.time).lines(.none) == [TransfersText.nothing])
    }

    @Test("every line fits the terminal, and nothing from outside reaches it as it is", arguments: [40, 60, 80, 132])
    func fits(width: Int) {
        let terminal = Terminal(width: width, hasColours: false)
        var app = Samples.app()
        app.transfers = report.transfers.map {
            var moving = $0
            moving.state = .running
            return moving
        }
        app.sessions = report.sessions
        app.trouble = nil
        let lines =
            TransfersText(terminal: terminal, time: Samples.time).lines(report)
            + ListText(terminal: terminal, time: Samples.time).lines(ListReport(apps: [app]))
        for line in lines {
            #expect(VisibleText.width(line) <= width, "\(line)")
            #expect(Self.isClean(line), "\(line.debugDescription)")
        }
        #expect(lines.contains { $0.contains("ev\\u") } || width == 40)
    }

    private static func isClean(_ line: String) -> Bool {
        line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0.value != 0x202e }
    }

    @Test("an app that cannot be read is told of beside what can be")
    func trouble() throws {
        var broken = Samples.app()
        broken.trouble = AppReport.Trouble(
            code: "storage", message: "x: it has schema 9", remedy: "Update this program.")
        var partly = report
        partly.unreadable = [broken]
        let lines = TransfersText(terminal: .plain, time: Samples.time).lines(partly)
        #expect(lines.contains { $0.contains("movie") })
        #expect(try #require(lines.last).contains("cannot be read: x: it has schema 9; Update this program."))
        let none = TransfersReport(transfers: [], sessions: [], unreadable: [broken])
        #expect(TransfersText(terminal: .plain, time: Samples.time).lines(none).count == 1)
    }

    @Test("the task of a session is called by its session in lists, with what it is about")
    func sessionTasks() throws {
        var task = Samples.task("background.transfers.uploads", .scheduled, in: 720)
        (task.kind, task.session) = ("transfers", "uploads")
        var app = Samples.app([task])
        app.sessions = [Samples.session(waiting: 3, ended: 1)]
        app.transfers = [Samples.transfer("movie", .running, 1, of: 2)]
        let lines = ListText(terminal: .plain, time: Samples.time).lines(ListReport(apps: [app]))
        let line = try #require(lines.first { $0.contains("transfers of uploads") })
        #expect(line.contains("scheduled: 3 waiting, 1 ended and not taken yet"), "\(line)")
        #expect(lines.contains { $0.contains("↑ uploads/movie") && $0.contains("50 % of 2 B") })
        #expect(lines.count(where: { $0.contains("transfers of") }) == 1)
        let shown = ShowText(terminal: .plain, time: Samples.time).lines(
            ShowReport(
                task: task, continued: [],
                explanation: .init(
                    app: task.app,
                    .init(
                        identifier: task.id, state: .scheduled, reasons: [], history: [], scheduled: nil, next: nil,
                        nextText: nil)), app: app))
        #expect(shown.contains { $0.contains("starts the app for the transfers of a session") })
        #expect(shown.contains { $0.contains("backgroundctl transfers org.example.reader/uploads") })
        // Without a task of its own the session is told of all the same.
        app.tasks = []
        let bare = ListText(terminal: .plain, time: Samples.time).lines(ListReport(apps: [app]))
        #expect(bare.contains { $0.contains("transfers of uploads: 3 waiting") })
    }

    @Test("a watch tells when a transfer begins to move, every tenth of it, and its end")
    func watching() {
        func list(_ transfers: TransferReport...) -> ListReport {
            var app = Samples.app()
            app.transfers = transfers
            return ListReport(apps: [app])
        }
        let text = WatchText(terminal: .plain, time: Samples.time)
        func changes(_ old: ListReport, _ new: ListReport) -> [String] { text.changes(from: old, to: new, runs: []) }
        let (a, b, c) = (
            list(Samples.transfer("movie", .running, 41, of: 100)),
            list(Samples.transfer("movie", .running, 49, of: 100)),
            list(Samples.transfer("movie", .running, 50, of: 100))
        )
        #expect(changes(list(), a) == ["14:00:00  org.example.reader/uploads/movie  moving, 41 % of 100 B"])
        #expect(changes(a, b).isEmpty)
        #expect(changes(b, c) == ["14:00:00  org.example.reader/uploads/movie  moving, 50 % of 100 B"])
        #expect(
            changes(c, list(Samples.transfer("movie", .paused, 50, of: 100))).first?.contains("paused, 50 %") == true)
        #expect(changes(c, list()).first?.contains("done, and taken by the app") == true)
        // An app that is gone from sight tells nothing about its transfers.
        #expect(changes(c, ListReport(apps: [])).isEmpty)
        #expect(WatchText.isMoving(a) && !WatchText.isMoving(list()))
    }
}

extension TransfersReport {
    fileprivate static var none: TransfersReport { TransfersReport(transfers: [], sessions: [], unreadable: []) }
}
