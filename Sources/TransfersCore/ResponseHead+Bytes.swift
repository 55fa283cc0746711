// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

extension ResponseHead {
    /// Reads a head from its status line to its empty line (RFC 9112, sections 4 and 5), and refuses what two readers may
    /// understand in two ways.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, url: String) throws(ExchangeFailure) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).makeIterator()
        guard let first = lines.next(), let (version, status) = Self.statusLine(Self.trimmed(first)) else {
            throw ExchangeFailure(.malformedAnswer, detail: "the status line is none of HTTP")
        }
        var fields: [HeaderFields.Field] = []
        while let raw = lines.next() {
            let line = raw.last == UInt8(ascii: "\r") ? raw.dropLast() : raw
            guard let lead = line.first else { continue }
            if line.contains(where: { $0 == 0 || $0 == UInt8(ascii: "\r") }) {
                throw ExchangeFailure(.malformedAnswer, detail: "a field has a control character")
            }
            if Self.isBlank(lead) {
                // Folded (section 5.2): what follows belongs to the line before.
                guard let last = fields.popLast() else {
                    throw ExchangeFailure(.malformedAnswer, detail: "the first field begins with a blank")
                }
                fields.append(.init(last.name, last.value + " " + Self.text(Self.trimmed(line))))
                continue
            }
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex,
                line[..<colon].allSatisfy(HeaderFields.isTokenByte)
            else { throw ExchangeFailure(.malformedAnswer, detail: "a line of the head is no field") }
            let value = Self.trimmed(line[(colon + 1)...])
            fields.append(.init(String(decoding: line[..<colon], as: UTF8.self), Self.text(value)))
        }
        self.init(url: url, status: status, version: version, fields: HeaderFields(fields))
        if let reason = unclearFraming { throw ExchangeFailure(.malformedAnswer, detail: reason) }
    }

    private typealias Line = Slice<UnsafeBufferPointer<UInt8>>

    private static func statusLine(_ line: Line) -> (version: String, status: Int)? {
        let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[0].starts(with: "HTTP/".utf8), parts[1].count == 3,
            let status = number(parts[1]), status >= 100
        else { return nil }
        return (text(parts[0]), Int(status))
    }

    /// Digits only: no sign, no blank.
    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        guard !digits.isEmpty, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return Int64(String(decoding: digits, as: UTF8.self))
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }

    private static func trimmed(_ line: Line) -> Line {
        var line = line.drop(while: isBlank)
        while let last = line.last, isBlank(last) || last == UInt8(ascii: "\r") { line = line.dropLast() }
        return line
    }

    /// Values are bytes (RFC 9110, section 5.5): UTF-8 where they are that, else Latin-1, as they were for long.
    private static func text(_ bytes: some Collection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = ""
        text.unicodeScalars.append(contentsOf: bytes.lazy.map { Unicode.Scalar($0) })
        return text
    }

    /// RFC 9112, section 6.3: lengths that differ, that are none, or that stand beside a transfer coding.
    private var unclearFraming: String? {
        let lengths = fields.values("Content-Length").flatMap { value in
            value.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { part in
                Self.number(Array(part).filter { !Self.isBlank($0) })
            }
        }
        guard let first = lengths.first else { return nil }
        if first == nil || lengths.contains(where: { $0 != first }) { return "Content-Length is no one number" }
        return fields["Transfer-Encoding"] == nil ? nil : "Content-Length stands beside Transfer-Encoding"
    }

    /// Whether only the end of the connection ends the body (RFC 9112, section 6.3).
    package func endsWithConnection(after method: String) -> Bool {
        version.hasPrefix("HTTP/1") && method != "HEAD" && status != 204 && status != 304
            && fields["Content-Length"] == nil && fields["Transfer-Encoding"] == nil
    }

    /// Whether an interim head has fields that only a final one may have (RFC 9110, section 15.2).
    package var saysHowItIsFramed: Bool {
        ["Content-Length", "Transfer-Encoding", "Connection"].contains { fields[$0] != nil }
    }
}
