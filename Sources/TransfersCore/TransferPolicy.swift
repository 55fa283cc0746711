// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// When and how a transfer is tried.
package struct TransferPolicy: Sendable, Equatable, Codable {
    package var retry = TransferRetryPolicy()
    package var redirects = RedirectPolicy()
    package var trust = Exchange.Trust()
    /// Seconds without a byte after which an attempt is given up.
    package var stallTimeout: Double = 60
    /// Bytes a second; nil for no limit.
    package var rateLimit: Int64?
    /// 0 to 1, like `URLSessionTask.priority`.
    package var priority: Float = 0.5
    package var allowsExpensiveNetwork = true
    package var allowsConstrainedNetwork = true
    package var allowsCellular = true
    /// Waits for unmetered network and external power, and lets the scheduler choose the moment.
    package var isDiscretionary = false
    /// Without network an attempt waits for it; else it fails.
    package var waitsForConnectivity = true
    /// A download may end where the connection does, if the server tells neither length nor end.
    package var allowsUnknownLength = false
    /// Two copies of a download are the same if date of change and length are (mirrors that name each copy differently).
    package var trustsDatesAndLength = false
    /// Which version of resumable uploads the server speaks, and how one begins.
    package var resumableInterop = ResumableInterop.eight
    package var resumableCreation = ResumableCreation.automatic
    /// The digest that is sent along with an upload; nil: none.
    package var sentDigest: ContentDigest.Algorithm?
    /// Bytes of a part of an S3 upload; nil: as few parts as are reasonable.
    package var partSize: Int64?
    /// Keeps secrets of the request (Authorization, cookies, the URL's query) in the store, for attempts after a relaunch.
    package var keepsSecrets = false

    package init() {}
}

// Most policies are all defaults, and ten thousand of them are read at a launch: only what differs is written. So a default
// that changes one day has to be written from then on, and read as the old one where it is missing.
extension TransferPolicy {
    private enum CodingKeys: String, CodingKey {
        case retry, redirects, trust, stallTimeout, rateLimit, priority, allowsExpensiveNetwork,
            allowsConstrainedNetwork
        case allowsCellular, isDiscretionary, waitsForConnectivity, allowsUnknownLength, trustsDatesAndLength
        case resumableInterop, resumableCreation, partSize, keepsSecrets
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        if values.allKeys.isEmpty { return }
        func take<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            if let written = try values.decodeIfPresent(Value.self, forKey: key) { value = written }
        }
        try take(.retry, &retry)
        try take(.redirects, &redirects)
        try take(.trust, &trust)
        try take(.stallTimeout, &stallTimeout)
        try take(.priority, &priority)
        try take(.allowsExpensiveNetwork, &allowsExpensiveNetwork)
        try take(.allowsConstrainedNetwork, &allowsConstrainedNetwork)
        try take(.allowsCellular, &allowsCellular)
        try take(.isDiscretionary, &isDiscretionary)
        try take(.waitsForConnectivity, &waitsForConnectivity)
        try take(.allowsUnknownLength, &allowsUnknownLength)
        try take(.trustsDatesAndLength, &trustsDatesAndLength)
        try take(.resumableInterop, &resumableInterop)
        try take(.resumableCreation, &resumableCreation)
        try take(.keepsSecrets, &keepsSecrets)
        rateLimit = try values.decodeIfPresent(Int64.self, forKey: .rateLimit)
        partSize = try values.decodeIfPresent(Int64.self, forKey: .partSize)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        let usual = TransferPolicy()
        if self == usual { return }
        func put<Value: Encodable & Equatable>(_ key: CodingKeys, _ value: KeyPath<Self, Value>) throws {
            if self[keyPath: value] != usual[keyPath: value] { try values.encode(self[keyPath: value], forKey: key) }
        }
        try put(.retry, \.retry)
        try put(.redirects, \.redirects)
        try put(.trust, \.trust)
        try put(.stallTimeout, \.stallTimeout)
        try put(.rateLimit, \.rateLimit)
        try put(.priority, \.priority)
        try put(.allowsExpensiveNetwork, \.allowsExpensiveNetwork)
        try put(.allowsConstrainedNetwork, \.allowsConstrainedNetwork)
        try put(.allowsCellular, \.allowsCellular)
        try put(.isDiscretionary, \.isDiscretionary)
        try put(.waitsForConnectivity, \.waitsForConnectivity)
        try put(.allowsUnknownLength, \.allowsUnknownLength)
        try put(.trustsDatesAndLength, \.trustsDatesAndLength)
        try put(.resumableInterop, \.resumableInterop)
        try put(.resumableCreation, \.resumableCreation)
        try put(.partSize, \.partSize)
        try put(.keepsSecrets, \.keepsSecrets)
    }
}
