// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Rows in columns that fit the terminal.
package struct Columns: Hashable, Sendable {
    /// One field.
    package struct Cell: Hashable, Sendable {
        package var text: String
        package var style: TextStyle

        /// The text is made visible here, so that no renderer can forget it.
        package init(_ text: String, _ style: TextStyle = .plain) {
            self.text = VisibleText.escaped(text)
            self.style = style
        }
    }

    private let titles: [String]
    private let indent: Int
    private var rows: [[Cell]] = []

    package init(_ titles: [String], indent: Int = 0) {
        self.titles = titles
        self.indent = indent
    }

    package var isEmpty: Bool { rows.isEmpty }

    package mutating func add(_ cells: Cell...) { rows.append(cells) }

    /// Lines, with the titles first. What is too wide is taken from the widest columns.
    package func lines(_ terminal: Terminal) -> [String] {
        let widths = fitted(terminal)
        let margin = String(repeating: " ", count: indent)
        func line(_ cells: [Cell]) -> String {
            var line = margin
            for (index, cell) in cells.enumerated() {
                let text = VisibleText.cut(cell.text, to: widths[index], ellipsis: terminal.ellipsis)
                let isLast = index == cells.count - 1
                line += terminal.styled(text, cell.style)
                if !isLast {
                    line += String(repeating: " ", count: widths[index] - VisibleText.width(text) + Columns.gap)
                }
            }
            while line.hasSuffix(" ") { line.removeLast() }
            return line
        }
        let head = titles.allSatisfy(\.isEmpty) ? [] : [line(titles.map { Cell($0, .dim) })]
        return head + rows.map(line)
    }

    private static let gap = 2
    private static let narrowest = [8, 4]

    private func fitted(_ terminal: Terminal) -> [Int] {
        var widths = titles.indices.map { index in
            max(VisibleText.width(titles[index]), rows.map { VisibleText.width($0[index].text) }.max() ?? 0)
        }
        guard let width = terminal.width else { return widths }
        let room = width - indent - Columns.gap * max(0, titles.count - 1)
        // The widest column gives first, down to what can still be read; on a very narrow terminal to less.
        for narrowest in Columns.narrowest {
            while let widest = widths.max(), widest > narrowest, let index = widths.lastIndex(of: widest) {
                let excess = widths.reduce(0, +) - room
                if excess <= 0 { break }
                let next = widths.filter { $0 < widest }.max() ?? narrowest
                widths[index] = max(narrowest, min(widest - 1, max(next, widest - excess)))
            }
        }
        return widths
    }
}
