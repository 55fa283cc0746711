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
            !app.continued.isEmpty || app.transfers.contains(where: \.isMoving)
                || app.tasks.contains { $0.state == .running }
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
        return lines + transferChanges(from: old, to: new)
    }

    /// A line when a transfer begins to move, with every tenth of it, and when it stops moving.
    private func transferChanges(from old: ListReport, to new: ListReport) -> [String] {
        let before = Dictionary(
            old.apps.flatMap(\.transfers).map { ($0.reference, $0) }, uniquingKeysWith: { $1 })
        let now = new.apps.flatMap(\.transfers)
        var lines: [String] = []
        for transfer in now.sorted(by: { $0.reference.name < $1.reference.name }) {
            let was = before[transfer.reference]
            if was == transfer || (was == nil && !transfer.isMoving) { continue }
            let isStep = WatchText.tenth(was) != WatchText.tenth(transfer)
            guard was?.state != transfer.state || was?.asked != transfer.asked || isStep else { continue }
            let state = TransferWords(time: time).state(transfer)
            let bytes = TransferWords.bytes(transfer)
            lines.append(
                line(
                    transfer.app, transfer.session + "/" + transfer.id,
                    state.text + (bytes.isEmpty ? "" : ", " + bytes), state.style))
        }
        let there = Set(now.map(\.reference))
        let readable = Set(new.apps.map(\.app))
        for (reference, was) in before.sorted(by: { $0.key.name < $1.key.name })
        where was.isMoving && !there.contains(reference) && readable.contains(reference.app) {
            lines.append(
                line(reference.app, reference.session + "/" + reference.id, "done, and taken by the app", .dim))
        }
        return lines
    }

    private static func tenth(_ transfer: TransferReport?) -> Int? { transfer?.fraction.map { Int($0 * 10) } }

    private func line(_ app: String, _ id: String, _ what: String, _ style: TextStyle) -> String {
        time.present + "  " + VisibleText.escaped(app + "/" + id) + "  "
            + terminal.styled(VisibleText.escaped(what), style)
    }

    private static func tasks(_ report: ListReport) -> [TaskReference: TaskReport] {
        Dictionary(
            report.apps.flatMap(\.tasks).map { (TaskReference(app: $0.app, id: $0.id), $0) }, uniquingKeysWith: { $1 })
    }
}
