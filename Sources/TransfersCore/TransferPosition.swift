// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What the machine of one protocol keeps across processes, by names: the bytes of `TransferCheckpoint.position`.
///
/// One line for each entry, `name=value`, with line ends and `%` percent-encoded. What cannot be read is left out.
package struct TransferPosition: Sendable, Equatable {
    private struct Entry: Sendable, Equatable {
        var name: String
        var value: String
    }

    /// Few, and in the order of names, so that equal positions have equal bytes.
    private var entries: [Entry] = []

    package init() {}

    package init(_ bytes: [UInt8]) {
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let name = String(decoding: line[..<equals], as: UTF8.self)
            self[name] = Self.decoded(line[(equals + 1)...])
        }
    }

    package subscript(_ name: String) -> String? {
        get { entries.first { $0.name == name }?.value }
        set {
            let index = entries.firstIndex { $0.name >= name } ?? entries.endIndex
            let isThere = index < entries.endIndex && entries[index].name == name
            switch newValue {
            case let value? where isThere: entries[index].value = value
            case let value?: entries.insert(Entry(name: name, value: value), at: index)
            case nil: if isThere { entries.remove(at: index) }
            }
        }
    }

    package subscript(number name: String) -> Int64? {
        get { self[name].flatMap { Int64($0) } }
        set { self[name] = newValue.map { String($0) } }
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        for entry in entries {
            bytes += entry.name.utf8
            bytes.append(UInt8(ascii: "="))
            for byte in entry.value.utf8 {
                switch byte {
                case UInt8(ascii: "%"): bytes += "%25".utf8
                case UInt8(ascii: "\n"): bytes += "%0A".utf8
                default: bytes.append(byte)
                }
            }
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    private static func decoded(_ line: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        var rest = line
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.starts(with: "25".utf8) {
                bytes.append(byte)
                rest = rest.dropFirst(2)
            } else if byte == UInt8(ascii: "%"), rest.starts(with: "0A".utf8) {
                bytes.append(UInt8(ascii: "\n"))
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension TransferPosition {
    /// A head of an answer, under the names that begin with `name`; cookies are not kept.
    package subscript(head name: String) -> ResponseHead? {
        get {
            guard let status = self[number: name + ".status"], let url = self[name + ".url"] else { return nil }
            var fields = HeaderFields()
            for line in (self[name + ".fields"] ?? "").split(separator: "\n") {
                guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")) else { continue }
                fields.append(String(line[..<colon]), String(line[line.index(after: colon)...]))
            }
            let version = self[name + ".version"] ?? "HTTP/1.1"
            return ResponseHead(url: url, status: Int(clamping: status), version: version, fields: fields)
        }
        set {
            self[number: name + ".status"] = newValue.map { Int64($0.status) }
            self[name + ".url"] = newValue?.url
            self[name + ".version"] = newValue?.version
            self[name + ".fields"] = newValue?.fields.all
                .filter { !$0.isCookie }.map { "\($0.name):\($0.value)" }.joined(separator: "\n")
        }
    }
}
