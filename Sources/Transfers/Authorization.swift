// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
internal import TransfersCore

/// What a hook gives: header fields to add, another URL, or both. Its description has names only.
public struct Authorization: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible {
    /// Values by field names; they replace the request's.
    public var fields: [String: String]
    /// Where to send the request instead: a presigned URL.
    public var url: URL?

    /// Nothing, unless said otherwise.
    public init(fields: [String: String] = [:], url: URL? = nil) {
        self.fields = fields
        self.url = url
    }

    /// `Authorization: Bearer …`.
    public static func bearer(_ token: String) -> Authorization {
        Authorization(fields: ["Authorization": "Bearer " + token])
    }

    /// A presigned URL.
    public static func presigned(_ url: URL) -> Authorization { Authorization(url: url) }

    /// The names of the fields, and whether there is a URL.
    public var description: String {
        "Authorization(" + (fields.keys.sorted() + (url == nil ? [] : ["a URL"])).joined(separator: ", ") + ")"
    }

    /// The same.
    public var debugDescription: String { description }

    var headerFields: HeaderFields {
        HeaderFields(fields.sorted { $0.key < $1.key }.map { HeaderFields.Field($0.key, $0.value) })
    }
}
