// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Names of partial files: `.NAME.ID.part` beside a destination, where ID begins with the tag of the state directory.
///
/// In a folder that several apps download into, the tag tells whose a file is: nobody collects what another one loads.
package enum PartialName {
    package static let suffix = ".part"
    private static let tagLength = 7
    private static let numberLength = 13
    /// A name has at most 255 bytes on Linux's file systems.
    private static let longest = 255

    /// The same for the same state directory.
    package static func tag(of directory: String) -> String {
        // FNV-1a.
        let hash = directory.utf8.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return padded(hash % 78_364_164_096, tagLength)
    }

    package static func number(_ number: UInt64) -> String { padded(number, numberLength) }

    /// What is too long is cut between two characters.
    package static func beside(_ name: String, id: String) -> String {
        var kept = Substring(name)
        while kept.utf8.count + id.utf8.count + suffix.utf8.count + 2 > longest { kept = kept.dropLast() }
        return "." + kept + "." + id + suffix
    }

    /// The ID in such a name; nil if it is none.
    package static func id(in name: String) -> String? {
        let bytes = Array(name.utf8)
        let count = tagLength + numberLength
        guard bytes.count > count + suffix.utf8.count + 1, bytes.first == UInt8(ascii: "."), name.hasSuffix(suffix)
        else { return nil }
        let rest = bytes.dropLast(suffix.utf8.count)
        let id = rest.suffix(count)
        let isOurs = id.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7a).contains($0) }
        guard isOurs, rest[id.startIndex - 1] == UInt8(ascii: ".") else { return nil }
        return String(decoding: id, as: UTF8.self)
    }

    private static func padded(_ number: UInt64, _ length: Int) -> String {
        let digits = String(number, radix: 36)
        return String(repeating: "0", count: max(0, length - digits.count)) + digits
    }
}
