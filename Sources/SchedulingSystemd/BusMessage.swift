// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import CBackgroundSystemd
import Glibc

/// Writes values into an sd-bus message and reads them from one. The calls are variadic in C; their typed halves are
/// not (sd_bus_message_append_basic(3), sd_bus_message_open_container(3), sd_bus_message_read_basic(3)).
enum BusMessage {
    static func append(_ values: [BusValue], to message: OpaquePointer?) throws(BusError) {
        for value in values { try append(value, to: message) }
    }

    static func read(_ message: OpaquePointer?) throws(BusError) -> [BusValue] {
        var values: [BusValue] = []
        while let value = try readNext(message) { values.append(value) }
        return values
    }

    private static func append(_ value: BusValue, to message: OpaquePointer?) throws(BusError) {
        switch value {
        case .string(let text): try check(text.withCString { sd_bus_message_append_basic(message, code("s"), $0) })
        case .path(let text): try check(text.withCString { sd_bus_message_append_basic(message, code("o"), $0) })
        case .bool(let bool):
            // A D-Bus boolean is an `int` at this interface, not one byte.
            var number: Int32 = bool ? 1 : 0
            try check(sd_bus_message_append_basic(message, code("b"), &number))
        case .int32(var number): try check(sd_bus_message_append_basic(message, code("i"), &number))
        case .uint32(var number): try check(sd_bus_message_append_basic(message, code("u"), &number))
        case .int64(var number): try check(sd_bus_message_append_basic(message, code("x"), &number))
        case .uint64(var number): try check(sd_bus_message_append_basic(message, code("t"), &number))
        case .double(var number): try check(sd_bus_message_append_basic(message, code("d"), &number))
        case .descriptor(var number): try check(sd_bus_message_append_basic(message, code("h"), &number))
        case .array(let element, let values): try append(values, in: "a", of: element, to: message)
        case .structure(let fields):
            try append(fields, in: "r", of: fields.map(\.signature).joined(), to: message)
        case .entry(let key, let entry):
            try append([key, entry], in: "e", of: key.signature + entry.signature, to: message)
        case .variant(let inner): try append([inner], in: "v", of: inner.signature, to: message)
        }
    }

    private static func append(
        _ values: [BusValue], in container: Unicode.Scalar, of contents: String, to message: OpaquePointer?
    ) throws(BusError) {
        try check(sd_bus_message_open_container(message, code(container), contents))
        try append(values, to: message)
        try check(sd_bus_message_close_container(message))
    }

    private static func readNext(_ message: OpaquePointer?) throws(BusError) -> BusValue? {
        var type: CChar = 0
        var contents: UnsafePointer<CChar>?
        guard try check(sd_bus_message_peek_type(message, &type, &contents)) > 0 else { return nil }
        switch Unicode.Scalar(UInt8(bitPattern: type)) {
        case "s": return .string(try readText(type, message))
        case "o", "g": return .path(try readText(type, message))
        case "b": return .bool(try readNumber(type, Int32(0), message) != 0)
        case "i": return .int32(try readNumber(type, Int32(0), message))
        case "u": return .uint32(try readNumber(type, UInt32(0), message))
        case "x": return .int64(try readNumber(type, Int64(0), message))
        case "t": return .uint64(try readNumber(type, UInt64(0), message))
        case "d": return .double(try readNumber(type, Double(0), message))
        case "h":
            // The message owns the descriptor it carries and closes it (sd_bus_message_read_basic(3)).
            let duplicate = fcntl(try readNumber(type, Int32(0), message), F_DUPFD_CLOEXEC, 3)
            guard duplicate >= 0 else { throw BusError(result: -errno, "keep a descriptor") }
            return .descriptor(duplicate)
        case "a":
            let element = contents.map { String(cString: $0) } ?? ""
            return .array(of: element, try readContainer(type, contents, message))
        case "r": return .structure(try readContainer(type, contents, message))
        case "e":
            let pair = try readContainer(type, contents, message)
            guard pair.count == 2 else {
                throw BusError(message: "a dictionary entry without a value", number: EBADMSG)
            }
            return .entry(pair[0], pair[1])
        case "v":
            guard let inner = try readContainer(type, contents, message).first else {
                throw BusError(message: "an empty variant", number: EBADMSG)
            }
            return .variant(inner)
        default: throw BusError(message: "a value of a type that is not expected", number: EBADMSG)
        }
    }

    private static func readContainer(
        _ type: CChar, _ contents: UnsafePointer<CChar>?, _ message: OpaquePointer?
    ) throws(BusError) -> [BusValue] {
        try check(sd_bus_message_enter_container(message, type, contents))
        let values = try read(message)
        try check(sd_bus_message_exit_container(message))
        return values
    }

    private static func readText(_ type: CChar, _ message: OpaquePointer?) throws(BusError) -> String {
        var text: UnsafePointer<CChar>?
        try check(sd_bus_message_read_basic(message, type, &text))
        return text.map { String(cString: $0) } ?? ""
    }

    private static func readNumber<Number: BitwiseCopyable>(
        _ type: CChar, _ initial: Number, _ message: OpaquePointer?
    ) throws(BusError) -> Number {
        var number = initial
        try check(sd_bus_message_read_basic(message, type, &number))
        return number
    }

    private static func code(_ type: Unicode.Scalar) -> CChar { CChar(truncatingIfNeeded: type.value) }

    @discardableResult
    private static func check(_ result: Int32) throws(BusError) -> Int32 {
        guard result >= 0 else { throw BusError(result: result, "write or read a message") }
        return result
    }
}

#endif
