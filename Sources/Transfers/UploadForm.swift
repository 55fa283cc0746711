// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
internal import TransfersCore

/// A form with files, streamed from them as the body of one request (multipart/form-data, RFC 7578): it may be larger than
/// memory. `Content-Type` is set by it.
public struct UploadForm: Sendable, Hashable {
    enum Part: Hashable, Sendable {
        case field(name: String, value: String)
        case file(URL, name: String, fileName: String, contentType: String)
    }

    private(set) var parts: [Part] = []

    /// An empty form; one without a file cannot be begun.
    public init() {}

    /// Adds a field with a text.
    public mutating func append(_ value: String, name: String) { parts.append(.field(name: name, value: value)) }

    /// Adds a file. The server is told `fileName`; nil: the file's own name.
    public mutating func append(
        file: URL, name: String, fileName: String? = nil, contentType: String = "application/octet-stream"
    ) {
        parts.append(
            .file(file, name: name, fileName: fileName ?? file.lastPathComponent, contentType: contentType))
    }

    var files: [URL] {
        parts.compactMap { if case .file(let url, _, _, _) = $0 { url } else { nil } }
    }

    /// With a boundary of 128 random bits: chosen once, so that every attempt sends the same bytes.
    func multipart(random: inout some RandomNumberGenerator) -> MultipartForm {
        var source = -1
        let described = parts.map { part -> MultipartForm.Part in
            switch part {
            case .field(let name, let value): return .field(name: name, value: value)
            case .file(_, let name, let fileName, let contentType):
                source += 1
                return .file(name: name, fileName: fileName, type: contentType, source: source)
            }
        }
        return MultipartForm(described, seed: (random.next(), random.next()))
    }
}
