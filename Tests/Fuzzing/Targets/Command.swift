// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl

/// The command line of `backgroundctl`.
func feedCommand(_ text: String) {
    let words = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    do {
        _ = try Invocation(parsing: words)
    } catch {
        hold(!"\(error)".isEmpty, "no word")
    }
}
