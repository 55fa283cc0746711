// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Glibc

/// The clocks, read as directly as in the C programs.
enum Clock {
    /// Microseconds of the wall clock.
    static func wall() -> Int64 { nanoseconds(CLOCK_REALTIME) / 1000 }

    /// Nanoseconds of the monotonic clock.
    static func monotonic() -> Int64 { nanoseconds(CLOCK_MONOTONIC) }

    private static func nanoseconds(_ clock: clockid_t) -> Int64 {
        var reading = timespec()
        clock_gettime(clock, &reading)
        return Int64(reading.tv_sec) * 1_000_000_000 + Int64(reading.tv_nsec)
    }
}
