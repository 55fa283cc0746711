// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

/// Why a task has not run, for people.
package struct WhyText: Sendable {
    private let terminal: Terminal
    private let time: InstantText

    package init(terminal: Terminal, time: InstantText) {
        self.terminal = terminal
        self.time = time
    }

    package func lines(_ report: ExplanationReport) -> [String] {
        let name = terminal.styled(VisibleText.escaped(report.id), .bold)
        let arrow = terminal.hasUnicode ? "→ " : "-> "
        var lines = [name + " " + state(report)]
        var fields = Fields(terminal: terminal)
        fields.add(
            "It waits for",
            report.reasons.flatMap {
                [.init($0.what, .warning), .init($0.observed, .dim), .init(arrow + $0.remedy)] as [Columns.Cell]
            })
        fields.add("Recurs", report.schedule)
        fields.add("Next", next(report, now: time.now))
        if let last = report.runs.first {
            let detail = last.reason ?? (last.detail.isEmpty ? nil : last.detail)
            fields.add(
                "Last", [.init(TaskWords(time: time).ended(last) + (detail.map { ": " + $0 } ?? ""), last.style)])
        }
        lines += fields.lines
        return lines
    }

    private func state(_ report: ExplanationReport) -> String {
        switch report.state {
        case "running": return "is running" + (report.pid.map { " in process \($0)." } ?? ".")
        case "scheduled":
            return "is scheduled" + (report.scheduled.map { " for " + time.whole($0.wall) } ?? "") + "."
        case "waiting":
            guard report.reasons.isEmpty else { return "is due and waits." }
            return "is due" + (report.scheduled.map { " since " + time.clock($0.wall) } ?? "")
                + "; nothing stands in its way."
        default: return "is not submitted: nothing will run."
        }
    }

    private func next(_ report: ExplanationReport, now: WallTime) -> String? {
        guard let next = report.next else { return nil }
        let near = time.near(next.wall)
        if report.state != "waiting" { return "not before that: " + near }
        if !report.reasons.isEmpty {
            return "it is looked at again \(near), or as soon as a live process of the app sees a change"
        }
        return next.wall > now
            ? "it runs with the next launch, \(near) at the latest" : "it runs with the next launch"
    }
}
