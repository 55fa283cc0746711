// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Rows of history, for people.
package struct HistoryText: Sendable {
    private let terminal: Terminal
    private let time: InstantText

    package init(terminal: Terminal, time: InstantText) {
        self.terminal = terminal
        self.time = time
    }

    /// `showsApp`: several apps may be among the rows.
    package func lines(_ report: HistoryReport, showsApp: Bool) -> [String] {
        var columns = Columns(["ENDED", "TASK", "OUTCOME", "TOOK", "TRY", "LATE", "DETAIL"])
        for run in report.runs {
            columns.add(
                .init(time.clock(run.ended.wall)),
                .init((showsApp ? run.app + "/" : "") + (run.id ?? "(a launch)")), .init(run.outcome, run.style),
                .init(run.duration.map(DurationText.text) ?? ""), .init(run.attempt > 0 ? "\(run.attempt)" : ""),
                .init(late(run)),
                .init([run.reason, run.detail].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")))
        }
        var lines = columns.isEmpty ? ["Nothing has run yet."] : columns.lines(terminal)
        for app in report.unreadable {
            guard let trouble = app.trouble else { continue }
            lines.append(
                VisibleText.escaped(app.app) + " " + terminal.styled("cannot be read: ", .bad)
                    + VisibleText.escaped(trouble.message) + "; " + VisibleText.escaped(trouble.remedy))
        }
        return lines
    }

    /// How much after its instant it began, from a second on.
    private func late(_ run: RunReport) -> String {
        guard let scheduled = run.scheduled, let started = run.started else { return "" }
        let late = scheduled.wall.distance(to: started.wall)
        return late < .seconds(1) ? "" : DurationText.rough(late)
    }
}
