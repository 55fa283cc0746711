// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Numbers that look random and are the same each time: for jitter that is stable per host and replays in tests.
package enum SeededHash {
    /// The finalizer of MurmurHash3: each bit of the input changes half of the bits of the output.
    package static func mix(_ seed: UInt64) -> UInt64 {
        var value = seed
        value = (value ^ (value >> 33)) &* 0xff51_afd7_ed55_8ccd
        value = (value ^ (value >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return value ^ (value >> 33)
    }

    /// FNV-1a over the bytes of a text, from a seed.
    package static func hash(_ text: String, seed: UInt64 = 0xcbf2_9ce4_8422_2325) -> UInt64 {
        mix(text.utf8.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
    }
}

extension Duration {
    /// The length in the largest unit that divides it, for people: "15 min", "1 h", "90 s".
    package var spoken: String {
        let microseconds = clampedMicroseconds
        guard microseconds % 1_000_000 == 0 else { return "\(Double(microseconds) / 1_000_000) s" }
        let seconds = microseconds / 1_000_000
        for (unit, name) in [(86_400, "d"), (3600, "h"), (60, "min")] as [(Int64, String)]
        where seconds != 0 && seconds % unit == 0 { return "\(seconds / unit) \(name)" }
        return "\(seconds) s"
    }
}
