// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Header fields in the order in which they are sent or came; names compare without regard to case (RFC 9110, section 5).
package struct HeaderFields: Sendable, Equatable {
    package struct Field: Sendable, Equatable {
        package var name: String
        package var value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var all: [Field]

    package init(_ all: [Field] = []) {
        self.all = all
    }

    /// The value of the first field of this name; setting replaces all of them, nil removes them.
    package subscript(_ name: String) -> String? {
        get { all.first { Self.same($0.name, name) }?.value }
        set {
            all.removeAll { Self.same($0.name, name) }
            if let newValue { all.append(Field(name, newValue)) }
        }
    }

    /// Every value of this name, in order.
    package func values(_ name: String) -> [String] {
        all.filter { Self.same($0.name, name) }.map(\.value)
    }

    package mutating func append(_ name: String, _ value: String) {
        all.append(Field(name, value))
    }

    /// Field names are ASCII (RFC 9110, section 5.1): no locale, no Unicode folding.
    package static func same(_ one: String, _ other: String) -> Bool {
        let (one, other) = (one.utf8, other.utf8)
        return one.count == other.count && zip(one, other).allSatisfy { lowercased($0) == lowercased($1) }
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}

/// As one list of names, each with its value behind it: a record for every field is much slower to write and to read.
extension HeaderFields: Codable {
    package init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        self.init()
        while !list.isAtEnd { append(try list.decode(String.self), try list.decode(String.self)) }
    }

    package func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        for field in all {
            try list.encode(field.name)
            try list.encode(field.value)
        }
    }
}
