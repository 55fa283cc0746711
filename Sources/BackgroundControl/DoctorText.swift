// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What `doctor` found, for people.
package struct DoctorText: Sendable {
    private let terminal: Terminal

    package init(terminal: Terminal) { self.terminal = terminal }

    package func lines(_ report: DoctorReport) -> [String] {
        var lines: [String] = []
        let width = terminal.width ?? .max
        for finding in report.findings {
            let (mark, style) = mark(finding.weight)
            let subject = finding.app.map { VisibleText.escaped($0) + ": " } ?? ""
            let text = wrapped(subject + VisibleText.escaped(finding.message), to: width - 2)
            for (index, line) in text.enumerated() {
                lines.append(index == 0 ? terminal.styled(mark, style) + " " + line : "  " + line)
            }
            if let remedy = finding.remedy, finding.weight != .fine {
                let arrow = terminal.hasUnicode ? "→ " : "-> "
                // Not wrapped: a command is copied as it is.
                lines.append("  " + terminal.styled(arrow + VisibleText.escaped(remedy), .accent))
            }
        }
        lines.append("")
        lines.append(summary(report))
        return lines
    }

    private func summary(_ report: DoctorReport) -> String {
        func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)" + (number == 1 ? "" : "s") }
        if report.problems > 0 {
            let also = report.warnings > 0 ? ", " + count(report.warnings, "warning") : ""
            return terminal.styled(count(report.problems, "problem") + also + ".", .bad)
        }
        if report.warnings > 0 {
            return terminal.styled("No problem, " + count(report.warnings, "warning") + ".", .warning)
        }
        return terminal.styled("All is well.", .good)
    }

    private func mark(_ weight: Finding.Weight) -> (String, TextStyle) {
        switch weight {
        case .fine: (terminal.hasUnicode ? "✓" : "+", .good)
        case .warning: ("!", .warning)
        case .problem: (terminal.hasUnicode ? "✗" : "x", .bad)
        }
    }

    private func wrapped(_ text: String, to width: Int) -> [String] {
        guard VisibleText.width(text) > width else { return [text] }
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, VisibleText.width(line) + 1 + VisibleText.width(String(word)) > width {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        return lines + [line]
    }
}
