// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A digest of a whole representation (RFC 9530).
package struct ContentDigest: Sendable, Equatable, Codable {
    package enum Algorithm: String, Sendable, Codable, CaseIterable {
        case md5, sha1 = "sha", sha256 = "sha-256", sha512 = "sha-512"
    }

    package var algorithm: Algorithm
    package var bytes: [UInt8]

    package init(_ algorithm: Algorithm, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }
}

extension ContentDigest {
    /// As it is kept: `sha-256=BASE64`.
    var word: String { algorithm.rawValue + "=" + Base64.text(bytes) }

    init?(word: String) {
        guard let equals = word.firstIndex(of: "="), let algorithm = Algorithm(rawValue: String(word[..<equals])),
            let bytes = Base64.bytes(String(word[word.index(after: equals)...]))
        else { return nil }
        self.init(algorithm, bytes: bytes)
    }

    var isWellFormed: Bool {
        switch algorithm {
        case .md5: bytes.count == 16
        case .sha1: bytes.count == 20
        case .sha256: bytes.count == 32
        case .sha512: bytes.count == 64
        }
    }

    /// The digests of the whole that an answer announces (`Repr-Digest`, RFC 9530): strong ones only, the best first.
    package static func all(in fields: HeaderFields) -> [ContentDigest] {
        let dictionary = StructuredDictionary(fields.values("Repr-Digest").joined(separator: ", "))
        return [Algorithm.sha512, .sha256].compactMap { algorithm in
            guard case .bytes(let bytes) = dictionary?[algorithm.rawValue] else { return nil }
            let digest = ContentDigest(algorithm, bytes: bytes)
            return digest.isWellFormed ? digest : nil
        }
    }
}
