// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import Dispatch
import Glibc

extension Moment {
    /// The clocks as they read now (clock_gettime(2)).
    static func reading() -> Moment {
        Moment(
            wall: WallTime(microseconds: microseconds(CLOCK_REALTIME)),
            boot: microseconds(CLOCK_BOOTTIME),
            awake: microseconds(CLOCK_MONOTONIC))
    }

    /// One clock. It cannot fail: the clock exists on every Linux, and the pointer is good.
    private static func microseconds(_ clock: clockid_t) -> Int64 {
        var reading = timespec()
        clock_gettime(clock, &reading)
        return Int64(reading.tv_sec) * 1_000_000 + Int64(reading.tv_nsec) / 1_000
    }
}

extension SystemClocks {
    package func watchSettings(_ onSet: @escaping @Sendable () -> Void) -> (any Sendable & AnyObject)? {
        ClockSettings(onSet)
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
