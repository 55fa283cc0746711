// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import Testing

@Suite("Rules of time zones")
struct ZoneRulesTests {
    /// A TZif file of version 2 with 64-bit times, as RFC 9636 lays it out.
    private func file(
        version: Character = "2", types: [Int32], changes: [(Int64, UInt8)] = [], leapSeconds: UInt32 = 0,
        footer: String? = ""
    ) -> [UInt8] {
        func header(_ counts: [UInt32]) -> [UInt8] {
            Array("TZif\(version)".utf8) + [UInt8](repeating: 0, count: 15)
                + counts.flatMap { count in withUnsafeBytes(of: count.bigEndian) { Array($0) } }
        }
        var bytes = version == "\0" ? [] : header([0, 0, 0, 0, 1, 1]) + [0, 0, 0, 0, 0, 0, 0]
        bytes += header([0, 0, leapSeconds, UInt32(changes.count), UInt32(types.count), 4])
        for change in changes {
            bytes +=
                version == "\0"
                ? withUnsafeBytes(of: Int32(change.0).bigEndian) { Array($0) }
                : withUnsafeBytes(of: change.0.bigEndian) { Array($0) }
        }
        bytes += changes.map(\.1)
        for type in types { bytes += withUnsafeBytes(of: type.bigEndian) { Array($0) } + [0, 0] }
        bytes += Array("ABC\0".utf8) + [UInt8](repeating: 0, count: Int(leapSeconds) * 12)
        if let footer, version != "\0" { bytes += Array("\n\(footer)\n".utf8) }
        return bytes
    }

    private func offset(_ zone: ZoneRules, _ second: Int64) -> Int64 { zone.offset(at: WallTime(seconds: second)) }

    @Test("Offsets change at the file's instants, and by its rule after them")
    func table() throws {
        let bytes = file(
            types: [600, 3600, 7200], changes: [(-100, 1), (1_000_000_000, 2)], footer: "CET-1CEST,M3.5.0,M10.5.0/3")
        let zone = try ZoneRules(tzif: bytes, name: "made up")
        #expect(offset(zone, -101) == 600)
        #expect(offset(zone, -100) == 3600)
        #expect(offset(zone, 999_999_999) == 3600)
        #expect(offset(zone, 1_000_000_000) == 7200)
        // 2001-10-28 01:00 UTC, by the rule.
        #expect(offset(zone, 1_004_230_799) == 7200)
        #expect(offset(zone, 1_004_230_800) == 3600)
        // 2200-07-01.
        #expect(offset(zone, 7_273_756_800) == 7200)
    }

    @Test("A file of the first version has short times and no rule")
    func firstVersion() throws {
        let zone = try ZoneRules(
            tzif: file(version: "\0", types: [0, 3600], changes: [(-5, 1), (7, 0), (9, 1)]), name: "made up")
        #expect([-6, -5, 6, 7, 8, 9, 9_000_000_000].map { offset(zone, $0) } == [0, 3600, 3600, 0, 0, 3600, 3600])
    }

