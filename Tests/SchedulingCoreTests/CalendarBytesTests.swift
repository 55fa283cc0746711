// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import Foundation
import SchedulingCore
import Testing

@Suite("Calendar texts and zone files of any bytes")
struct CalendarBytesTests {
    /// What a mutation may put in: the characters that mean something, and some that do not.
    private static let alphabet = Array("0123456789*-~:,./ MonTueFriSat\t~..*:é\u{0}\u{7f}".utf8)

    @Test("Whatever the text is, it is a schedule or an error, and a schedule's text makes the same schedule")
    func texts() throws {
        var numbers = SeededNumbers(2026)
        var taken = 0
        for round in 0..<12_000 {
            var bytes: [UInt8]
            if round % 3 == 0 {
                bytes = (0..<Int.random(in: 0...40, using: &numbers)).map { _ in
                    UInt8.random(in: 0...255, using: &numbers)
                }
            } else {
                bytes = Array(SampleSchedule.random(using: &numbers).text.utf8)
                for _ in 0..<Int.random(in: 0...3, using: &numbers) {
                    let index = Int.random(in: 0...bytes.count, using: &numbers)
                    let new = Self.alphabet.randomElement(using: &numbers) ?? 0
                    if index < bytes.count, Bool.random(using: &numbers) {
                        bytes[index] = new
                    } else {
                        bytes.insert(new, at: index)
                    }
                }
            }
            guard let schedule = try? CalendarSchedule(String(decoding: bytes, as: UTF8.self)) else { continue }
            taken += 1
            try #require(try CalendarSchedule(schedule.description) == schedule)
        }
        #expect(taken > 2000, "the mutations are too wild to show anything")
    }

    @Test("Text of any length is an answer, and the longest schedule's own text is taken back")
    func lengths() throws {
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule(String(repeating: "9", count: 1_000_000)) }
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule(String(repeating: "00:00 ", count: 100_000)) }
        // Times that are no product of hours and minutes: each is written for itself.
        let times = try (0..<1440).map { try TimeOfDay($0 / 60, $0 % 60, $0 % 59) }
        let schedule = try CalendarSchedule.daily(at: times)
        #expect(schedule.description.utf8.count > 12_000)
        #expect(try CalendarSchedule(schedule.description) == schedule)
        #expect(throws: SchedulingFailure.self) { try CalendarSchedule.daily(at: times + [TimeOfDay(0, 0, 59)]) }
    }

    @Test("A schedule is coded as its text; what is no schedule fails to decode")
    func coding() throws {
        let schedule = try CalendarSchedule("Mon..Fri 09:00")
        let data = try JSONEncoder().encode([schedule])
        #expect(String(decoding: data, as: UTF8.self) == #"["Mon..Fri *-*-* 09:00:00"]"#)
        #expect(try JSONDecoder().decode([CalendarSchedule].self, from: data) == [schedule])
        #expect(throws: SchedulingFailure.self) {
            try JSONDecoder().decode([CalendarSchedule].self, from: Data(#"["31 February"]"#.utf8))
        }
    }

    @Test("Whatever a zone's file holds, it is rules or an error; and rules answer", .needsTimeZones)
    func files() throws {
        var numbers = SeededNumbers(99)
        var taken = 0
        let schedule = try CalendarSchedule("*:00,30")
        let rare = try CalendarSchedule("*-02-29 02:30")
        for name in ["America/New_York", "Africa/Casablanca", "Asia/Amman", "Europe/Dublin"] {
            let original = try Array(Data(contentsOf: URL(filePath: "/usr/share/zoneinfo/" + name)))
            #expect(throws: Never.self) { try ZoneRules(tzif: original, name: name) }
            for round in 0..<1500 {
                var bytes = original
                if round % 4 == 0 { bytes.removeLast(Int.random(in: 1...bytes.count, using: &numbers)) }
                // Few bytes: the head and the footer are where most of the meaning is.
                for _ in 0..<Int.random(in: 1...4, using: &numbers) where !bytes.isEmpty {
                    let index =
                        switch round % 3 {
                        case 0: Int.random(in: 0..<bytes.count, using: &numbers)
                        case 1: Int.random(in: 0..<min(50, bytes.count), using: &numbers)
                        default: bytes.count - 1 - Int.random(in: 0..<min(40, bytes.count), using: &numbers)
                        }
                    bytes[index] = UInt8.random(in: 0...255, using: &numbers)
                }
                guard let zone = try? ZoneRules(tzif: bytes, name: name) else { continue }
                taken += 1
                let start = WallTime(seconds: Int64.random(in: -6_000_000_000...9_000_000_000, using: &numbers))
                let end = WallTime(seconds: start.wholeSeconds + 40_000_000)
                for schedule in [schedule, rare] {
                    if let next = schedule.next(after: start, in: zone) { try #require(next > start) }
                    if let previous = schedule.previous(atOrBefore: start, in: zone) { try #require(previous <= start) }
                    try #require(schedule.count(after: start, through: end, in: zone) >= 0)
                }
                _ = zone.instants(of: zone.reading(at: start))
                _ = zone.instants(of: LocalReading(seconds: .max))
                _ = zone.instants(of: LocalReading(seconds: .min))
            }
        }
        #expect(taken > 500, "the mutations are too wild to show anything")
    }
}
