// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

/// The one place where these programs let time pass: what they do in between is at random moments on purpose.
enum Eventually {
    /// A pause on this thread.
    static func rest(milliseconds: Int) { usleep(UInt32(max(0, milliseconds)) * 1_000) }

    /// Work of a handler; throws when it is told to stop.
    static func work(milliseconds: Int) async throws {
        try await Task.sleep(for: .milliseconds(milliseconds))
    }

    /// Seconds since boot.
    static var uptime: Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
