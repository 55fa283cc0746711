// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import Foundation
import SchedulingCore
import Testing

/// Another program that knows the calendar, run once for many answers.
private struct Peer {
    struct Failed: Error {
        let command: [String]
        let output: String
    }

    static func run(_ command: [String], input: String = "") throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.environment = ProcessInfo.processInfo.environment.merging(["TZ": "UTC", "LC_ALL": "C.UTF-8"]) { $1 }
        let (toIt, fromIt) = (Pipe(), Pipe())
        process.standardInput = toIt
        process.standardOutput = fromIt
        process.standardError = FileHandle.nullDevice
        try process.run()
        // The programs read all of it before they answer.
        try toIt.fileHandleForWriting.write(contentsOf: Data(input.utf8))
        try toIt.fileHandleForWriting.close()
        let output = String(decoding: fromIt.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(command: command, output: output) }
        return output
    }

    static let systemdIsHere = (try? run(["systemd-analyze", "calendar", "--base-time=@0", "daily"])) != nil
    static let pythonIsHere =
        (try? run(["python3", "-"], input: "import zoneinfo; zoneinfo.ZoneInfo('Europe/Warsaw')")) != nil
}

@Suite("The calendar against other programs")
struct CalendarPeersTests {
    // MARK: systemd

    /// The instants that it gives for each of some texts, and each text as it writes it itself.
    private func answers(
        _ texts: [String], after base: WallTime, count: Int
    ) throws -> [(normalized: String, instants: [WallTime])] {
        let output = try Peer.run(
            ["systemd-analyze", "calendar", "--iterations=\(count)", "--base-time=@\(base.wholeSeconds)"] + texts)
        var found: [(normalized: String, instants: [WallTime])] = []
        for line in output.split(separator: "\n") {
            let value = line.drop { $0 != ":" }.dropFirst().trimmingPrefix(" ")
            if line.hasPrefix("Normalized form:") {
                found.append((String(value), []))
            } else if line.contains("Next elapse:") || line.contains("Iter. #") {
                // "Mon 2026-03-02 09:00:00 UTC"
                let numbers = value.split { " -:".contains($0) }.compactMap { Int($0) }
                try #require(numbers.count == 6 && value.hasSuffix("UTC"), "\(line)")
                let day = CivilDate(year: numbers[0], month: numbers[1], day: numbers[2]).daysSinceEpoch
                let second = numbers[3] * 3600 + numbers[4] * 60 + numbers[5]
                found[found.count - 1].instants.append(
                    WallTime(seconds: LocalReading(day: day, secondOfDay: Int64(second)).seconds))
            }
        }
        try #require(found.count == texts.count)
        return found
    }

    @Test(
        "systemd-analyze gives the same instants in UTC, for any text that both take",
        .enabled(if: Peer.systemdIsHere, "systemd-analyze is not here: install systemd"))
    func systemd() throws {
        var numbers = SeededNumbers(252)
        let fixed = [
            "Mon..Fri *-*-* 09:00:00", "*-*~01 03:00", "*-*-* *:00,30:00", "Mon *-05~07/1", "*-2~2..4 1:2:3", "1-1",
            "9..17/4:00", "*:0/15", "Mon *-*-1..7 08:00", "*-*~07/2", "Sat,Mon..Wed 5/6:7/11:13/17", "minutely",
            "hourly",
            "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly", "annually", "*-02-29", "Mon *-02-29",
            "*-*-31 23:59:59", "*-4,6-30 12:30", "Sunday *-*~1", "tue 0:0",
        ]
        for round in 0..<4 {
            let texts = (round == 0 ? fixed : []) + (0..<60).map { _ in SampleSchedule.random(using: &numbers).text }
            let base = WallTime(seconds: Int64.random(in: 0...5_000_000_000, using: &numbers))
            let theirs = try answers(texts, after: base, count: 8)
            for (text, answer) in zip(texts, theirs) {
                let schedule = try CalendarSchedule(text)
                var ours: [WallTime] = []
                var last = base
                while ours.count < answer.instants.count, let next = schedule.next(after: last, in: .utc) {
                    ours.append(next)
                    last = next
                }
                #expect(!answer.instants.isEmpty, "\(text)")
                #expect(ours == answer.instants, "\(text)")
                #expect(try CalendarSchedule(answer.normalized) == schedule, "\(text)")
            }
            // What we write down is systemd's language too.
            let own = try texts.map { try CalendarSchedule($0).description }
            let same = try answers(own, after: base, count: 8)
            #expect(same.map(\.instants) == theirs.map(\.instants))
        }
    }

