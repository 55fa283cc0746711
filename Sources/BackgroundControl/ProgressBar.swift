// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How far a continued task or a transfer is.
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

    /// "↑ movie  ████████░░░░  42 % of 3.2 MB".
    package func line(_ transfer: TransferReport) -> String {
        let arrows = terminal.hasUnicode ? (up: "↑ ", down: "↓ ") : (up: "up ", down: "down ")
        let title = VisibleText.escaped(
            (transfer.kind == "upload" ? arrows.up : arrows.down) + transfer.session + "/" + transfer.id)
        let bytes = TransferWords.bytes(transfer)
        let room = terminal.width.map { max(4, $0 - length - VisibleText.width(bytes) - 6) }
        let shown = room.map { VisibleText.cut(title, to: $0, ellipsis: terminal.ellipsis) } ?? title
        return terminal.styled(shown, .bold) + "  " + bar(transfer.fraction) + "  " + bytes
    }

    /// A bar without colours, for a column; blank when nobody knows.
    package func short(_ fraction: Double?) -> String {
        guard let fraction else { return "" }
        let length = max(8, length / 2)
        let filled = Int(fraction * Double(length))
        let (full, empty) = terminal.hasUnicode ? ("█", "░") : ("#", "-")
        return String(repeating: full, count: filled) + String(repeating: empty, count: length - filled)
    }

    func bar(_ fraction: Double?) -> String {
        let filled = Int((fraction ?? 0) * Double(length))
        let (full, empty) = terminal.hasUnicode ? ("█", "░") : ("#", "-")
        return terminal.styled(String(repeating: full, count: filled), .good)
            + terminal.styled(String(repeating: empty, count: length - filled), .dim)
    }
}
