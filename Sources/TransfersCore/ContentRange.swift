// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What a `Content-Range` field says (RFC 9110, section 14.4), in bytes.
package enum ContentRange: Sendable, Equatable {
    /// The body is this part; `total` is nil if the server does not know it.
    case part(first: Int64, last: Int64, total: Int64?)
    /// No part: the range could not be had of so many bytes.
    case unsatisfied(total: Int64)

    package init?(_ value: String) {
        let words = value.split(separator: " ", omittingEmptySubsequences: true)
        guard words.count == 2, words[0].lowercased() == "bytes" else { return nil }
        let halves = words[1].split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let total = Self.number(halves[1])
        if halves[0] == "*" {
            guard let total else { return nil }
            self = .unsatisfied(total: total)
            return
        }
        guard total != nil || halves[1] == "*" else { return nil }
        let ends = halves[0].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = Self.number(ends[0]), let last = Self.number(ends[1]), first <= last,
            last < (total ?? .max)
        else { return nil }
        self = .part(first: first, last: last, total: total)
    }

    /// Digits only, and what an offset can hold.
    static func number(_ text: some StringProtocol) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else { return nil }
        return Int64(text)
    }
}
