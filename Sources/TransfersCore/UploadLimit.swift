// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What a server takes of one upload (`Upload-Limit`, draft-ietf-httpbis-resumable-upload): bytes, and seconds.
package struct UploadLimit: Sendable, Equatable {
    package var maxSize: Int64?
    package var minSize: Int64?
    package var maxAppendSize: Int64?
    package var minAppendSize: Int64?
    package var maxAge: Int64?

    /// Keys that nobody knows are passed over; a known one of the wrong kind makes the whole field nothing.
    package init?(_ value: String) {
        guard let dictionary = StructuredDictionary(value) else { return nil }
        let keys: [(String, WritableKeyPath<UploadLimit, Int64?>)] = [
            ("max-size", \.maxSize), ("min-size", \.minSize), ("max-append-size", \.maxAppendSize),
            ("min-append-size", \.minAppendSize), ("max-age", \.maxAge),
        ]
        for (key, path) in keys {
            guard let item = dictionary[key] else { continue }
            guard case .integer(let number) = item, number >= 0 else { return nil }
            self[keyPath: path] = number
        }
    }

    package init?(_ fields: HeaderFields) {
        let values = fields.values("Upload-Limit")
        guard !values.isEmpty else { return nil }
        self.init(values.joined(separator: ", "))
    }
}
