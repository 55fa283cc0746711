// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// One D-Bus value with its type, as far as systemd and logind use them.
package indirect enum BusValue: Hashable, Sendable {
    case string(String)
    case path(String)
    case bool(Bool)
    case int32(Int32)
    case uint32(UInt32)
    case int64(Int64)
    case uint64(UInt64)
    case double(Double)
    /// Received only. A duplicate that belongs to whoever asked for the reply, and must be closed by it.
    case descriptor(Int32)
    /// The element's signature is kept because an array may be empty.
    case array(of: String, [BusValue])
    case structure([BusValue])
    case entry(BusValue, BusValue)
    case variant(BusValue)

    /// The D-Bus type signature.
    package var signature: String {
        switch self {
        case .string: "s"
        case .path: "o"
        case .bool: "b"
        case .int32: "i"
        case .uint32: "u"
        case .int64: "x"
        case .uint64: "t"
        case .double: "d"
        case .descriptor: "h"
        case .array(let element, _): "a" + element
        case .structure(let fields): "(" + fields.map(\.signature).joined() + ")"
        case .entry(let key, let value): "{" + key.signature + value.signature + "}"
        case .variant: "v"
        }
    }

    /// The text of a string or an object path.
    package var text: String? {
        switch self {
        case .string(let text), .path(let text): text
        case .variant(let inner): inner.text
        default: nil
        }
    }

    package var bool: Bool? {
        switch self {
        case .bool(let bool): bool
        case .variant(let inner): inner.bool
        default: nil
        }
    }

    package var int32: Int32? {
        switch self {
        case .int32(let number): number
        case .variant(let inner): inner.int32
        default: nil
        }
    }

    package var uint64: UInt64? {
        switch self {
        case .uint64(let number): number
        case .uint32(let number): UInt64(number)
        case .variant(let inner): inner.uint64
        default: nil
        }
    }

    package var double: Double? {
        switch self {
        case .double(let number): number
        case .variant(let inner): inner.double
        default: nil
        }
    }

    /// The elements of an array or the fields of a structure.
    package var elements: [BusValue]? {
        switch self {
        case .array(_, let elements): elements
        case .structure(let fields): fields
        case .variant(let inner): inner.elements
        default: nil
        }
    }

    package static func strings(_ texts: [String]) -> BusValue {
        .array(of: "s", texts.map { .string($0) })
    }

    /// One named property, as `StartTransientUnit` takes them: `(sv)`.
    package static func property(_ name: String, _ value: BusValue) -> BusValue {
        .structure([.string(name), .variant(value)])
    }
}
