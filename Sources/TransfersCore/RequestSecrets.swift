// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A request cut in two: what may be written down, and what may be a secret.
///
/// By allow-list: a field or an item of the query that nobody knows to be harmless counts as a secret. Credentials inside
/// the URL and its fragment always do.
package struct RequestSecrets: Sendable, Equatable {
    /// The URL without what was withheld.
    package var url: String
    package var fields: HeaderFields
    /// Names alone of what was withheld: "Authorization", "?X-Amz-Signature", "user@", "#". In order, each once.
    package var withheld: [String] = []

    /// - Parameters:
    ///   - fields, items: further names that the caller knows to be harmless; without regard to case.
    package init(
        url: String, fields: HeaderFields, alsoFields: Set<String> = [], alsoItems: Set<String> = []
    ) {
        self.url = ""
        self.fields = HeaderFields()
        let alsoFields = Set(alsoFields.map { $0.lowercased() })
        for field in fields.all {
            let name = field.name.lowercased()
            if Self.harmlessFields.contains(name) || alsoFields.contains(name) {
                self.fields.append(field.name, field.value)
            } else {
                withhold(field.name)
            }
        }
        self.url = strip(url, also: Set(alsoItems.map { $0.lowercased() }))
    }

    private mutating func withhold(_ name: String) {
        if !withheld.contains(name) { withheld.append(name) }
    }

    private mutating func strip(_ url: String, also: Set<String>) -> String {
        // Most have nothing of all this.
        if !url.utf8.contains(where: "#?@".utf8.contains) { return url }
        var rest = Substring(url)
        if let hash = rest.firstIndex(of: "#") {
            withhold("#")
            rest = rest[..<hash]
        }
        var query: Substring?
        if let mark = rest.firstIndex(of: "?") {
            query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        var kept = String(rest)
        if let start = rest.range(of: "//")?.upperBound {
            let authority = rest[start...].prefix { $0 != "/" }
            if let at = authority.lastIndex(of: "@") {
                withhold("user@")
                kept = String(rest[..<start]) + rest[rest.index(after: at)...]
            }
        }
        guard let query else { return kept }
        let items = query.split(separator: "&", omittingEmptySubsequences: false).filter { item in
            let name = item.prefix { $0 != "=" }
            let known = name.lowercased()
            // Without a value the name is the value.
            let isHarmless = item.contains("=") && (Self.harmlessItems.contains(known) || also.contains(known))
            if !isHarmless, !item.isEmpty { withhold("?" + (item.contains("=") ? String(name) : "")) }
            return isHarmless
        }
        return items.isEmpty ? kept : kept + "?" + items.joined(separator: "&")
    }

    /// Fields that say what is sent or wanted, never who asks (RFC 9110, RFC 9530, tus 1.0, resumable uploads).
    private static let harmlessFields: Set<String> = [
        "accept", "accept-charset", "accept-encoding", "accept-language", "cache-control", "content-digest",
        "content-disposition", "content-encoding", "content-language", "content-length", "content-md5", "content-range",
        "content-type", "date", "expect", "if-match", "if-modified-since", "if-none-match", "if-range",
        "if-unmodified-since", "pragma", "prefer", "priority", "range", "repr-digest", "te", "transfer-encoding",
        "tus-resumable", "upload-checksum", "upload-complete", "upload-concat", "upload-defer-length",
        "upload-draft-interop-version", "upload-incomplete", "upload-length", "upload-metadata", "upload-offset",
        "user-agent", "want-content-digest", "want-repr-digest", "x-amz-acl", "x-amz-storage-class",
        "x-http-method-override", "x-requested-with",
    ]

    /// Items of a query that choose a thing or its form.
    private static let harmlessItems: Set<String> = [
        "alt", "api-version", "branch", "category", "channel", "date", "depth", "dl", "download", "ext", "file",
        "filename",
        "folder", "format", "from", "height", "id", "index", "lang", "language", "limit", "locale", "mode", "name",
        "offset", "order", "page", "part", "partnumber", "path", "prefix", "quality", "raw", "ref",
        "response-content-disposition", "response-content-type", "rev", "revision", "size", "sort", "start", "tag",
        "to",
        "type", "uploadid", "uploads", "uploadtype", "v", "variant", "version", "versionid", "width",
    ]
}

extension TransferResult {
    /// As it is written down: without cookies, and without what may be a secret in the URL and in where it leads.
    package var withoutSecrets: TransferResult {
        guard let head else { return self }
        func stripped(_ url: String) -> String { RequestSecrets(url: url, fields: HeaderFields()).url }
        var result = self
        result.head?.url = stripped(head.url)
        result.head?.fields = HeaderFields(
            head.fields.all.filter { !$0.isCookie }.map { field in
                let isPlace = ["Location", "Content-Location"].contains { HeaderFields.same(field.name, $0) }
                return isPlace ? HeaderFields.Field(field.name, stripped(field.value)) : field
            })
        return result
    }
}

extension HeaderFields.Field {
    var isCookie: Bool { HeaderFields.same(name, "Set-Cookie") || HeaderFields.same(name, "Set-Cookie2") }
}

extension Substring {
    fileprivate func range(of text: String) -> Range<Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(text) { return index..<self.index(index, offsetBy: text.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
