// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Where text goes: how wide it is, and what it can show.
package struct Terminal: Hashable, Sendable {
    /// Columns; nil: no terminal, so that nothing is cut.
    package var width: Int?
    package var hasColours: Bool
    /// Whether characters beyond ASCII can be shown.
    package var hasUnicode: Bool

    package init(width: Int?, hasColours: Bool, hasUnicode: Bool = true) {
        self.width = width
        self.hasColours = hasColours
        self.hasUnicode = hasUnicode
    }

    /// What follows from the surroundings. `NO_COLOR` (no-color.org) and `TERM=dumb` turn colours off, unless they are
    /// asked for by name.
    package init(isTerminal: Bool, columns: Int?, choice: Invocation.ColorChoice, environment: [String: String]) {
        let named = environment["COLUMNS"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        width = isTerminal ? max(40, columns ?? named ?? 80) : nil
        hasColours =
            switch choice {
            case .always: true
            case .never: false
            case .auto:
                isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
            }
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let encoding = locale.lowercased()
        hasUnicode = encoding.contains("utf-8") || encoding.contains("utf8")
    }

    /// One that takes everything, in plain letters.
    package static let plain = Terminal(width: nil, hasColours: false)

    /// Text in a style.
    package func styled(_ text: String, _ style: TextStyle) -> String {
        guard hasColours, let code = style.code, !text.isEmpty else { return text }
        return "\u{1b}[\(code)m" + text + "\u{1b}[0m"
    }

    package var ellipsis: String { hasUnicode ? "…" : "..." }
}

/// How a piece of text looks.
package enum TextStyle: Hashable, Sendable {
    case plain, bold, dim, good, bad, warning, accent

    /// Of the sixteen colours that every terminal's owner has chosen (console_codes(4), "ECMA-48 Select Graphic Rendition").
    var code: String? {
        switch self {
        case .plain: nil
        case .bold: "1"
        case .dim: "2"
        case .good: "32"
        case .bad: "31"
        case .warning: "33"
        case .accent: "36"
        }
    }
}
