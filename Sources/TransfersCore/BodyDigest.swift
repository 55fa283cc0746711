// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The digest of a part of the source that goes along with a request, and where it is said.
struct BodyDigest: Sendable, Equatable {
    enum Place: Sendable, Equatable {
        /// `Content-Digest`: of what this request carries (RFC 9530, section 2).
        case content
        /// `Repr-Digest`: of the whole file (RFC 9530, section 3).
        case representation
        /// `Upload-Checksum` of tus.
        case tus
    }

    var algorithm: ContentDigest.Algorithm
    var range: Range<Int64>
    var places: [Place]

    /// A piece that is digested is sent again whole if it breaks off, because servers keep it all or not at all.
    static let longestPiece: Int64 = 8 << 20

    func say(_ bytes: [UInt8], in fields: inout HeaderFields) {
        let text = Base64.text(bytes)
        for place in places {
            switch place {
            case .content: fields["Content-Digest"] = "\(algorithm.rawValue)=:\(text):"
            case .representation: fields["Repr-Digest"] = "\(algorithm.rawValue)=:\(text):"
            case .tus: fields["Upload-Checksum"] = "\(algorithm.nameInTus) \(text)"
            }
        }
    }
}

extension ContentDigest.Algorithm {
    var nameInTus: String {
        switch self {
        case .md5: "md5"
        case .sha1: "sha1"
        case .sha256: "sha256"
        case .sha512: "sha512"
        }
    }
}
