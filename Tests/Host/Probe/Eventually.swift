// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The one place where the probe lets time pass: its handlers wait here for what a test does outside.
enum Eventually {
    static func pause() async throws {
        try await Task.sleep(for: .milliseconds(20))
    }
}
