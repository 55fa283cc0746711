// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import Foundation
import SchedulingCore
import Testing

@Suite("What is written about the tool is true")
struct ManualTests {
    private static func text(_ path: String) throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "Documentation/" + path), encoding: .utf8)
    }

    @Test("the manual page has every command and every option, and no other option")
    func manual() throws {
        let page = try Self.text("man/backgroundctl.1").replacing("\\-", with: "-")
        for command in Command.allCases {
            let heads = [".B", ".BI", ".BR"].map { "\n\($0) \(command.rawValue)" }
            #expect(heads.contains(where: page.contains), "\(command)")
        }
        for option in CommandOption.allCases { #expect(page.contains(option.name), "\(option)") }
        for match in page.matches(of: #/--([a-z]+)/#) {
            #expect(CommandOption(rawValue: String(match.output.1)) != nil, "--\(match.output.1)")
        }
    }

    @Test("help explains every command and option in lines that fit")
    func help() {
        for command in [nil] + Command.allCases.map(Optional.some) {
            let lines = HelpText.lines(command)
            #expect(lines.allSatisfy { $0.count <= 100 })
            for option in command?.options ?? [] { #expect(lines.contains { $0.contains(option.name) }) }
        }
        #expect(
            Command.allCases.allSatisfy { command in HelpText.lines(nil).contains { $0.contains(command.summary) } })
    }

    @Test("every key of every object is documented")
    func keys() throws {
        let page = try Self.text("Backgroundctl.md")
        var task = Samples.task("refresh", .waiting, waitsFor: ["a network"])
        (task.follows, task.schedule, task.tags, task.submitted) = ("index", "every 1 h", ["a"], Instant(Samples.now))
        (task.pid, task.started, task.coming) = (1, Instant(Samples.now), [Instant(Samples.now)])
        task.last = Samples.run("refresh", .expired, detail: "x", reason: .budget)
        var app = Samples.app([task], continued: [Samples.export(1)])
        app.trouble = AppReport.Trouble(code: "x", message: "y", remedy: "z")
        task.session = "uploads"
        var transfer = Samples.transfer("movie", .waiting, 1, of: 2, waitsFor: .retry, until: 5)
        (transfer.asked, transfer.outcome, transfer.begun) = ("pause", "failed", Instant(Samples.now))
        (transfer.host, transfer.description, transfer.pid) = ("example.org:443", "a movie", 1)
        var session = Samples.session(running: 1)
        session.next = Instant(Samples.now)
        (app.transfers, app.sessions) = ([transfer], [session])
        let explanation = ExplanationReport(
            app: "a",
            TaskExplanation(
                identifier: "refresh", state: .running(processIdentifier: 1),
                reasons: [.init(what: "a", observed: "b", remedy: "c")], history: [], scheduled: Samples.now,
                next: Samples.now, nextText: nil))
        let timeline = Timeline(
            apps: [app], runs: [], now: Samples.now, past: .seconds(60), ahead: .seconds(60))
        let reports: [any Encodable] = [
            ListReport(apps: [app]), HistoryReport(runs: [], unreadable: []),
            ShowReport(task: task, continued: [], explanation: explanation, app: app), TimelineReport(timeline),
            DoctorReport(findings: [Finding("x", .problem, app: "a", "b", remedy: "c")]),
            TransfersReport(transfers: [transfer], sessions: [session], unreadable: []), Samples.detail(transfer),
            OrdersReport(orders: [OrderReport(app: "a", id: "b", done: "c")]),
            UninstallReport(uninstalled: [OrderReport(app: "a", id: "b", done: "c")]),
        ]
        var keys: Set<String> = []
        func collect(_ value: Any) {
            if let object = value as? [String: Any] {
                keys.formUnion(object.keys)
                object.values.forEach(collect)
            }
            (value as? [Any])?.forEach(collect)
        }
        for report in reports { collect(try JSONSerialization.jsonObject(with: Data(try JSONText.text(report).utf8))) }
        #expect(keys.count > 90)
        for key in keys.sorted() { #expect(page.contains("`\(key)`"), "\(key)") }
    }

    @Test("every check of the doctor is documented")
    func checks() throws {
        let page = try Self.text("Backgroundctl.md")
        let host = HostExamination(
            isSystemWide: false, uid: 1, userName: nil, managerName: "m", manager: .yes, lingering: .yes, bus: .yes,
            inhibitors: .yes, clock: .yes, installedApps: 0, apps: 0)
        for check in host.findings.map(\.check) + DoctorTests.cases.map(\.check) {
            #expect(page.contains("`\(check)`"))
        }
    }
}
