// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Decides what becomes of an answer's body; pure, and asked on the engine's thread.
package struct AnswerPlan: Sendable, Equatable {
    /// How much of an answer is kept with the result.
    package static let keptBody = 64 * 1024

    /// Nil: the answer is kept in memory.
    package var download: DownloadExpectation?
    /// How much of the body is kept in memory.
    package var kept = keptBody

    package init(download: DownloadExpectation? = nil, kept: Int = keptBody) {
        self.download = download
        self.kept = kept
    }

    package func plan(for head: ResponseHead) -> BodyPlan {
        guard let download else { return .keep(limit: kept) }
        switch download.judge(head) {
        case .whole(let count): return .write(at: 0, count: count)
        case .part(let count, _): return .write(at: download.offset, count: count)
        case .other: return .keep(limit: kept)
        case .restart, .unusable: return .stop
        }
    }
}

/// What a download asked for, and so which answers may be written into its file.
package struct DownloadExpectation: Sendable, Equatable {
    package enum Judgement: Sendable, Equatable {
        /// The whole resource, into an empty file; the length is nil if only its end will tell.
        case whole(count: Int64?)
        /// The bytes from the offset on; `total` is that of the whole.
        case part(count: Int64, total: Int64?)
        /// No bytes of ours: a redirect, an error.
        case other
        /// A success that does not continue what is in the file.
        case restart
        /// Nothing to use, whatever is in the file.
        case unusable(String)
    }

    /// The length of the file, whose end the answer has to continue.
    package var offset: Int64
    package var total: Int64?
    package var validators = Validators()
    /// The answer has to name the validator, because the request had no condition.
    package var needsValidator = false
    package var allowsUnknownLength = false

    package init(offset: Int64 = 0, total: Int64? = nil) {
        self.offset = offset
        self.total = total
    }

    package func judge(_ head: ResponseHead) -> Judgement {
        switch head.status {
        case 206: part(head)
        case 200, 201, 202: offset > 0 ? .restart : whole(head)
        case 204: offset > 0 ? .restart : .whole(count: 0)
        default: .other
        }
    }

    private func whole(_ head: ResponseHead) -> Judgement {
        if Self.isEncoded(head.fields) { return .unusable("the body is encoded although that was not asked for") }
        switch Self.length(head.fields) {
        case .none where Self.hasEnd(head) || allowsUnknownLength: return .whole(count: nil)
        case .none: return .unusable("neither its length nor its end is marked")
        case .count(let count): return .whole(count: count)
        case .nonsense: return .unusable("the Content-Length is no length")
        }
    }

    private func part(_ head: ResponseHead) -> Judgement {
        guard offset > 0 else { return .unusable("a part was sent although the whole was asked for") }
        if Self.isEncoded(head.fields) { return .restart }
        let type = (head.fields["Content-Type"] ?? "").lowercased()
        if type.hasPrefix("multipart/") { return .restart }
        guard case .part(let first, let last, let whole) = head.fields["Content-Range"].flatMap(ContentRange.init),
            first == offset, head.fields.values("Content-Range").count == 1
        else { return .restart }
        if let total, (whole ?? total) != total || last >= total { return .restart }
        if let tag = head.fields["ETag"].flatMap(Validators.strong), let ours = validators.entityTag, tag != ours {
            return .restart
        }
        if needsValidator, !names(head.fields) { return .restart }
        let count = last - first + 1
        switch Self.length(head.fields) {
        case .none: break
        case .count(let length): if length != count { return .restart }
        case .nonsense: return .restart
        }
        return .part(count: count, total: whole ?? total)
    }

    private func names(_ fields: HeaderFields) -> Bool {
        if let ours = validators.entityTag { return fields["ETag"]?.trimmed == ours }
        if let ours = validators.lastModified { return fields["Last-Modified"]?.trimmed == ours }
        return false
    }

    private static func isEncoded(_ fields: HeaderFields) -> Bool {
        fields.values("Content-Encoding").contains { !["", "identity"].contains($0.trimmed.lowercased()) }
    }

    private enum Length { case none, count(Int64), nonsense }

    private static func length(_ fields: HeaderFields) -> Length {
        // A transfer coding has its own end, and beats the length (RFC 9112, section 6.3).
        if fields["Transfer-Encoding"] != nil { return .none }
        // The same number twice is one (RFC 9110, section 8.6).
        let values = Set(
            fields.values("Content-Length").flatMap {
                $0.split(separator: ",", omittingEmptySubsequences: false).map { String($0).trimmed }
            })
        guard let value = values.first else { return .none }
        guard values.count == 1, let count = ContentRange.number(value) else { return .nonsense }
        return .count(count)
    }

    /// Whether the protocol marks the end of a body whose length is not told.
    private static func hasEnd(_ head: ResponseHead) -> Bool {
        let codings = (head.fields["Transfer-Encoding"] ?? "").lowercased()
        return codings.trimmed.hasSuffix("chunked") || head.version.hasPrefix("HTTP/2")
            || head.version.hasPrefix("HTTP/3")
    }
}
