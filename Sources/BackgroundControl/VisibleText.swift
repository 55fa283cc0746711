// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Text from outside (identifiers, details, paths) as it may be shown: nothing in it moves the cursor, changes colours
/// or the direction of writing, or hides.
package enum VisibleText {
    /// Control and formatting characters become `\n`, `\t` or `\u{…}`; a lone backslash stays.
    package static func escaped(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isHidden) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n": shown += "\\n"
            case "\t": shown += "\\t"
            case "\r": shown += "\\r"
            case _ where isHidden(scalar): shown += "\\u{\(String(scalar.value, radix: 16))}"
            default: shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // Zero-width joiners and the marks of the direction of writing are of the category format.
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: true
        default: false
        }
    }

    /// How many columns of a terminal the text takes (as wcwidth(3) sees it, by the ranges that matter).
    package static func width(_ text: String) -> Int { text.reduce(0) { $0 + width($1) } }

    private static func width(_ character: Character) -> Int {
        guard let first = character.unicodeScalars.first else { return 0 }
        switch first.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0x33ff, 0x3400...0x4dbf, 0x4e00...0x9fff, 0xa000...0xa4cf,
            0xac00...0xd7a3, 0xf900...0xfaff, 0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
            0x1f680...0x1f6ff, 0x1f900...0x1f9ff, 0x20000...0x3fffd:
            return 2
        case 0x300...0x36f: return 0
        default: return 1
        }
    }

    /// At most so many columns, with an ellipsis where something was cut.
    package static func cut(_ text: String, to width: Int, ellipsis: String = "…") -> String {
        guard self.width(text) > width else { return text }
        guard width > self.width(ellipsis) else { return String(ellipsis.prefix(max(0, width))) }
        var kept = ""
        var used = self.width(ellipsis)
        for character in text {
            used += self.width(character)
            if used > width { break }
            kept.append(character)
        }
        return kept + ellipsis
    }

    /// Filled up with blanks.
    package static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - self.width(text)))
    }
}
