// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How many requests may be pending at once, never started yet; nil means no limit.
public struct RequestLimits: Hashable, Sendable {
    /// How many refresh requests.
    public var refresh: Int?
    /// How many processing requests.
    public var processing: Int?
    /// How many requests of all kinds together.
    public var total: Int?

    /// Limits of one's own; what is not named is not limited.
    public init(refresh: Int? = nil, processing: Int? = nil, total: Int? = nil) {
        self.refresh = refresh
        self.processing = processing
        self.total = total
    }

    /// What Apple's scheduler allows: one refresh request and ten processing requests.
    public static let apple = RequestLimits(refresh: 1, processing: 10)
    /// No limits.
    public static let unlimited = RequestLimits()

    /// The limit of one kind.
    package func limit(for kind: TaskKind) -> Int? {
        switch kind {
        case .refresh: refresh
        case .processing, .health: processing
        case .continued, .transfers: nil  // they queue
        }
    }

    /// Whether nothing is limited, so that nothing needs to be counted.
    package var isUnlimited: Bool { self == .unlimited }
}
