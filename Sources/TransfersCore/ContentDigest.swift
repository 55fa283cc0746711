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
