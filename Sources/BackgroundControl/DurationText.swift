// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Durations as people write and read them.
package enum DurationText {
    private static let units: [String: Int64] = [
        "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800,
    ]

    /// "90s", "15min", "6h", "2d", "1w", "1h30min"; nil for anything else.
    package static func parse(_ text: String) -> Duration? {
        var rest = text.utf8[...]
        var total: Int64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            rest = rest[digits.endIndex...]
            let letters = rest.prefix { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
            rest = rest[letters.endIndex...]
            guard let number = Int64(String(Substring(digits))), let unit = units[String(Substring(letters))] else {
                return nil
            }
            let (product, overflow) = number.multipliedReportingOverflow(by: unit)
            let (sum, overflowed) = total.addingReportingOverflow(product)
            if overflow || overflowed { return nil }
            total = sum
        }
        return .seconds(total)
    }

    /// Two units at the most: "340 ms", "1.2 s", "42 s", "3 min 20 s", "5 h 2 min", "12 d".
    package static func text(_ duration: Duration) -> String {
        let (whole, attoseconds) = duration.components
        let milliseconds = attoseconds / 1_000_000_000_000_000
        if whole < 0 || milliseconds < 0 { return "-" + text(.zero - duration) }
        switch whole {
        case 0: return "\(milliseconds) ms"
        case ..<10: return "\(whole).\(milliseconds / 100) s"
        case ..<60: return "\(whole) s"
        default: return coarse(whole, seconds: true)
        }
    }

    /// For what is not measured but looked at: whole seconds, then minutes, hours and days.
    package static func rough(_ duration: Duration) -> String {
        let whole = duration.components.seconds
        return whole < 60 ? "\(max(0, whole)) s" : coarse(whole, seconds: whole < 600)
    }

    private static func coarse(_ seconds: Int64, seconds showsSeconds: Bool) -> String {
        func two(_ first: Int64, _ unit: String, _ second: Int64, _ small: String) -> String {
            second == 0 ? "\(first) \(unit)" : "\(first) \(unit) \(second) \(small)"
        }
        switch seconds {
        case ..<3600: return two(seconds / 60, "min", showsSeconds ? seconds % 60 : 0, "s")
        case ..<86_400: return two(seconds / 3600, "h", seconds % 3600 / 60, "min")
        case ..<(7 * 86_400): return two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h")
        default: return "\(seconds / 86_400) d"
        }
    }
}
