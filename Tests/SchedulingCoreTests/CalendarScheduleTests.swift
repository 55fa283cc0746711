// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing

@testable import SchedulingCore

@Suite("Calendar schedules")
struct CalendarScheduleTests {
    private static let warsaw = ZoneRules(posix: "CET-1CEST,M3.5.0,M10.5.0/3")!
    private static let newYork = ZoneRules(posix: "EST5EDT,M3.2.0,M11.1.0")!

    /// "2026-03-08 07:30:00", in UTC.
    private func instant(_ text: String) -> WallTime {
        let numbers = text.split { "- :".contains($0) }.map { Int($0)! }
        let day = CivilDate(year: numbers[0], month: numbers[1], day: numbers[2]).daysSinceEpoch
        return WallTime(seconds: Int64(day) * 86_400 + Int64(numbers[3] * 3600 + numbers[4] * 60 + numbers[5]))
    }

    private func text(_ instant: WallTime) -> String {
        let reading = ZoneRules.utc.reading(at: instant)
        let date = CivilDate(daysSinceEpoch: reading.day)
        let second = Int(reading.secondOfDay)
        return "\(date.year)-\(date.month.twoDigits)-\(date.day.twoDigits) "
            + "\((second / 3600).twoDigits):\((second / 60 % 60).twoDigits):\((second % 60).twoDigits)"
    }

    private func next(_ count: Int, of schedule: CalendarSchedule, after start: String, in zone: ZoneRules) -> [String]
    {
        var instants: [String] = []
        var last = instant(start)
        while instants.count < count, let next = schedule.next(after: last, in: zone) {
            instants.append(text(next))
            last = next
        }
        return instants
    }