    @Test("Rules as a variable spells them: negative summer time, summer all year, late hours, days by number")
    func posix() throws {
        // Ireland: winter is the exception.
        let dublin = try #require(ZoneRules(posix: "IST-1GMT0,M10.5.0,M3.5.0/1"))
        #expect(offset(dublin, 1_783_000_000) == 3600)  // July 2026
        #expect(offset(dublin, 1_768_000_000) == 0)  // January 2026
        // RFC 9636, section 3.3.1: a zone that is always on summer time.
        let always = try #require(ZoneRules(posix: "XXX3EDT4,0/0,J365/23"))
        for second in stride(from: Int64(1_700_000_000), to: 1_780_000_000, by: 3600) {
            if offset(always, second) != -14_400 { Issue.record("not always: \(second)") }
        }
        // Godthab, until 2023: the day before, by 22 hours of a Saturday.
        let nuuk = try #require(ZoneRules(posix: "<-03>3<-02>,M3.5.0/-2,M10.5.0/-1"))
        #expect(offset(nuuk, 1_679_792_399) == -10_800)  // 2023-03-25 22:00 local
        #expect(offset(nuuk, 1_679_792_400) == -7200)
        // Days by number: J60 is 1 March in each year; 59 is 29 February in a leap year.
        let numbered = try #require(ZoneRules(posix: "AAA0BBB,J60/0,J61/0"))
        let zeroBased = try #require(ZoneRules(posix: "AAA0BBB,59/0,60/0"))
        for year in 2023...2028 {
            let march = Int64(CivilDate(year: year, month: 3, day: 1).daysSinceEpoch) * 86_400
            #expect(offset(numbered, march) == 3600 && offset(numbered, march - 1) == 0)
            #expect(offset(zeroBased, march + 60) == (CivilDate.isLeap(year) ? 0 : 3600))
        }
        for text in [
            "", "A", "CET", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0", "CET-25",
            "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,J0,J5", "<CET-1", "CET-1CEST,M3.5.0,M10.5.0 ", "CET-1:60",
            String(repeating: "A", count: 1000),
        ] { #expect(ZoneRules(posix: text) == nil, "\(text)") }
    }

    @Test("What is no zone's file is refused with its reason")
    func refused() throws {
        let good = file(types: [0, 3600], changes: [(5, 1)], footer: "ABC-1")
        #expect(throws: Never.self) { try ZoneRules(tzif: good, name: "good") }
        for (bytes, cause) in [
            ([], "cut short"), (Array("no zone".utf8) + [UInt8](repeating: 0, count: 99), "no TZif file"),
            (file(types: []), "names no offset"), (file(types: [100_000]), "an offset is more than a day"),
            (file(types: [.min]), "an offset is more than a day"),
            (file(types: [0, 1], changes: [(5, 1), (5, 0)]), "not in order"),
            (file(types: [0], changes: [(5, 1)]), "not there"), (file(types: [0], leapSeconds: 1), "leap seconds"),
            (file(types: [0], footer: "nonsense,"), "the rule at its end"),
            (file(types: [0], footer: nil), "end is missing"),
            ([UInt8](repeating: 0, count: 70_000), "too large"),
        ] as [([UInt8], String)] {
            do {
                _ = try ZoneRules(tzif: bytes, name: "Bad/File")
                Issue.record("taken, but \(cause)")
            } catch {
                #expect(error.cause.contains(cause), "\(error)")
                #expect(error.subject == "Bad/File")
            }
        }
        for length in 0..<good.count {
            #expect(throws: ZoneFailure.self) { try ZoneRules(tzif: Array(good.prefix(length)), name: "cut") }
        }
    }

    @Test("A reading is shown once, twice or not at all")
    func readings() throws {
        let zone = try #require(ZoneRules(posix: "CET-1CEST,M3.5.0,M10.5.0/3"))
        func reading(_ month: Int, _ day: Int, _ hour: Int, _ minute: Int) -> LocalReading {
            LocalReading(
                day: CivilDate(year: 2026, month: month, day: day).daysSinceEpoch,
                secondOfDay: Int64(hour * 3600 + minute * 60))
        }
        func instant(_ month: Int, _ day: Int, _ hour: Int, _ minute: Int) -> WallTime {
            ZoneRules.utc.instants(of: reading(month, day, hour, minute)).instant
        }
        #expect(zone.instants(of: reading(3, 29, 1, 59)) == .one(instant(3, 29, 0, 59)))
        #expect(zone.instants(of: reading(3, 29, 2, 0)) == .skipped(shifted: instant(3, 29, 1, 0)))
        #expect(zone.instants(of: reading(3, 29, 2, 59)) == .skipped(shifted: instant(3, 29, 1, 59)))
        #expect(zone.instants(of: reading(3, 29, 3, 0)) == .one(instant(3, 29, 1, 0)))
        #expect(zone.instants(of: reading(10, 25, 1, 59)) == .one(instant(10, 24, 23, 59)))
        #expect(
            zone.instants(of: reading(10, 25, 2, 30))
                == .two(first: instant(10, 25, 0, 30), second: instant(10, 25, 1, 30)))
        #expect(zone.instants(of: reading(10, 25, 3, 0)) == .one(instant(10, 25, 2, 0)))
    }
}

extension LocalInstants {
    /// The first or only one.
    fileprivate var instant: WallTime {
        switch self {
        case .one(let instant), .two(let instant, _), .skipped(let instant): instant
        }
    }
}
