// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

/// The one place where the probe lets time pass: its handlers wait here for what a test does outside.
enum Eventually {
    static func pause() async throws {
        try await Task.sleep(for: .milliseconds(20))
    }

    /// The same for blocks that are not async.
    static func block() { usleep(20_000) }
}
