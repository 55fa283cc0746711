// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation

/// A timeline as one self-contained page: nothing is loaded from anywhere, no script runs, and every text is escaped.
package struct TimelinePage: Sendable {
    private let zone: TimeZone
    private let time: InstantText
    /// More rows below the picture would make it slow to open.
    private static let mostRows = 500
    private static let mostLanes = 300

    package init(zone: TimeZone, time: InstantText) {
        self.zone = zone
        self.time = time
    }

    package func text(_ timeline: Timeline) -> String {
        let title = "Background tasks, " + time.whole(timeline.now)
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(TimelinePage.escaped(title))</title>
            <style>
            \(TimelinePage.style)
            </style>
            </head>
            <body>
            <main>
            <h1>Background tasks</h1>
            <p class="when">\(TimelinePage.escaped(time.whole(timeline.from))) to \
            \(TimelinePage.escaped(time.whole(timeline.to))); now is \(TimelinePage.escaped(time.whole(timeline.now))).</p>
            \(legend(timeline))
            \(picture(timeline))
            \(table(timeline))
            </main>
            </body>
            </html>

            """
    }

    /// For text and for attributes in double quotes.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in VisibleText.escaped(text).unicodeScalars {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(character)
            }
        }
        return escaped
    }

    private func legend(_ timeline: Timeline) -> String {
        let used = Set(timeline.lanes.flatMap(\.marks).map(\.kind))
        let items = Timeline.Kind.allCases.filter(used.contains).sorted(by: >).map {
            "<li><span class=\"mark \($0)\"></span>\($0.word)</li>"
        }
        return "<ul class=\"legend\">" + (items + ["<li><span class=\"nowkey\"></span>now</li>"]).joined() + "</ul>"
    }

    private func picture(_ timeline: Timeline) -> String {
        guard !timeline.lanes.isEmpty else { return "<p>Nothing ran or is to run in this time.</p>" }
        let axis = TimeAxis(from: timeline.from, to: timeline.to, most: 12, zone: zone)
        let now = percent(timeline.position(timeline.now))
        let grid =
            axis.ticks.map { "<i style=\"left:\(percent(timeline.position($0.instant)))\"></i>" }.joined()
            + "<b style=\"left:\(now)\"></b>"
        let (shown, hidden) = timeline.shown(most: TimelinePage.mostLanes)
        let lanes = shown.map { lane in
            let marks = lane.marks.map { mark(in: timeline, $0) }.joined(separator: "\n")
            return """
                <div class="lane"><div class="name" title="\(TimelinePage.escaped(lane.name))">\
                \(TimelinePage.escaped(lane.name))</div><div class="track">\(grid)
                \(marks)</div></div>
                """
        }.joined(separator: "\n")
        let labels = axis.ticks.filter { (0.02...0.97).contains(timeline.position($0.instant)) }.map {
            "<span style=\"left:\(percent(timeline.position($0.instant)))\">\(TimelinePage.escaped($0.label))</span>"
        }.joined()
        return """
            <section class="picture">
            \(lanes)
            <div class="lane axis"><div class="name"></div><div class="track">\(labels)</div></div>
            </section>\(hidden > 0 ? "\n<p>and \(hidden) more tasks</p>" : "")
            """
    }

    private func mark(in timeline: Timeline, _ mark: Timeline.Mark) -> String {
        let from = timeline.position(mark.from)
        let width = timeline.position(mark.to) - from
        let label = time.whole(mark.from) + ": " + mark.label
        return "<span class=\"mark \(mark.kind)\" style=\"left:\(percent(from));width:max(10px,\(percent(width)))\" "
            + "title=\"\(TimelinePage.escaped(label))\"></span>"
    }

    private func table(_ timeline: Timeline) -> String {
        let all = timeline.lanes.flatMap { lane in lane.marks.map { (lane.name, $0) } }.sorted { $0.1.from > $1.1.from }
        guard !all.isEmpty else { return "" }
        let rows = all.prefix(TimelinePage.mostRows).map { name, mark in
            "<tr><td>\(TimelinePage.escaped(time.whole(mark.from)))</td><td>\(TimelinePage.escaped(name))</td>"
                + "<td><span class=\"mark \(mark.kind)\"></span>\(TimelinePage.escaped(mark.label))</td></tr>"
        }.joined(separator: "\n")
        let more = all.count > TimelinePage.mostRows ? "<p>and \(all.count - TimelinePage.mostRows) more</p>" : ""
        return """
            <table>
            <thead><tr><th>When</th><th>Task</th><th>What</th></tr></thead>
            <tbody>
            \(rows)
            </tbody>
            </table>
            \(more)
            """
    }

    private func percent(_ part: Double) -> String {
        let hundredths = Int((part * 10_000).rounded())
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)%"
    }

    private static let style = """
        :root { color-scheme: light dark; --back: #fff; --ink: #1c1e21; --faint: #6a7079; --line: #e3e6ea; --track: #f5f6f8;
          --good: #2a8a4a; --bad: #c8322b; --cut: #c98500; --coming: #2f6fd0; --running: #7a3fd0; --other: #9aa1ab; }
        @media (prefers-color-scheme: dark) { :root { --back: #16181c; --ink: #e6e8eb; --faint: #9aa1ab; --line: #33373d;
          --track: #1f2227; --good: #4cc27a; --bad: #f0655c; --cut: #e8b13c; --coming: #6aa3f5; --running: #b48cf2;
          --other: #757c86; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
        main { max-width: 1200px; margin: 0 auto; padding: 24px; }
        h1 { margin: 0; font-size: 24px; }
        .when { margin: 2px 0 16px; color: var(--faint); }
        .legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 0 0 16px; padding: 0; list-style: none; }
        .legend li { display: flex; align-items: center; gap: 7px; }
        .nowkey { width: 2px; height: 14px; background: var(--ink); }
        .lane { display: grid; grid-template-columns: minmax(90px, 22%) 1fr; gap: 12px; align-items: center; }
        .name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; text-align: right; }
        .track { position: relative; height: 30px; border-bottom: 1px solid var(--line); background: var(--track); }
        .track i, .track b { position: absolute; top: 0; bottom: 0; width: 1px; background: var(--line); }
        .track b { width: 2px; background: var(--ink); opacity: .55; }
        .axis .track { height: 26px; background: none; border: 0; }
        .axis span { position: absolute; transform: translateX(-50%); color: var(--faint); font-size: 13px; white-space: nowrap; }
        .mark { display: inline-block; width: 10px; height: 10px; border-radius: 5px; background: var(--other); }
        .track .mark { position: absolute; top: 10px; margin-left: -5px; }
        .mark.succeeded { background: var(--good); }
        .mark.failed { background: var(--bad); border-radius: 1px; }
        .mark.cut { background: var(--cut); }
        .mark.running { background: var(--running); }
        .mark.coming { background: var(--back); border: 2px solid var(--coming); }
        .track .mark:hover { outline: 2px solid var(--ink); }
        table { width: 100%; margin-top: 32px; border-collapse: collapse; font-size: 14px; }
        th { text-align: left; color: var(--faint); font-weight: 600; }
        th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
        td { overflow-wrap: anywhere; }
        td:first-child { white-space: nowrap; font-variant-numeric: tabular-nums; }
        td .mark { margin-right: 8px; }
        """
}
