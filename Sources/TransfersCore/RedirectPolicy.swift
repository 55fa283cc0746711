// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Which redirects are followed: never from https to http, never to another scheme, never more than ``maximum``.
///
/// A body is sent again in full for 307 and 308. `Authorization`, cookies and what a hook gave stay at the origin that
/// they were made for.
public struct RedirectPolicy: Sendable, Hashable, Codable {
    /// How many in a row; the next one is a failure. 0 or less: none, and a redirect is an answer like any other.
    public var maximum: Int
    /// Refuses answers that lead to another scheme, host or port.
    public var sameOriginOnly: Bool

    /// Up to 20, to any origin.
    public init(maximum: Int = 20, sameOriginOnly: Bool = false) {
        self.maximum = maximum
        self.sameOriginOnly = sameOriginOnly
    }

    /// Follows none.
    public static let never = RedirectPolicy(maximum: 0)
    /// Follows those that stay at one scheme, host and port.
    public static let sameOrigin = RedirectPolicy(sameOriginOnly: true)
}
