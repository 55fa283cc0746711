// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import Foundation
import SchedulingCore
import Testing

@Suite("A timeline shows what was and what comes")
struct TimelineTests {
    private func timeline(
        _ tasks: [TaskReport], _ runs: [RunReport], past: Int64 = 3600, ahead: Int64 = 3600
    ) -> Timeline {
        Timeline(
            apps: [Samples.app(tasks)], runs: runs, now: Samples.now, past: .seconds(past), ahead: .seconds(ahead))
    }

    private func drawn(_ timeline: Timeline, width: Int = 51) -> [String] {
        TimelineText(terminal: Terminal(width: width, hasColours: false), zone: Samples.zone, time: Samples.time)
            .lines(timeline)
    }

    @Test("runs lie where they were, coming ones where they will be, and now stands between")
    func picture() {
        var hourly = Samples.task("sync", .scheduled, in: 600)
        hourly.coming = [Instant(Samples.at(1800)), Instant(Samples.at(99_999))]
        let lines = drawn(
            timeline(
                [hourly, Samples.task("work", .running, in: -1200)],
                [
                    Samples.run("sync", .succeeded, ended: -3000), Samples.run("sync", .failed, ended: -1800),
                    Samples.run("sync", .interrupted, ended: -600), Samples.run("old", .succeeded, ended: -7200),
                ]))
        #expect(lines[0] == "sync  ···●·······✗······◐···│···○······○···········")
        #expect(lines[1] == "work  ···············━━━━━━━▶······················")
        #expect(lines.count == 6)
        #expect(lines[5].contains("▶ running") && lines[5].contains("○ to come") && lines[5].contains("now, 14:00:00"))
    }

    @Test("what is due already comes next; what fails is seen before what succeeds")
    func overlaps() {
        let late = timeline([Samples.task("late", .waiting, in: -3000, waitsFor: ["a network"])], [])
        let mark = late.lanes[0].marks[0]
        #expect(mark.from == Samples.now && mark.kind == .coming && mark.label == "to come, waits for a network")
        let both = timeline([], [Samples.run("x", .failed, ended: -600), Samples.run("x", .succeeded, ended: -590)])
        #expect(drawn(both)[0].contains("✗") && !drawn(both)[0].contains("●"))
    }

    @Test("ASCII is enough where nothing else can be shown")
    func ascii() {
        let terminal = Terminal(width: 60, hasColours: false, hasUnicode: false)
        let lines = TimelineText(terminal: terminal, zone: Samples.zone, time: Samples.time).lines(
            timeline([Samples.task("work", .running, in: -1200)], [Samples.run("sync", .succeeded, ended: -3000)]))
        #expect(lines.allSatisfy { $0.allSatisfy(\.isASCII) })
    }

    @Test("an empty timeline says so")
    func nothing() {
        #expect(drawn(timeline([], [])) == ["Nothing ran or is to run between 13:00:00 and 15:00:00."])
    }

    @Test("ticks are round in local time, and few", arguments: ["UTC", "Asia/Kathmandu", "America/New_York"])
    func ticks(zone: String) throws {
        let zone = try #require(TimeZone(identifier: zone))
        for days: Int64 in [1, 3, 30, 400] {
            let axis = TimeAxis(
                from: Samples.at(-days * 43_200), to: Samples.at(days * 43_200), most: 10, zone: zone)
            #expect((2...11).contains(axis.ticks.count), "\(days) days: \(axis.ticks.count)")
            for tick in axis.ticks {
                let second = tick.instant.microseconds / 1_000_000
                let local = second + Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second))))
                #expect(local % 3600 == 0)
            }
        }
        let short = TimeAxis(from: Samples.now, to: Samples.at(120), most: 5, zone: zone)
        #expect(short.ticks.map(\.instant) == [0, 60, 120].map { Samples.at($0) })
    }

    @Test("the page holds all, loads nothing, runs nothing, and escapes what it shows")
    func page() throws {
        let page = TimelinePage(zone: Samples.zone, time: Samples.time).text(
            timeline(
                [Samples.task(Samples.nasty, .scheduled, in: 600)],
                [Samples.run("sync", .failed, ended: -3000, detail: "</title><script>alert(1)</script>")]))
        #expect(page.contains("Content-Security-Policy") && page.contains("default-src 'none'"))
        for forbidden in ["<script", "http:", "https:", "src=", "href=", "@import", "url(", "<b>&\"'"] {
            #expect(!page.contains(forbidden), "\(forbidden)")
        }
        #expect(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(page.contains("&lt;b&gt;&amp;&quot;&#39;"))
        // Well-formed but for the tags that HTML never closes.
        let closed = page.replacing("<!DOCTYPE html>", with: "").replacing(#/<meta [^>]*>/#, with: "")
        var open: [Substring] = []
        for match in closed.matches(of: #/<(?<end>/?)(?<name>[a-z0-9]+)[^>]*>/#) {
            if match.output.end.isEmpty {
                open.append(match.output.name)
            } else {
                #expect(open.popLast() == match.output.name)
            }
        }
        #expect(open.isEmpty)
        #expect(page.contains("left:58.33%"))
    }

    @Test("of a great many tasks those near now are shown, and the others counted")
    func many() {
        let tasks = (0..<1000).map { Samples.task("task.\($0)", .scheduled, in: 3 * Int64($0)) }
        let lines = drawn(timeline(tasks, []))
        #expect(lines.count == 105 && lines[102] == "and 900 more tasks; --json has them all")
        #expect(lines.contains { $0.hasPrefix("task.99 ") } && !lines.contains { $0.hasPrefix("task.100 ") })
        let page = TimelinePage(zone: Samples.zone, time: Samples.time).text(timeline(tasks, []))
        #expect(page.contains("<p>and 700 more tasks</p>") && page.utf8.count < 300_000)
        #expect(TimelineReport(timeline(tasks, [])).marks.count == 1000)
    }

    @Test("an empty page is a page")
    func emptyPage() {
        let page = TimelinePage(zone: Samples.zone, time: Samples.time).text(timeline([], []))
        #expect(page.contains("Nothing ran or is to run") && page.hasSuffix("</html>\n"))
    }
}
