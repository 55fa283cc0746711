// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import SchedulingSystemd
import Testing

@Suite("The wake-up timer")
struct WakeupTimerTests {
    /// 2026-11-21 09:56:37.000123 UTC; up for 1000 s, of which the manager has run 900.
    private let now = Moment(
        wall: WallTime(microseconds: 1_795_254_997_000_123), boot: 2_000_000_000, awake: 1_000_000_000)
    private let managerStart: UInt64 = 100_000_000

    private func timer(in delay: Duration, retryAfterDeath: Duration = .seconds(900)) -> WakeupTimer {
        WakeupTimer(
            appIdentifier: "x", instant: now.wall.advanced(by: delay), now: now,
            managerStart: managerStart, retryAfterDeath: retryAfterDeath)
    }

    /// The value of one property.
    private func property(_ name: String, of timer: WakeupTimer) -> BusValue? {
        for property in timer.properties.elements ?? [] where property.elements?.first == .string(name) {
            if case .variant(let value)? = property.elements?.last { return value }
        }
        return nil
    }

    private func monotonic(_ startup: UInt64, _ inactive: UInt64) -> BusValue {
        .array(
            of: "(st)",
            [
                .structure([.string("OnStartupSec"), .uint64(startup)]),
                .structure([.string("OnUnitInactiveSec"), .uint64(inactive)]),
            ])
    }

    @Test("an instant ahead is armed in wall time, and just after it on the monotonic clock")
    func future() {
        let timer = timer(in: .seconds(60))
        #expect(timer.instant == now.wall.advanced(by: .seconds(60)))
        #expect(
            property("TimersCalendar", of: timer)
                == .array(of: "(ss)", [.structure([.string("OnCalendar"), .string("2026-11-21 09:57:37.000123 UTC")])]))
        #expect(property("TimersMonotonic", of: timer) == monotonic(960_002_000, 900_000_000))
        #expect(property("AccuracyUSec", of: timer) == .uint64(1))
    }

    @Test("an instant that is past fires at once, by the monotonic clock alone")
    func past() {
        for delay: Duration in [.zero, .seconds(-60), .seconds(-10_000_000_000)] {
            #expect(property("TimersCalendar", of: timer(in: delay)) == .array(of: "(ss)", []))
            #expect(property("TimersMonotonic", of: timer(in: delay)) == monotonic(0, 900_000_000))
        }
        let ancient = WakeupTimer(
            appIdentifier: "x", instant: .distantPast, now: now, managerStart: managerStart,
            retryAfterDeath: .seconds(900))
        #expect(property("TimersMonotonic", of: ancient) == monotonic(0, 900_000_000))
    }

    @Test("an instant beyond the horizon is armed at the horizon")
    func farFuture() {
        let horizon = now.wall.advanced(by: .seconds(30 * 86_400))
        #expect(timer(in: .seconds(31 * 86_400)).instant == horizon)
        let never = WakeupTimer(
            appIdentifier: "x", instant: .distantFuture, now: now, managerStart: managerStart,
            retryAfterDeath: .seconds(900))
        #expect(never.instant == horizon)
    }

    @Test("a manager that claims to have started later than the instant makes it fire at once")
    func oddManager() {
        let timer = WakeupTimer(
            appIdentifier: "x", instant: now.wall.advanced(by: .seconds(1)), now: now,
            managerStart: .max, retryAfterDeath: .seconds(900))
        #expect(property("TimersMonotonic", of: timer) == monotonic(0, 900_000_000))
    }

    @Test("the launch that died is repeated after the time that was configured")
    func retries() {
        #expect(
            property("TimersMonotonic", of: timer(in: .seconds(-1), retryAfterDeath: .seconds(5)))
                == monotonic(0, 5_000_000))
    }

    @Test(
        "instants are written in UTC to the microsecond",
        arguments: [
            (0, "1970-01-01 00:00:00.000000 UTC"), (-1, "1969-12-31 23:59:59.999999 UTC"),
            (951_782_400_000_000, "2000-02-29 00:00:00.000000 UTC"),
            (1_709_251_199_999_999, "2024-02-29 23:59:59.999999 UTC"),
            (4_107_542_400_000_000, "2100-03-01 00:00:00.000000 UTC"),
        ] as [(Int64, String)])
    func writesUTC(_ microseconds: Int64, _ text: String) {
        #expect(UTCText.calendar(WallTime(microseconds: microseconds)) == text)
    }

    @Test("systemd reads back the instants that we write")
    func readsBack() throws {
        let text = UTCText.calendar(now.wall.advanced(by: .seconds(400_000_000)))
        let answer = try output(of: "/usr/bin/systemd-analyze", ["calendar", text])
        // It leaves out the date's part that `calendar` prints for people; the normal form has all of it.
        #expect(answer.contains("Normalized form: " + text))
    }

    @Test("values know their signatures")
    func signatures() {
        #expect(timer(in: .zero).properties.signature == "a(sv)")
        #expect(BusValue.entry(.string("a"), .variant(.bool(true))).signature == "{sv}")
        #expect(BusValue.structure([.path("/"), .int32(1), .uint32(1), .int64(1), .double(0)]).signature == "(oiuxd)")
    }
}

#endif
