// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Whom to believe, and who we are, in TLS. What is wrong with a certificate is never retried.
public struct TransferTrust: Sendable, Hashable, Codable {
    /// The path of a PEM file of authorities that are believed instead of the system's.
    public var authorities: String?
    /// Hashes of public keys, as `sha256//BASE64`: the server's has to be one of them, and its certificate good as well.
    /// Empty: no pins.
    public var pins: [String]
    /// The paths of PEM files of a client certificate and its key. They are read at each attempt and never copied.
    public var certificate: String?
    /// The key of ``certificate``.
    public var key: String?

    /// The system's authorities, unless said otherwise.
    public init(authorities: String? = nil, pins: [String] = [], certificate: String? = nil, key: String? = nil) {
        self.authorities = authorities
        self.pins = pins
        self.certificate = certificate
        self.key = key
    }

    /// The system's authorities, no pins, no client certificate.
    public static let system = TransferTrust()
}
