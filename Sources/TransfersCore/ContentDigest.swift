// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A digest of a whole representation (RFC 9530).
public struct ContentDigest: Sendable, Hashable, Codable {
    /// By the names of RFC 9530.
    public enum Algorithm: String, Sendable, Codable, CaseIterable {
        /// 16 bytes; tells damage, not malice.
        case md5
        /// 20 bytes; tells damage, not malice.
        case sha1 = "sha"
        /// 32 bytes.
        case sha256 = "sha-256"
        /// 64 bytes.
        case sha512 = "sha-512"
    }

    /// How it was computed.
    public var algorithm: Algorithm
    /// The digest itself; of another length than the algorithm's no file has it.
    public var bytes: [UInt8]

    /// A digest of this kind.
    public init(_ algorithm: Algorithm, bytes: [UInt8]) {
        self.algorithm = algorithm
        self.bytes = bytes
    }
}

extension ContentDigest {
    /// SHA-256, of its 64 hexadecimal digits; nil if they are none.
    public static func sha256(hex: String) -> ContentDigest? { ContentDigest(.sha256, hex: hex) }

    /// A digest of its hexadecimal digits, as tools print it; nil if there are others, or not as many as it takes.
    public init?(_ algorithm: Algorithm, hex: String) {
        let digits = hex.utf8.map { $0.isDigit ? Int($0) - 48 : Int($0 | 0x20) - 87 }
        guard digits.count.isMultiple(of: 2), hex.utf8.allSatisfy(\.isHexDigit) else { return nil }
        let bytes = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
        self.init(algorithm, bytes: bytes)
        guard isWellFormed else { return nil }
    }

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
