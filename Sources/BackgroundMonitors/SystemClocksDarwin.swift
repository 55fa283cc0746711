// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if canImport(Darwin)
import BackgroundSurroundings
import Darwin
import Dispatch

extension Moment {
    /// The clocks as they read now. There CLOCK_MONOTONIC counts sleep and CLOCK_UPTIME_RAW, Dispatch's clock,
    /// does not (clock_gettime(3)).
    static func reading() -> Moment {
        Moment(
            wall: WallTime(microseconds: microseconds(CLOCK_REALTIME)),
            boot: microseconds(CLOCK_MONOTONIC),
            awake: microseconds(CLOCK_UPTIME_RAW))
    }

    private static func microseconds(_ clock: clockid_t) -> Int64 {
        var reading = timespec()
        clock_gettime(clock, &reading)
        return Int64(reading.tv_sec) * 1_000_000 + Int64(reading.tv_nsec) / 1_000
    }
}

extension DispatchWallTime {
    /// Microseconds since 1970, not negative.
    init(microseconds: Int64) {
        let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
        self.init(timespec: timespec(tv_sec: .init(seconds), tv_nsec: .init(rest * 1_000)))
    }
}
#endif
