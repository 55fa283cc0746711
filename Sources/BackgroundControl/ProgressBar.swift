// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How far a continued task is.
package struct ProgressBar: Sendable {
    private let terminal: Terminal
    private var length: Int { min(24, terminal.width.map { $0 / 4 } ?? 24) }

    package init(terminal: Terminal) { self.terminal = terminal }

    /// "Exporting  ████████░░░░  42 %  photos".
    package func line(_ task: ContinuedReport) -> String {
        let title = VisibleText.escaped(task.title.isEmpty ? task.id : task.title)
        let subtitle = task.subtitle.isEmpty ? "" : "  " + VisibleText.escaped(task.subtitle)
        let percent = task.fraction.map { "\(Int($0 * 100)) %" } ?? "in progress"
        let fixed = length + VisibleText.width(percent) + 6
        let room = terminal.width.map { max(4, $0 - fixed) }
        let shownTitle = room.map { VisibleText.cut(title, to: $0, ellipsis: terminal.ellipsis) } ?? title
        let left = room.map { max(0, $0 - VisibleText.width(shownTitle)) }
        let shownSubtitle = left.map { VisibleText.cut(subtitle, to: $0, ellipsis: terminal.ellipsis) } ?? subtitle
        return terminal.styled(shownTitle, .bold) + "  " + bar(task.fraction) + "  " + percent + shownSubtitle
    }

    func bar(_ fraction: Double?) -> String {
        let filled = Int((fraction ?? 0) * Double(length))
        let (full, empty) = terminal.hasUnicode ? ("█", "░") : ("#", "-")
        return terminal.styled(String(repeating: full, count: filled), .good)
            + terminal.styled(String(repeating: empty, count: length - filled), .dim)
    }
}
