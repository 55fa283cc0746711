// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// One picture of what happens now, and the lines that tell what changed between two.
package struct WatchText: Sendable {
    private let terminal: Terminal
    private let time: InstantText

    package init(terminal: Terminal, time: InstantText) {
        self.terminal = terminal
        self.time = time
    }

    /// At most `height` lines.
    package func picture(_ report: ListReport, runs: [RunReport], title: String, height: Int) -> [String] {
        var lines = [terminal.styled(title, .dim), ""]
        lines += ListText(terminal: terminal, time: time).lines(report)
        let rest = height - lines.count - 3
        if rest >= 2, !runs.isEmpty {
            lines += ["", terminal.styled("What ended last", .bold)]
            let history = HistoryReport(runs: Array(runs.prefix(min(10, rest))), unreadable: [])
            lines += HistoryText(terminal: terminal, time: time).lines(history, showsApp: report.apps.count > 1)
        }
        guard lines.count > height, height > 1 else { return lines }
        return lines.prefix(height - 1) + [terminal.styled("\(lines.count - height + 1) more lines", .dim)]
    }

    /// Whether the picture changes by itself, because something runs.
    package static func isMoving(_ report: ListReport) -> Bool {
        report.apps.contains { app in
            !app.continued.isEmpty || app.tasks.contains { $0.state == .running }
        }
    }

    /// A line for each thing that is different, in the order in which things happen: ends, cancellations, new work, starts.
    package func changes(
        from old: ListReport, to new: ListReport, runs: [RunReport]
    ) -> [String] {
        var lines = runs.reversed().map { run in
            let took = run.duration.map { ", took " + DurationText.text($0) } ?? ""
            let more = [run.reason, run.detail].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
            return line(
                run.app, run.id ?? "(a launch)", run.outcome + took + (more.isEmpty ? "" : ": " + more), run.style)
        }
        let before = WatchText.tasks(old)
        for (reference, task) in WatchText.tasks(new).sorted(by: { $0.key.name < $1.key.name }) {
            let state = TaskWords(time: time).state(task)
            let next = task.state == .scheduled ? task.next.map { ", " + time.near($0.wall) } ?? "" : ""
            // When a waiting task is looked at again is no news.
            if let was = before[reference], was.state == task.state, was.waitsFor == task.waitsFor,
                task.state != .scheduled || was.next == task.next
            {
                continue
            }
            lines.append(line(task.app, task.id, state.text + next, state.style))
        }
        let progress = Dictionary(
            old.apps.flatMap(\.continued).map { (TaskReference(app: $0.app, id: $0.id), $0) }, uniquingKeysWith: { $1 })
        for task in new.apps.flatMap(\.continued) where progress[TaskReference(app: task.app, id: task.id)] != task {
            let percent = task.fraction.map { "\(Int($0 * 100)) %" } ?? "in progress"
            lines.append(line(task.app, task.id, percent + (task.subtitle.isEmpty ? "" : " " + task.subtitle), .plain))
        }
        return lines
    }

    private func line(_ app: String, _ id: String, _ what: String, _ style: TextStyle) -> String {
        time.present + "  " + VisibleText.escaped(app + "/" + id) + "  "
            + terminal.styled(VisibleText.escaped(what), style)
    }

    private static func tasks(_ report: ListReport) -> [TaskReference: TaskReport] {
        Dictionary(
            report.apps.flatMap(\.tasks).map { (TaskReference(app: $0.app, id: $0.id), $0) }, uniquingKeysWith: { $1 })
    }
}
