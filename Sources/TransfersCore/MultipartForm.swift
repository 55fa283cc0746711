// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A form with files, as the body of one request (multipart/form-data, RFC 7578).
package struct MultipartForm: Sendable, Equatable, Codable {
    package enum Part: Sendable, Equatable, Codable {
        case field(name: String, value: String)
        /// `source` counts the files of the intent: 0 is the first.
        case file(name: String, fileName: String, type: String, source: Int)
    }

    package var parts: [Part]
    /// What stands between the parts; chosen once, so that every attempt and every process sends the same bytes.
    package var boundary: String

    /// The boundary is made of `seed`, which has to be as random as that no file holds it by chance.
    package init(_ parts: [Part], seed: (UInt64, UInt64)) {
        self.parts = parts
        func digits(_ number: UInt64) -> String {
            let text = String(number, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }
        boundary = "form-" + digits(seed.0) + digits(seed.1)
    }

    package var contentType: String { "multipart/form-data; boundary=\(boundary)" }

    /// The body, of the sizes of the files; nil if a part names a file that is not there.
    package func pieces(sizes: [Int64]) -> [Exchange.Piece]? {
        var pieces: [Exchange.Piece] = []
        var text = ""
        for part in parts {
            text += "--\(boundary)\r\n"
            switch part {
            case .field(let name, let value):
                text += "Content-Disposition: form-data; name=\"\(Self.quoted(name))\"\r\n\r\n\(value)\r\n"
            case .file(let name, let fileName, let type, let source):
                guard sizes.indices.contains(source), (0...(1 << 60)).contains(sizes[source]) else { return nil }
                text += "Content-Disposition: form-data; name=\"\(Self.quoted(name))\"; "
                text += "filename=\"\(Self.quoted(fileName))\"\r\nContent-Type: \(Self.line(type))\r\n\r\n"
                pieces.append(.bytes(Array(text.utf8)))
                text = "\r\n"
                if sizes[source] > 0 { pieces.append(.file(source: source, range: 0..<sizes[source])) }
            }
        }
        text += "--\(boundary)--\r\n"
        pieces.append(.bytes(Array(text.utf8)))
        return pieces
    }

    /// What would end the quotes or the line is percent-encoded, as browsers do.
    private static func quoted(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): bytes += "%22".utf8
            case 0x0d: bytes += "%0D".utf8
            case 0x0a: bytes += "%0A".utf8
            case 0: bytes += "%00".utf8
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func line(_ text: String) -> String {
        String(decoding: text.utf8.filter { $0 >= 0x20 && $0 != 0x7f }, as: UTF8.self)
    }
}
