// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Names with their values, one below the other.
struct Fields {
    private let terminal: Terminal
    private var rows: [(name: String, values: [Columns.Cell])] = []

    init(terminal: Terminal) { self.terminal = terminal }

    mutating func add(_ name: String, _ values: [Columns.Cell]) {
        if !values.isEmpty { rows.append((name, values)) }
    }

    mutating func add(_ name: String, _ value: String?) {
        if let value { rows.append((name, [.init(value)])) }
    }

    var lines: [String] {
        let width = rows.map { VisibleText.width($0.name) }.max() ?? 0
        let blank = String(repeating: " ", count: width)
        return rows.flatMap { row in
            row.values.enumerated().map { index, value in
                let name = index == 0 ? VisibleText.padded(row.name, to: width) : blank
                return "  " + terminal.styled(name, .dim) + "  " + terminal.styled(value.text, value.style)
            }
        }
    }
}
