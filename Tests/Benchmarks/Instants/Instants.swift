// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import Foundation
import SchedulingCore

/// How long the next instant of a calendar schedule takes to find, by ours and by Foundation's `Calendar`; they have to
/// agree. `instants ROUNDS` prints two numbers for each round: nanoseconds for one instant of ours, and of Foundation's.
///
/// Of the package itself, not of a user's: finding an instant is no public call.
@main
enum Instants {
    static let zone = "Europe/Warsaw"
    static let hour = 7
    static let minute = 30
    /// So many instants in a row are one measurement.
    static let count = 400

    static func main() throws {
        let rounds = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 20
        let schedule = try CalendarSchedule.daily(at: TimeOfDay(hour, minute))
        let rules = try SystemZones().rules(for: zone)
        var calendar = Calendar(identifier: .gregorian)
        guard let named = TimeZone(identifier: zone) else { return fail("no zone \(zone)") }
        calendar.timeZone = named
        let components = DateComponents(hour: hour, minute: minute, second: 0)
        for round in 0..<rounds {
            // Each round begins on another day, and passes at least two changes of the clocks.
            let start = 1_790_000_000 + Int64(round) * 86_400 * 17
            let (ours, first) = try measured { try instants(of: schedule, in: rules, after: start) }
            let (theirs, second) = try measured { instants(matching: components, in: calendar, after: start) }
            guard first == second else { return fail("they differ after \(start)") }
            print(ours)
            print(theirs)
        }
    }

    private static func instants(of schedule: CalendarSchedule, in rules: ZoneRules, after start: Int64) throws
        -> [Int64]
    {
        var instant = WallTime(microseconds: start * 1_000_000)
        var found: [Int64] = []
        found.reserveCapacity(count)
        while found.count < count, let next = schedule.next(after: instant, in: rules) {
            found.append(next.microseconds / 1_000_000)
            instant = next
        }
        return found
    }

    private static func instants(
        matching components: DateComponents, in calendar: Calendar, after start: Int64
    ) -> [Int64] {
        var date = Date(timeIntervalSince1970: TimeInterval(start))
        var found: [Int64] = []
        found.reserveCapacity(count)
        while found.count < count,
            let next = calendar.nextDate(after: date, matching: components, matchingPolicy: .nextTime)
        {
            found.append(Int64(next.timeIntervalSince1970))
            date = next
        }
        return found
    }

    private static func measured(_ body: () throws -> [Int64]) rethrows -> (Int64, [Int64]) {
        let start = nanoseconds()
        let instants = try body()
        return ((nanoseconds() - start) / Int64(max(1, instants.count)), instants)
    }

    private static func nanoseconds() -> Int64 {
        var reading = timespec()
        clock_gettime(CLOCK_MONOTONIC, &reading)
        return Int64(reading.tv_sec) * 1_000_000_000 + Int64(reading.tv_nsec)
    }

    private static func fail(_ cause: String) {
        FileHandle.standardError.write(Data("instants: \(cause)\n".utf8))
        exit(2)
    }
}
