// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import Foundation
import SchedulingCore
import Testing

@Suite("What people read fits, is escaped, and is coloured only where it may be")
struct RenderingTests {
    private let busy = ListReport(apps: [
        Samples.app(
            [
                Samples.task("refresh", .scheduled, in: 720), Samples.task("index", .running, in: -12),
                Samples.task("upload", .waiting, in: -60, waitsFor: ["a network"]),
                Samples.task(String(repeating: "long.", count: 40), .due, in: -5),
                Samples.task(Samples.nasty, .orphaned),
            ], continued: [Samples.export(42)])
    ])

    private func isClean(_ line: String) -> Bool {
        line.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control && $0.value != 0x202e }
    }

    @Test("a list says when, in words and by the clock")
    func list() throws {
        let lines = ListText(terminal: .plain, time: Samples.time).lines(busy)
        #expect(lines[0] == "org.example.reader  wakes up in 12 min (14:12:00)")
        #expect(try #require(lines.first { $0.contains("refresh") }).contains("scheduled"))
        #expect(try #require(lines.first { $0.contains("refresh") }).contains("in 12 min (14:12:00)"))
        #expect(try #require(lines.first { $0.contains("index") }).contains("running since 13:59:48"))
        #expect(try #require(lines.first { $0.contains("upload") }).contains("waits for a network"))
        #expect(try #require(lines.last).contains("42 %"))
        #expect(ListText(terminal: .plain, time: Samples.time).lines(ListReport(apps: [])) == [ListText.nothing])
    }

    @Test("every line fits the terminal, however narrow it is", arguments: [40, 60, 80, 132])
    func widths(width: Int) {
        let terminal = Terminal(width: width, hasColours: false)
        let list = ListText(terminal: terminal, time: Samples.time).lines(busy)
        let history = HistoryText(terminal: terminal, time: Samples.time).lines(
            HistoryReport(
                runs: [Samples.run("refresh", .failed, detail: String(repeating: "it broke ", count: 30))],
                unreadable: []),
            showsApp: true)
        let timeline = TimelineText(terminal: terminal, zone: Samples.zone, time: Samples.time).lines(
            Timeline(
                apps: busy.apps, runs: [Samples.run("refresh", .succeeded)], now: Samples.now, past: .seconds(86_400),
                ahead: .seconds(86_400)))
        for line in list + history + timeline.dropLast() {
            #expect(VisibleText.width(line) <= width, "\(line)")
        }
        #expect(list.contains { $0.contains("…") } || width == 132)
    }

    @Test("colours are for terminals, NO_COLOR and dumb terminals have none, and --color decides first")
    func colours() {
        func has(_ choice: Invocation.ColorChoice, terminal: Bool, _ environment: [String: String]) -> Bool {
            Terminal(isTerminal: terminal, columns: 80, choice: choice, environment: environment).hasColours
        }
        #expect(has(.auto, terminal: true, [:]))
        #expect(!has(.auto, terminal: false, [:]))
        #expect(!has(.auto, terminal: true, ["NO_COLOR": "1"]))
        #expect(has(.auto, terminal: true, ["NO_COLOR": ""]))
        #expect(!has(.auto, terminal: true, ["TERM": "dumb"]))
        #expect(has(.always, terminal: false, ["NO_COLOR": "1"]))
        #expect(!has(.never, terminal: true, [:]))
        let colourful = ListText(terminal: Terminal(width: 80, hasColours: true), time: Samples.time).lines(busy)
        #expect(colourful.contains { $0.contains("\u{1b}[32mrunning") })
    }

    @Test("nothing from outside reaches the terminal as it is")
    func escaping() {
        #expect(VisibleText.escaped(Samples.nasty) == "ev\\u{1b}[31mil\\n\\u{202e}<b>&\"'\\u{7}")
        #expect(VisibleText.escaped("naïve 日本 e\u{301}") == "naïve 日本 e\u{301}")
        var app = busy.apps[0]
        app.app = Samples.nasty
        var broken = app
        broken.trouble = AppReport.Trouble(code: "x", message: Samples.nasty, remedy: Samples.nasty)
        var export = Samples.export(1)
        (export.title, export.subtitle) = (Samples.nasty, Samples.nasty)
        app.continued = [export]
        let report = ListReport(apps: [app, broken])
        let run = Samples.run(Samples.nasty, .failed, detail: Samples.nasty)
        let text = WatchText(terminal: .plain, time: Samples.time)
        let explanation = ExplanationReport(
            app: Samples.nasty,
            TaskExplanation(
                identifier: Samples.nasty, state: .waiting,
                reasons: [.init(what: Samples.nasty, observed: Samples.nasty, remedy: Samples.nasty)], history: [],
                scheduled: Samples.now, next: Samples.now, nextText: nil))
        let timeline = Timeline(
            apps: report.apps, runs: [run], now: Samples.now, past: .seconds(3600), ahead: .seconds(3600))
        let lines =
            ListText(terminal: .plain, time: Samples.time).lines(report)
            + HistoryText(terminal: .plain, time: Samples.time).lines(
                HistoryReport(runs: [run], unreadable: [broken]), showsApp: true)
            + text.picture(report, runs: [run], title: "watch", height: 100)
            + text.changes(from: ListReport(apps: []), to: report, runs: [run])
            + WhyText(terminal: .plain, time: Samples.time).lines(explanation)
            + ShowText(terminal: .plain, time: Samples.time).lines(
                ShowReport(task: app.tasks[4], continued: [export], explanation: explanation, app: broken))
            + TimelineText(terminal: .plain, zone: Samples.zone, time: Samples.time).lines(timeline)
            + DoctorText(terminal: .plain).lines(
                DoctorReport(findings: [
                    Finding("x", .problem, app: Samples.nasty, Samples.nasty, remedy: Samples.nasty)
                ]))
        #expect(lines.count > 30)
        for line in lines { #expect(isClean(line), "\(line.debugDescription)") }
    }

    @Test("wide letters take two columns, and what is cut ends with an ellipsis")
    func cutting() {
        #expect(VisibleText.width("日本 x") == 6)
        #expect(VisibleText.cut("日本語のタスク", to: 7) == "日本語…")
        #expect(VisibleText.cut("refresh", to: 7) == "refresh")
        #expect(VisibleText.cut("refresh", to: 4, ellipsis: "...") == "r...")
        #expect(VisibleText.cut("refresh", to: 0).isEmpty)
    }

    @Test("instants are near or far, today or another day, in the zone of the reader")
    func instants() throws {
        let warsaw = InstantText(now: Samples.now, zone: try #require(TimeZone(identifier: "Europe/Warsaw")))
        #expect(warsaw.clock(Samples.at(0)) == "15:00:00")
        #expect(Samples.time.clock(Samples.at(86_400)) == "Sun 14:00")
        #expect(Samples.time.clock(Samples.at(20 * 86_400)) == "11 Dec 14:00")
        #expect(Samples.time.clock(Samples.at(500 * 86_400)) == "4 Apr 2028")
        #expect(Samples.time.near(Samples.at(0)) == "now")
        #expect(Samples.time.near(Samples.at(-7200)) == "2 h ago (12:00:00)")
        #expect(Samples.time.whole(Samples.at(1)).hasPrefix("2026-11-21 14:00:01 "))
        #expect(InstantText.machine(Samples.now) == "2026-11-21T14:00:00.000Z")
        #expect(InstantText.machine(.distantFuture).hasPrefix("9999-12-31T"))
        #expect(InstantText.machine(.distantPast).hasPrefix("1970-01-01T"))
    }

    @Test("why names each reason with what was seen and what mends it")
    func why() {
        let reasons = [
            TaskExplanation.Reason(what: "a network", observed: "offline, says netlink", remedy: "connect the machine")
        ]
        let entry = HistoryEntry(
            identifier: "upload", outcome: .interrupted, reason: .networkLost, attempt: 1, processIdentifier: 1,
            started: Samples.at(-90), ended: Samples.at(-60))
        func lines(_ state: TaskExplanation.State, _ reasons: [TaskExplanation.Reason]) -> [String] {
            let explanation = TaskExplanation(
                identifier: "upload", state: state, reasons: reasons, history: [entry], scheduled: Samples.at(-30),
                next: Samples.at(900), nextText: nil)
            return WhyText(terminal: .plain, time: Samples.time).lines(ExplanationReport(app: "a", explanation))
        }
        let waiting = lines(.waiting, reasons)
        #expect(waiting[0] == "upload is due and waits.")
        #expect(waiting[1].hasSuffix("a network") && waiting[2].hasSuffix("offline, says netlink"))
        #expect(waiting[3].hasSuffix("→ connect the machine"))
        #expect(waiting[4].contains("it is looked at again in 15 min (14:15:00)"))
        #expect(waiting[5].contains("interrupted 1 min ago (13:59:00): the network was lost"))
        #expect(lines(.running(processIdentifier: 7), [])[0] == "upload is running in process 7.")
        #expect(lines(.waiting, [])[0].contains("nothing stands in its way"))
        #expect(lines(.notSubmitted, [])[0] == "upload is not submitted: nothing will run.")
    }

    @Test("every report is one JSON object that Foundation reads, with the keys that are documented")
    func json() throws {
        func object(_ report: some Encodable) throws -> [String: Any] {
            let data = Data(try JSONText.text(report).utf8)
            return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        }
        let list = try object(busy)
        let app = try #require((list["apps"] as? [[String: Any]])?.first)
        #expect(
            Set(app.keys) == [
                "app", "scope", "unitFile", "executable", "stateDirectory", "wakeup", "tasks", "continued", "sessions",
                "transfers",
            ])
        let tasks = try #require(app["tasks"] as? [[String: Any]])
        #expect(tasks.map { $0["state"] as? String } == ["scheduled", "running", "waiting", "due", "orphaned"])
        #expect(tasks[0]["next"] as? String == "2026-11-21T14:12:00.000Z")
        #expect(tasks[4]["id"] as? String == Samples.nasty)
        let history = try object(
            HistoryReport(runs: [Samples.run("refresh", .failed, detail: "it broke")], unreadable: []))
        let run = try #require((history["runs"] as? [[String: Any]])?.first)
        #expect(run["outcome"] as? String == "failed" && run["seconds"] as? Double == 5)
        #expect(try JSONText.text(busy, onOneLine: true).contains("\n") == false)
        let findings = try object(DoctorReport(findings: [Finding("unit", .problem, app: "a", "gone")]))
        #expect(findings["problems"] as? Int == 1)
    }

    @Test("a watch tells each change once, and what did not change not at all")
    func changes() {
        let text = WatchText(terminal: .plain, time: Samples.time)
        let before = ListReport(apps: [Samples.app([Samples.task("upload", .waiting, waitsFor: ["a network"])])])
        var later = before
        later.apps[0].tasks[0].next = Instant(Samples.at(900))
        #expect(text.changes(from: before, to: later, runs: []).isEmpty)
        let after = ListReport(apps: [Samples.app([Samples.task("upload", .running)], continued: [Samples.export(7)])])
        #expect(
            text.changes(from: later, to: after, runs: [Samples.run("index", .succeeded)]) == [
                "14:00:00  org.example.reader/index  succeeded, took 5.0 s",
                "14:00:00  org.example.reader/upload  running since 14:00:00",
                "14:00:00  org.example.reader/export  7 % photos",
            ])
        #expect(!WatchText.isMoving(before) && WatchText.isMoving(after))
        #expect(text.picture(after, runs: [Samples.run("index", .succeeded)], title: "", height: 5).count == 5)
    }

    @Test("a progress bar is as full as the work is, also without letters beyond ASCII")
    func bars() {
        let bar = ProgressBar(terminal: Terminal(width: 100, hasColours: false, hasUnicode: false))
        #expect(bar.line(Samples.export(50)).contains("############------------  50 %"))
        #expect(bar.line(Samples.export(5, of: 0)).contains("------------------------  in progress"))
        #expect(bar.line(Samples.export(100)).contains("########################  100 %"))
    }
}
