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

// Most policies are all defaults, and ten thousand of them are read at a launch: such a one is not written. Synthesized code
// calls these, for they are the more special ones. A default that changes one day has to be written from then on, and a
// missing policy read as the old one.
extension KeyedEncodingContainer {
    mutating func encode(_ policy: TransferPolicy, forKey key: Key) throws {
        try encodeIfPresent(policy == TransferPolicy() ? nil : policy, forKey: key)
    }
}

extension KeyedDecodingContainer {
    func decode(_ type: TransferPolicy.Type, forKey key: Key) throws -> TransferPolicy {
        try decodeIfPresent(type, forKey: key) ?? TransferPolicy()
    }
}