    @Test(
        "What systemd-analyze takes for no calendar text is none for us",
        .enabled(if: Peer.systemdIsHere, "systemd-analyze is not here: install systemd"))
    func refusedBySystemd() throws {
        for text in [
            "Sat..Mon", "*:*/15", "*-*-*/2", "22..3:00", "Mon 9", "*-*~03..01", "Mon, Tue 10:00", "*-*-0",
            "Tue..Mon 10:00",
            "10:00 Mon", "*-*~1,-2", "*,5:00", "25:00", "*-13-1", "*-*-32", "1:60", "..:00", "1..:00", "/5:00", "1/:00",
        ] {
            #expect(throws: Peer.Failed.self, "\(text)") { try answers([text], after: .epoch, count: 1) }
            #expect(throws: SchedulingFailure.self, "\(text)") { try CalendarSchedule(text) }
        }
    }

    // MARK: Python

    /// For each zone of the tz database that has rules of its own: offsets at random instants and around changes, and the
    /// two instants that Python has for a reading (datetime's `fold`), around changes too.
    private static let table = """
        import hashlib, os, random, zoneinfo
        from datetime import datetime, timedelta, timezone
        EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
        NAIVE = datetime(1970, 1, 1)
        rng = random.Random(9636)
        seen = set()
        def offset(zone, t):
            return int((EPOCH + timedelta(seconds=t)).astimezone(zone).utcoffset().total_seconds())
        def say_offset(name, zone, t):
            print("o", name, t, offset(zone, t))
        def say_local(name, zone, local):
            naive = NAIVE + timedelta(seconds=local)
            folds = [int(naive.replace(tzinfo=zone, fold=f).utcoffset().total_seconds()) for f in (0, 1)]
            print("l", name, local, local - folds[0], local - folds[1])
        def change(zone, t):
            step = 50 * 86400
            for _ in range(40):
                if offset(zone, t) != offset(zone, t + step):
                    low, high = t, t + step
                    while high - low > 1:
                        middle = (low + high) // 2
                        if offset(zone, middle) == offset(zone, low): low = middle
                        else: high = middle
                    return high
                t += step
        for name in sorted(zoneinfo.available_timezones()):
            path = next((p for p in (os.path.join(d, name) for d in ("/usr/share/zoneinfo",)) if os.path.isfile(p)), None)
            if path is None: continue
            with open(path, "rb") as file: digest = hashlib.sha256(file.read()).digest()
            if digest in seen: continue
            seen.add(digest)
            zone = zoneinfo.ZoneInfo(name)
            for _ in range(10):
                t = rng.randrange(-4_000_000_000, 20_000_000_000)
                say_offset(name, zone, t)
                say_local(name, zone, t)
            for first in (-2_000_000_000, 0, 1_200_000_000, 1_600_000_000, 4_500_000_000, 15_000_000_000):
                at = change(zone, first + rng.randrange(300_000_000))
                if at is None: continue
                before, after = offset(zone, at - 1), offset(zone, at)
                for t in (at - 1, at): say_offset(name, zone, t)
                low, high = at + min(before, after), at + max(before, after)
                for local in (low - 1, low, (low + high) // 2, high - 1, high): say_local(name, zone, local)
        """

    @Test(
        "Python's zoneinfo has the same offsets, and the same instants of readings, in every zone",
        .enabled(
            if: Peer.pythonIsHere, "python3 with zoneinfo and a tz database is not here: install python3 and tzdata"))
    func python() throws {
        let zones = SystemZones(directory: "/usr/share/zoneinfo")
        let lines = try Peer.run(["python3", "-"], input: Self.table).split(separator: "\n")
        var checked: [Substring: Int] = [:]
        var names: Set<Substring> = []
        var zone = ZoneRules.utc
        for line in lines {
            let words = line.split(separator: " ")
            if names.insert(words[1]).inserted { zone = try zones.rules(for: String(words[1])) }
            let numbers = words.dropFirst(2).compactMap { Int64($0) }
            checked[words[0], default: 0] += 1
            if words[0] == "o" {
                let offset = zone.offset(at: WallTime(seconds: numbers[0]))
                if offset != numbers[1] { Issue.record("\(line): our offset is \(offset)") }
            } else {
                let (first, second) = (WallTime(seconds: numbers[1]), WallTime(seconds: numbers[2]))
                let instants = zone.instants(of: LocalReading(seconds: numbers[0]))
                let isSame =
                    switch instants {
                    case .one(let instant): instant == first && instant == second
                    case .two(let one, let two): one == first && two == second
                    case .skipped(let shifted): shifted == first && second < first
                    }
                if !isSame { Issue.record("\(line): ours are \(instants)") }
            }
        }
        #expect(names.count > 250)
        #expect((checked["o"] ?? 0) > 4000 && (checked["l"] ?? 0) > 6000, "\(checked)")
    }
}
