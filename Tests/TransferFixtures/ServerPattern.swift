// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The bytes that the servers serve (`Tests/Servers/README.md`, "The pattern"), written a second time from its words.
package struct ServerPattern: Sendable, CustomStringConvertible {
    private let seed: UInt64
    private let table: [UInt8]

    private static let page: Int64 = 65_536

    package init(seed: UInt64 = 1) {
        self.seed = seed
        table = (0..<8192).flatMap { number in
            withUnsafeBytes(of: Self.mix(seed, UInt64(number)).littleEndian, Array.init)
        }
    }

    package var description: String { "the pattern of seed \(seed)" }

    package func bytes(_ range: Range<Int64>) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(range.count)
        var offset = range.lowerBound
        while offset < range.upperBound {
            let start = Int(offset % Self.page)
            let end = min(Int(Self.page), start + Int(range.upperBound - offset))
            let number = Self.mix(~seed, UInt64(offset / Self.page))
            let lead = withUnsafeBytes(of: number.littleEndian, Array.init)
            if start < 8 { bytes += lead[start..<min(8, end)] }
            // The table, turned: two pieces of it.
            var place = max(8, start)
            while place < end {
                let from = Int((UInt64(place) &+ number) % UInt64(Self.page))
                let count = min(end - place, table.count - from)
                bytes += table[from..<from + count]
                place += count
            }
            offset += Int64(end - start)
        }
        return bytes
    }

    /// Whether these are the bytes of a range; a difference is not printed.
    package func made(_ bytes: [UInt8], _ range: Range<Int64>) -> Bool { bytes == self.bytes(range) }

    private static func mix(_ seed: UInt64, _ number: UInt64) -> UInt64 {
        var z = seed &+ (number &+ 1) &* 0x9E37_79B9_7F4A_7C15
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
