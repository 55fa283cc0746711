// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A bare item of a structured field (RFC 8941, section 3.3); parameters are read and dropped.
package enum StructuredItem: Sendable, Equatable {
    case integer(Int64)
    case decimal(Double)
    case string(String)
    case token(String)
    case bytes([UInt8])
    case boolean(Bool)
    /// A list within parentheses, as a member of a dictionary.
    case inner([StructuredItem])

    /// A field whose value is one item; nil if it is none.
    package init?(_ value: String) {
        var reader = StructuredReader(value)
        guard let item = reader.item(), reader.isAtEnd else { return nil }
        self = item
    }
}

/// A dictionary (RFC 8941, section 3.2): of members with one key the last counts.
package struct StructuredDictionary: Sendable, Equatable {
    package private(set) var members: [String: StructuredItem] = [:]

    /// Nil if any of it breaks the grammar: a recipient ignores such a field whole.
    package init?(_ value: String) {
        var reader = StructuredReader(value)
        guard let members = reader.dictionary() else { return nil }
        self.members = members
    }

    package subscript(_ key: String) -> StructuredItem? { members[key] }
}

/// Reads structured fields byte by byte (RFC 8941, section 4.2).
struct StructuredReader {
    private let bytes: [UInt8]
    private var index = 0

    init(_ value: String) {
        bytes = Array(value.utf8)
        skip(" ")
    }

    /// Only blanks are left.
    var isAtEnd: Bool { bytes[index...].allSatisfy { $0 == 0x20 } }

    private var byte: UInt8? { index < bytes.count ? bytes[index] : nil }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard byte == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func skip(_ characters: String) {
        while let byte, characters.utf8.contains(byte) { index += 1 }
    }

    mutating func dictionary() -> [String: StructuredItem]? {
        var members: [String: StructuredItem] = [:]
        if isAtEnd { return members }
        while true {
            guard let key = key() else { return nil }
            if take("=") {
                guard let value = byte == UInt8(ascii: "(") ? inner() : item() else { return nil }
                members[key] = value
            } else {
                members[key] = .boolean(true)
                guard parameters() else { return nil }
            }
            skip(" \t")
            if byte == nil { return members }
            guard take(",") else { return nil }
            skip(" \t")
            if byte == nil { return nil }
        }
    }

    mutating func item() -> StructuredItem? {
        guard let item = bare(), parameters() else { return nil }
        return item
    }

    private mutating func inner() -> StructuredItem? {
        guard take("(") else { return nil }
        var items: [StructuredItem] = []
        while true {
            skip(" ")
            if take(")") { return parameters() ? .inner(items) : nil }
            guard let item = item(), byte == UInt8(ascii: ")") || byte == 0x20 else { return nil }
            items.append(item)
        }
    }

    private mutating func parameters() -> Bool {
        while take(";") {
            skip(" ")
            guard key() != nil else { return false }
            if take("="), bare() == nil { return false }
        }
        return true
    }

    private mutating func key() -> String? {
        guard let first = byte, first == UInt8(ascii: "*") || (0x61...0x7a).contains(first) else { return nil }
        let start = index
        while let byte, (0x61...0x7a).contains(byte) || byte.isDigit || "_-.*".utf8.contains(byte) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func bare() -> StructuredItem? {
        guard let byte else { return nil }
        switch byte {
        case UInt8(ascii: "\""): return string()
        case UInt8(ascii: ":"): return binary()
        case UInt8(ascii: "?"):
            index += 1
            if take("1") { return .boolean(true) }
            return take("0") ? .boolean(false) : nil
        case UInt8(ascii: "-"): return number()
        case _ where byte.isDigit: return number()
        case _ where byte.isLetter || byte == UInt8(ascii: "*"): return token()
        default: return nil
        }
    }

    private mutating func number() -> StructuredItem? {
        let start = index
        _ = take("-")
        let whole = index
        while byte?.isDigit == true { index += 1 }
        let digits = index - whole
        guard digits > 0, digits <= 15 else { return nil }
        guard byte == UInt8(ascii: ".") else {
            return Int64(String(decoding: bytes[start..<index], as: UTF8.self)).map(StructuredItem.integer)
        }
        index += 1
        let fraction = index
        while byte?.isDigit == true { index += 1 }
        guard digits <= 12, (1...3).contains(index - fraction) else { return nil }
        return Double(String(decoding: bytes[start..<index], as: UTF8.self)).map(StructuredItem.decimal)
    }

    private mutating func string() -> StructuredItem? {
        index += 1
        var out: [UInt8] = []
        while let byte {
            index += 1
            switch byte {
            case UInt8(ascii: "\""): return .string(String(decoding: out, as: UTF8.self))
            case UInt8(ascii: "\\"):
                guard let next = self.byte, next == UInt8(ascii: "\"") || next == UInt8(ascii: "\\") else { return nil }
                out.append(next)
                index += 1
            case 0x20...0x7e: out.append(byte)
            default: return nil
            }
        }
        return nil
    }

    private mutating func token() -> StructuredItem? {
        let start = index
        while let byte, byte.isLetter || byte.isDigit || ":/!#$%&'*+-.^_`|~".utf8.contains(byte) { index += 1 }
        return .token(String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func binary() -> StructuredItem? {
        index += 1
        guard let end = bytes[index...].firstIndex(of: UInt8(ascii: ":")) else { return nil }
        let text = String(decoding: bytes[index..<end], as: UTF8.self)
        index = end + 1
        return Base64.bytes(text).map(StructuredItem.bytes)
    }
}
