// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How text is written in a unit file (systemd.syntax(7), "Quoting"; systemd.unit(5), "Specifiers").
enum UnitText {
    /// One word of a command line or an assignment: as it is if it is plain, else in double quotes with C escapes;
    /// `%` is doubled, because specifiers are expanded in every word, quoted or not.
    static func word(_ text: String, always: Bool = false) -> String {
        guard always || text.isEmpty || !text.utf8.allSatisfy(isPlain) else { return text }
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\" + String(scalar)
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case "%": quoted += "%%"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// A directory for a setting that takes the rest of its line unquoted. A slash at the end guards a last space or
    /// backslash, which would be cut off or continue the line.
    static func path(_ path: String) -> String {
        let text = doubled("%", in: path)
        guard let last = text.unicodeScalars.last, last.properties.isWhitespace || last == "\\" else { return text }
        return text + "/"
    }

    static func doubled(_ special: Unicode.Scalar, in text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            result.append(scalar)
            if scalar == special { result.append(scalar) }
        }
        return String(result)
    }

    static func undoubled(_ special: Character, in text: String) -> String {
        text.replacing("\(special)\(special)", with: "\(special)")
    }

    /// The words of a line that `word` wrote; nil if a quote is not closed or an escape is none of its own.
    static func words(_ line: String) -> [String]? {
        var words: [String] = []
        var rest = line.unicodeScalars[...]
        while let first = rest.first {
            if first == " " {
                rest.removeFirst()
            } else if first == "\"" {
                rest.removeFirst()
                guard let word = quoted(&rest) else { return nil }
                words.append(undoubled("%", in: word))
            } else {
                let word = rest.prefix { $0 != " " }
                words.append(undoubled("%", in: String(word)))
                rest = rest[word.endIndex...]
            }
        }
        return words
    }

    /// What stands before the closing quote.
    private static func quoted(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var word = String.UnicodeScalarView()
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"": return String(word)
            case "\\":
                switch rest.popFirst() {
                case "n": word.append("\n")
                case "t": word.append("\t")
                case "x":
                    guard let high = rest.popFirst(), let low = rest.popFirst(),
                        let value = UInt8(String(high) + String(low), radix: 16)
                    else { return nil }
                    word.append(Unicode.Scalar(value))
                case "\""?: word.append("\"")
                case "\\"?: word.append("\\")
                default: return nil
                }
            default: word.append(scalar)
            }
        }
        return nil
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "="), UInt8(ascii: ","), UInt8(ascii: ":"):
            true
        default: false
        }
    }
}
