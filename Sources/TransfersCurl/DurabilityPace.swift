// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import TransfersCore

/// When the sink is synced: as often as was asked for, and in no more than a twentieth of the time.
struct DurabilityPace {
    let terms: Exchange.Durability
    private(set) var isSyncing = false
    /// Set when the body has ended: where.
    var finalOffset: Int64?
    /// The offset that the last sync covers, or will.
    private var asked: Int64?
    private var syncedAt: Int64 = 0
    private var took: Int64 = 0
    private var isAbandoned = false

    init(_ terms: Exchange.Durability) {
        self.terms = terms
    }

    mutating func begin(at offset: Int64) {
        asked = offset
    }

    /// Up to where to sync now, if it is time; without `elapsed` (microseconds) it is.
    mutating func next(written: Int64, elapsed: Int64?) -> Int64? {
        guard !isSyncing, !isAbandoned, let asked, written > asked else { return nil }
        if let elapsed {
            let passed = elapsed - syncedAt
            guard written - asked >= terms.bytes || passed >= Int64(terms.seconds) * 1_000_000 else { return nil }
            guard passed >= 19 * took else { return nil }
        }
        isSyncing = true
        self.asked = written
        return written
    }

    mutating func synced(upTo offset: Int64, took microseconds: Int64, elapsed: Int64) {
        isSyncing = false
        took = microseconds
        syncedAt = elapsed
    }

    /// The sink failed: nothing more is made durable.
    mutating func abandon() {
        isAbandoned = true
    }
}
