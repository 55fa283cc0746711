// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// One task with everything that is known of it, for people.
package struct ShowText: Sendable {
    private let terminal: Terminal
    private let time: InstantText

    package init(terminal: Terminal, time: InstantText) {
        self.terminal = terminal
        self.time = time
    }

    package func lines(_ report: ShowReport) -> [String] {
        let task = report.task
        let state = TaskWords(time: time).state(task)
        let arrow = terminal.hasUnicode ? "→ " : "-> "
        var fields = Fields(terminal: terminal)
        fields.add("State", [.init(state.text, state.style)])
        fields.add(
            "Waits for",
            report.explanation.reasons.flatMap {
                [.init($0.what + ": " + $0.observed, .warning), .init(arrow + $0.remedy)] as [Columns.Cell]
            })
        fields.add("Kind", task.session == nil ? task.kind : "starts the app for the transfers of a session")
        if let session = task.session {
            let counts = report.app.sessions.first { $0.session == session }.map(TransferWords.counts)
            fields.add(
                "Session",
                [.init(session + (counts.map { ": " + $0 } ?? ": no transfers"))]
                    + [.init(arrow + "backgroundctl transfers " + task.app + "/" + session, .dim)])
        }
        fields.add("Asked for", task.scheduled.map { time.whole($0.wall) })
        if task.state != .running { fields.add("Next", task.next.map { time.near($0.wall) }) }
        fields.add("Then", task.coming.map { .init(time.whole($0.wall)) })
        fields.add("Recurs", task.schedule)
        fields.add("Follows", task.follows)
        fields.add("Requires", task.requires.isEmpty ? nil : task.requires.joined(separator: ", "))
        fields.add("Attempts", task.attempts == 0 ? nil : "\(task.attempts) used up")
        fields.add("Tags", task.tags.isEmpty ? nil : task.tags.joined(separator: ", "))
        fields.add("Submitted", task.submitted.map { time.near($0.wall) })
        fields.add("Process", task.pid.map { "\($0)" })
        fields.add("Last runs", report.explanation.runs.prefix(5).map { run(run: $0) })
        fields.add("App", report.app.app + " (" + report.app.scope + ")")
        fields.add("Program", report.app.executable)
        fields.add("Unit file", report.app.unitFile)
        fields.add("State in", report.app.stateDirectory)
        fields.add("Wake-up", report.app.wakeup.map { $0.timer + ", " + time.near($0.at.wall) })
        return [terminal.styled(VisibleText.escaped(task.id), .bold)] + fields.lines
            + report.continued.map { "  " + ProgressBar(terminal: terminal).line($0) }
    }

    private func run(run: RunReport) -> Columns.Cell {
        let took = run.duration.map { ", took " + DurationText.text($0) } ?? ""
        let reason = run.reason.map { ": " + $0 } ?? (run.detail.isEmpty ? "" : ": " + run.detail)
        return .init(TaskWords(time: time).ended(run) + took + reason, run.style)
    }
}