    @Test("Days, weeks, months and hours come as they are called")
    func factories() throws {
        let daily = try CalendarSchedule.daily(at: .init(17), .init(9, 30))
        #expect(
            next(3, of: daily, after: "2026-05-01 09:30:00", in: .utc)
                == ["2026-05-01 17:00:00", "2026-05-02 09:30:00", "2026-05-02 17:00:00"])
        let weekly = try CalendarSchedule.weekly(on: .sunday, .thursday, at: .midnight)
        #expect(
            next(3, of: weekly, after: "2026-01-01 00:00:00", in: .utc)
                == ["2026-01-04 00:00:00", "2026-01-08 00:00:00", "2026-01-11 00:00:00"])
        let monthly = try CalendarSchedule.monthly(on: .day(31), .last, .beforeLast(1), at: .noon)
        #expect(
            next(5, of: monthly, after: "2028-02-01 00:00:00", in: .utc)
                == [
                    "2028-02-28 12:00:00", "2028-02-29 12:00:00", "2028-03-30 12:00:00", "2028-03-31 12:00:00",
                    "2028-04-29 12:00:00",
                ])
        let hourly = try CalendarSchedule.hourly(atMinutes: 5, 35)
        #expect(
            next(3, of: hourly, after: "2026-12-31 23:05:00", in: .utc)
                == ["2026-12-31 23:35:00", "2027-01-01 00:05:00", "2027-01-01 00:35:00"])
        let summer = try CalendarSchedule.monthly(on: .day(1), at: .noon).only(in: .june, .august)
        #expect(
            next(3, of: summer, after: "2026-06-01 12:00:00", in: .utc)
                == ["2026-08-01 12:00:00", "2027-06-01 12:00:00", "2027-08-01 12:00:00"])
    }

    @Test("A skipped time runs once, at the instant at which clocks would have shown it")
    func gap() throws {
        let nightly = try CalendarSchedule.daily(at: .init(2, 30))
        #expect(
            next(3, of: nightly, after: "2026-03-28 00:00:00", in: Self.warsaw)
                == ["2026-03-28 01:30:00", "2026-03-29 01:30:00", "2026-03-30 00:30:00"])
        // 02:30 is shifted behind 03:10, which clocks show as always.
        let twice = try CalendarSchedule.daily(at: .init(2, 30), .init(3, 10))
        #expect(
            next(4, of: twice, after: "2026-03-28 12:00:00", in: Self.warsaw)
                == ["2026-03-29 01:10:00", "2026-03-29 01:30:00", "2026-03-30 00:30:00", "2026-03-30 01:10:00"])
        // 02:30 is shifted onto 03:30, and the two are one.
        let met = try CalendarSchedule.daily(at: .init(2, 30), .init(3, 30))
        #expect(
            next(3, of: met, after: "2026-03-28 12:00:00", in: Self.warsaw)
                == ["2026-03-29 01:30:00", "2026-03-30 00:30:00", "2026-03-30 01:30:00"])
        #expect(
            met.count(after: instant("2026-03-28 12:00:00"), through: instant("2026-03-29 12:00:00"), in: Self.warsaw)
                == 1)
    }

    @Test("A time that comes twice runs the first time; an hourly schedule runs both times")
    func overlap() throws {
        let nightly = try CalendarSchedule.daily(at: .init(1, 30))
        #expect(
            next(2, of: nightly, after: "2026-11-01 00:00:00", in: Self.newYork)
                == ["2026-11-01 05:30:00", "2026-11-02 06:30:00"])
        let hourly = try CalendarSchedule.hourly(atMinutes: 30)
        #expect(
            next(3, of: hourly, after: "2026-11-01 05:00:00", in: Self.newYork)
                == ["2026-11-01 05:30:00", "2026-11-01 06:30:00", "2026-11-01 07:30:00"])
        #expect(
            nightly.previous(atOrBefore: instant("2026-11-01 06:59:00"), in: Self.newYork).map(text)
                == "2026-11-01 05:30:00")
        #expect(
            hourly.previous(atOrBefore: instant("2026-11-01 06:59:00"), in: Self.newYork).map(text)
                == "2026-11-01 06:30:00")
    }

    @Test(
        "What cannot happen is refused with a sentence that says why",
        arguments: [
            ("*-02-31", "no year has such a day"), ("*-04~31 03:00", "no year has such a day"),
            ("09:75", "the minute 75 is not between 0 and 59"), ("24:00", "the hour 24"), ("", "it is empty"),
            ("Mon..Fri 2026-*-* 09:00", "names a year"), ("09:00 Europe/Warsaw", "a time zone is not part"),
            ("09:00 *-*-1", "dates come before times"),
            ("Fri..Mon 9:00", "do not go from"), ("*:*:*", "86400 times a day"), ("Foo 09:00", "no weekday"),
            ("*-13-01", "the month 13"), ("*-*-0", "the day 0"), ("9..8:00", "do not go from"),
            ("5/0:00", "the step 0"),
            ("9", "neither a date"), ("1:2:3:4", "is no time"), (",", "neither a date"), ("99999:00", "is no hour"),
        ])
    func refused(text: String, cause: String) {
        do {
            let schedule = try CalendarSchedule(text)
            Issue.record("\(text) is taken for \(schedule)")
        } catch {
            #expect(error.code == .invalidArgument)
            #expect(error.cause.contains(cause), "\(error)")
        }
    }

    @Test("Mistakes in code are errors too")
    func mistakes() throws {
        #expect(throws: SchedulingFailure.self) { try TimeOfDay(24) }
        #expect(throws: SchedulingFailure.self) { try TimeOfDay(-1, 0) }
        #expect(throws: SchedulingFailure.self) { try TimeOfDay(0, 0, 60) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.daily() }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.daily(at: [TimeOfDay]()) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.weekly(on: [Weekday](), at: [.noon]) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.weekly(on: .monday) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.monthly(on: .day(0), at: .noon) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.monthly(on: .day(.min), at: .noon) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.monthly(on: .beforeLast(31), at: .noon) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.monthly(on: .beforeLast(.min), at: .noon) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.monthly(at: .noon) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.hourly() }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.hourly(atMinutes: 60) }
        #expect(throws: SchedulingFailure.self) {
            try CalendarSchedule.monthly(on: .day(31), at: .noon).only(in: .february, .april)
        }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.daily(at: .noon).only() }
    }

    @Test(
        "Text is kept in one form",
        arguments: [
            ("mon,TUE,Wednesday,sun 9:5", "Mon..Wed,Sun *-*-* 09:05:00"), ("*-2~1", "*-02~01 00:00:00"),
            ("*:0/15", "*-*-* *:00,15,30,45:00"), ("hourly", "*-*-* *:00:00"),
            ("*-*~07/2 3:00", "*-*~01,03,05,07 03:00:00"), ("12-24,31 18:00", "*-12-24,31 18:00:00"),
            ("*-*-1 *-*~1 9:00 17:30", "*-*-01 *-*~01 09:00:00 17:30:00"), ("minutely", "*-*-* *:*:00"),
            ("1-1 7-14 9..17/4:00", "*-01-01 *-07-14 09,13,17:00:00"), ("Sat *-*-1..7", "Sat *-*-01..07 00:00:00"),
        ])
    func canonical(text: String, canonical: String) throws {
        let schedule = try CalendarSchedule(text)
        #expect(schedule.description == canonical)
        #expect(try CalendarSchedule(canonical) == schedule)
    }
}
