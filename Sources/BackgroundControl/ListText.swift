// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The list of apps and their tasks, for people.
package struct ListText: Sendable {
    private let terminal: Terminal
    private let time: InstantText
    /// More rows of one app are counted only.
    private static let mostRows = 200
    private static let mostTransfers = 20

    package init(terminal: Terminal, time: InstantText) {
        self.terminal = terminal
        self.time = time
    }

    package func lines(_ report: ListReport) -> [String] {
        guard !report.apps.isEmpty else { return [ListText.nothing] }
        var lines: [String] = []
        for app in report.apps {
            if !lines.isEmpty { lines.append("") }
            lines += self.lines(app)
        }
        return lines
    }

    /// Where no app is to be found.
    package static let nothing =
        "No app of this user has background tasks here. An app appears when it has submitted its first request."

    private func lines(_ app: AppReport) -> [String] {
        var lines = [head(app)]
        if let trouble = app.trouble {
            lines.append("  " + terminal.styled("cannot be read: ", .bad) + VisibleText.escaped(trouble.message))
            lines.append("  " + VisibleText.escaped(trouble.remedy))
            return lines
        }
        var columns = Columns(["TASK", "STATE", "NEXT", "LAST"], indent: 2)
        for task in app.tasks.prefix(ListText.mostRows) {
            let state = TaskWords(time: time).state(task, in: app)
            let last = task.last.map { TaskWords(time: time).ended($0) } ?? ""
            columns.add(
                .init(task.session.map { "transfers of " + $0 } ?? task.id), .init(state.text, state.style),
                .init(task.state == .running ? "" : task.next.map { time.near($0.wall) } ?? ""),
                .init(last, task.last?.style == .bad ? .bad : .plain))
        }
        if !columns.isEmpty { lines += columns.lines(terminal) }
        if app.tasks.count > ListText.mostRows {
            lines.append("  and \(app.tasks.count - ListText.mostRows) more; --json shows them all")
        }
        let bar = ProgressBar(terminal: narrower)
        for task in app.continued { lines.append("  " + bar.line(task)) }
        let moving = app.transfers.filter(\.isMoving)
        for transfer in moving.prefix(ListText.mostTransfers) { lines.append("  " + bar.line(transfer)) }
        if moving.count > ListText.mostTransfers {
            lines.append(
                "  and \(moving.count - ListText.mostTransfers) more move; `backgroundctl transfers` shows them all")
        }
        // Nobody is woken for these: they were paused, or the app's own process moves them.
        let tasks = Set(app.tasks.compactMap(\.session))
        for session in app.sessions where !tasks.contains(session.session) {
            let line = "transfers of " + session.session + ": " + TransferWords.counts(session)
            lines.append("  " + fitted(VisibleText.escaped(line)))
        }
        return lines
    }

    /// For lines that stand two columns in.
    private var narrower: Terminal {
        var narrower = terminal
        narrower.width = terminal.width.map { $0 - 2 }
        return narrower
    }

    private func fitted(_ line: String) -> String {
        narrower.width.map { VisibleText.cut(line, to: $0, ellipsis: terminal.ellipsis) } ?? line
    }

    private func head(_ app: AppReport) -> String {
        var name = VisibleText.escaped(app.app)
        var wakeup = wakeup(app)
        if let width = terminal.width {
            name = VisibleText.cut(name, to: width, ellipsis: terminal.ellipsis)
            wakeup = VisibleText.cut(
                wakeup, to: max(0, width - VisibleText.width(name) - 2), ellipsis: terminal.ellipsis)
        }
        return terminal.styled(name, .bold) + (wakeup.isEmpty ? "" : "  " + terminal.styled(wakeup, .dim))
    }

    private func wakeup(_ app: AppReport) -> String {
        guard app.trouble == nil else { return app.scope }
        if app.tasks.isEmpty { return app.continued.isEmpty ? "nothing is pending" : "runs what a person asked for" }
        guard let wakeup = app.wakeup else {
            return app.unitFile == nil ? "runs while a process of it lives" : "no wake-up is armed"
        }
        switch wakeup.isArmed {
        case true?: return "wakes up " + time.near(wakeup.at.wall)
        case false?: return "wake-up lost: see backgroundctl doctor"
        case nil: return "wakes up " + time.near(wakeup.at.wall) + ", if its manager runs"
        }
    }
}
