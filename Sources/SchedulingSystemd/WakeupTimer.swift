// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// The settings of one transient wake-up timer, as `StartTransientUnit` takes them. It starts the service of its own
/// name; `Unit=` cannot be set on a transient timer.
///
/// Three bases, so that whatever happens to the clock or to the launch, one of them fires:
/// - the instant itself in wall time. An instant that is past by the time systemd reads it never fires, silently;
/// - hence its twin on the monotonic clock, relative to the manager's start, which fires at once when it is past;
/// - and the end of the launched service, for a launch that died before it armed anew.
///
/// It fires as well when the clock or the time zone is set (systemd.timer(5), `OnClockChange=`, `OnTimezoneChange=`): what
/// waits for an instant that a wrong clock made up would wait for it even though the clock is right again.
package struct WakeupTimer: Hashable, Sendable {
    /// Beyond this, the horizon is armed instead; systemd refuses far years, and the launch there arms again.
    package static let horizon: Duration = .seconds(30 * 86_400)
    /// The twin comes after the instant by this much. If it came first, the instant would still lie ahead when the
    /// service ends, and fire a second time.
    static let twinDelay: Int64 = 2_000

    /// When it fires: as asked, or the horizon.
    package let instant: WallTime
    package let description: String
    let calendar: String?
    /// Microseconds after the manager's start.
    let afterStartup: UInt64
    let afterInactive: UInt64

    /// - Parameter managerStart: when the manager started, in microseconds of the awake clock.
    package init(
        appIdentifier: String, instant: WallTime, now: Moment, managerStart: UInt64, retryAfterDeath: Duration
    ) {
        self.instant = min(instant, now.wall.advanced(by: WakeupTimer.horizon))
        description = "Wake-up for the background tasks of " + appIdentifier
        afterInactive = UInt64(max(1_000_000, retryAfterDeath.clampedMicroseconds))
        guard self.instant > now.wall else {
            calendar = nil
            afterStartup = 0
            return
        }
        calendar = UTCText.calendar(self.instant)
        // At most 30 days, so that nothing here overflows.
        let awake = now.awake + self.instant.microseconds - now.wall.microseconds + WakeupTimer.twinDelay
        afterStartup = awake > Int64(clamping: managerStart) ? UInt64(awake) - managerStart : 0
    }

    /// The argument `a(sv)` of `StartTransientUnit`.
    package var properties: BusValue {
        let calendars = (calendar.map { [BusValue.structure([.string("OnCalendar"), .string($0)])] }) ?? []
        return .array(
            of: "(sv)",
            [
                .property("Description", .string(description)),
                .property("TimersCalendar", .array(of: "(ss)", calendars)),
                .property(
                    "TimersMonotonic",
                    .array(
                        of: "(st)",
                        [
                            .structure([.string("OnStartupSec"), .uint64(afterStartup)]),
                            .structure([.string("OnUnitInactiveSec"), .uint64(afterInactive)]),
                        ])),
                .property("AccuracyUSec", .uint64(1)),
                // Instants may have to be counted anew: a launch does that, and arms again.
                .property("OnClockChange", .bool(true)),
                .property("OnTimezoneChange", .bool(true)),
                // One that cannot fire again goes away, and is seen to be missing.
                .property("RemainAfterElapse", .bool(false)),
                .property("CollectMode", .string("inactive-or-failed")),
            ])
    }
}
