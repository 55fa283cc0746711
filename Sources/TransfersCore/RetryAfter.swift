// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// How long a server asks to be left alone (RFC 9110, section 10.2.3): seconds, or a date.
package enum RetryAfter {
    /// Seconds from now, between 0 and `longest`; nil if the value is neither form.
    package static func seconds(_ value: String?, now: WallTime, longest: Double) -> Double? {
        guard let value else { return nil }
        let text = value.trimmed
        if !text.isEmpty, text.utf8.allSatisfy(\.isDigit) {
            // More digits than a number holds are a long time, not nonsense.
            return min(Double(Int64(text) ?? .max), longest)
        }
        guard let date = HTTPDate.parse(text, now: now) else { return nil }
        let microseconds = now.distance(to: date).clampedMicroseconds
        return min(max(Double(microseconds) / 1_000_000, 0), longest)
    }
}

extension String {
    /// Without blanks and tabs at both ends (OWS).
    var trimmed: String {
        var bytes = utf8[...]
        while let first = bytes.first, first == 0x20 || first == 0x09 { bytes.removeFirst() }
        while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
        return String(Substring(bytes))
    }
}
