// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

@testable import SchedulingStore

/// The terms of a request, as the store keeps them.
func feedTerms(_ text: String) throws {
    guard let terms = StoredTerms.decode(text) else { return }
    let kept = try StoredTerms.encode(terms)
    hold(kept.map { StoredTerms.decode($0) == terms } ?? terms.isPlain, "\(terms) is kept as \(kept ?? "nothing")")
}
