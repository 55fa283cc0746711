// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

/// Names of the app's units, escaped as systemd does it (systemd.unit(5), "String Escaping for Inclusion in Unit Names").
package enum UnitName {
    /// The longest escaped app id: a unit's name has at most 255 bytes (systemd.unit(5)), and ours add a prefix, an
    /// instance of `instanceLength` and a suffix to it.
    package static let longestEscaped = 255 - prefix.utf8.count - 1 - instanceLength - ".service".utf8.count
    /// Eight digits of the boot id, a dash, sixteen random ones.
    package static let instanceLength = 8 + 1 + 16
    static let prefix = "app-background-"

    /// As `systemd-escape` prints it: `/` becomes `-`, and all that is not a digit, an ASCII letter, `:`, `_` or `.`
    /// becomes `\xNN`, and so does a leading dot. Nil for an empty text.
    package static func escape(_ text: String) -> String? {
        guard !text.isEmpty else { return nil }
        var escaped = ""
        for (index, byte) in text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "/"): escaped += "-"
            case UInt8(ascii: ".") where index == 0: escaped += hex(byte)
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: ":"), UInt8(ascii: "_"), UInt8(ascii: "."):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default: escaped += hex(byte)
            }
        }
        return escaped
    }

    /// What was escaped; nil if the text is no escaped name, or not UTF-8.
    package static func unescape(_ escaped: String) -> String? {
        var bytes: [UInt8] = []
        var rest = escaped.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "-"): bytes.append(UInt8(ascii: "/"))
            case UInt8(ascii: "\\"):
                guard rest.popFirst() == UInt8(ascii: "x"), let high = rest.popFirst(), let low = rest.popFirst(),
                    let value = UInt8(String(decoding: [high, low], as: UTF8.self), radix: 16), value != 0
                else { return nil }
                bytes.append(value)
            default: bytes.append(byte)
            }
        }
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }

    /// Throws `.invalidArgument` for an app id that cannot name units, files and a state directory.
    package static func validate(appIdentifier: String) throws(SchedulingFailure) {
        guard let cause = reasonAgainst(appIdentifier) else { return }
        throw SchedulingFailure(
            .invalidArgument, doing: "use the app id", subject: String(appIdentifier.prefix(100)), cause: cause,
            remedy: "Choose an id such as \"org.example.reader\": letters, digits, dots and dashes.")
    }

    /// `app-background-<id>@.service`, the template.
    package static func template(appIdentifier: String) -> String { base(appIdentifier) + "@.service" }

    package static func service(appIdentifier: String, instance: String) -> String {
        base(appIdentifier) + "@" + instance + ".service"
    }

    package static func timer(appIdentifier: String, instance: String) -> String {
        base(appIdentifier) + "@" + instance + ".timer"
    }

    /// The pattern that all of the app's timers match. systemd matches without a meaning for `\` (FNM_NOESCAPE), and
    /// an escaped name has no other special character.
    package static func timers(appIdentifier: String) -> String { timer(appIdentifier: appIdentifier, instance: "*") }

    /// The app id in the name of one of our units; nil for any other unit.
    package static func appIdentifier(inUnit name: String) -> String? {
        guard name.hasPrefix(prefix), name.hasSuffix(".service") || name.hasSuffix(".timer"),
            let at = name.firstIndex(of: "@")
        else { return nil }
        return unescape(String(name[..<at].dropFirst(prefix.count)))
    }

    private static func base(_ appIdentifier: String) -> String { prefix + (escape(appIdentifier) ?? "") }

    private static func reasonAgainst(_ appIdentifier: String) -> String? {
        guard let escaped = escape(appIdentifier) else { return "it is empty" }
        if appIdentifier.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
            return "it contains a control character (such as NUL or a newline)"
        }
        if appIdentifier.unicodeScalars.allSatisfy({ $0 == "/" || $0 == "." || $0.properties.isWhitespace }) {
            return "it consists of slashes, dots and spaces only"
        }
        if escaped.utf8.count > longestEscaped {
            return "it takes \(escaped.utf8.count) bytes in a unit's name, and \(longestEscaped) is the most"
        }
        return nil
    }

    private static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16)
        return "\\x" + (digits.utf8.count == 1 ? "0" : "") + digits
    }
}
