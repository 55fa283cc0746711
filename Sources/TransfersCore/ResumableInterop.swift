// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Which of the drafts of resumable uploads a server speaks, by their interop versions.
public enum ResumableInterop: Int, Sendable, Codable, CaseIterable {
    /// Draft -01: `Upload-Incomplete`.
    case three = 3
    /// Draft -03: `Upload-Complete`.
    case five = 5
    /// Drafts -04 and -05: `application/partial-upload`, `Upload-Limit`, `Upload-Length`.
    case six = 6
    /// Drafts -06 to -08.
    case seven = 7
    /// Drafts from -09 on.
    case eight = 8
    /// The standard: no version is named any more.
    case final = 0

    var saysIncomplete: Bool { self == .three }
    var hasLengthAndType: Bool { self == .final || rawValue >= 6 }
    /// Old drafts do not name completeness in every last answer.
    var mayLeaveOutComplete: Bool { self == .three || self == .five }

    func mark(_ fields: inout HeaderFields, isComplete: Bool) {
        if saysIncomplete {
            fields["Upload-Incomplete"] = isComplete ? "?0" : "?1"
        } else {
            fields["Upload-Complete"] = isComplete ? "?1" : "?0"
        }
    }

    func version(_ fields: inout HeaderFields) {
        if self != .final { fields["Upload-Draft-Interop-Version"] = "\(rawValue)" }
    }

    /// What an answer says of completeness; nil if it does not.
    func isComplete(_ fields: HeaderFields) -> Bool? {
        let name = saysIncomplete ? "Upload-Incomplete" : "Upload-Complete"
        let values = fields.values(name)
        guard values.count == 1, case .boolean(let value) = StructuredItem(values[0]) else { return nil }
        return saysIncomplete ? !value : value
    }

    /// Whether an interim answer is of this version; others are to be ignored.
    func speaks(_ fields: HeaderFields) -> Bool {
        if self == .final { return true }
        guard let value = fields["Upload-Draft-Interop-Version"] else { return false }
        return StructuredItem(value) == .integer(Int64(rawValue))
    }
}

/// How a resumable upload begins.
public enum ResumableCreation: String, Sendable, Codable {
    /// The whole in one request up to 8 MiB, carefully above.
    case automatic
    /// The whole in the first request; where to resume is heard from an interim answer, if one gets through.
    case optimistic
    /// An empty request first: proxies swallow or break interim answers, and then nothing could be resumed.
    case careful
}
