// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The head of one answer of a server: status and fields, without the body.
package struct ResponseHead: Sendable, Equatable, Codable {
    /// The URL that was asked for this answer.
    package var url: String
    /// 100–999, as the server sent it.
    package var status: Int
    /// "HTTP/1.1", "HTTP/2".
    package var version: String
    package var fields: HeaderFields

    package init(url: String, status: Int, version: String = "HTTP/1.1", fields: HeaderFields = HeaderFields()) {
        self.url = url
        self.status = status
        self.version = version
        self.fields = fields
    }

    /// 1xx: more will come.
    package var isInformational: Bool { (100..<200).contains(status) }
    package var isSuccess: Bool { (200..<300).contains(status) }
}
