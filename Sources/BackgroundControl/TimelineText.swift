// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

/// A timeline drawn with characters.
package struct TimelineText: Sendable {
    private let terminal: Terminal
    private let zone: TimeZone
    private let time: InstantText
    private static let mostLanes = 100

    package init(terminal: Terminal, zone: TimeZone, time: InstantText) {
        self.terminal = terminal
        self.zone = zone
        self.time = time
    }

    package func lines(_ timeline: Timeline) -> [String] {
        guard !timeline.lanes.isEmpty else {
            return ["Nothing ran or is to run between \(time.clock(timeline.from)) and \(time.clock(timeline.to))."]
        }
        let width = terminal.width ?? 100
        let (lanes, hidden) = timeline.shown(most: TimelineText.mostLanes)
        let names = lanes.map { VisibleText.escaped($0.name) }
        let nameWidth = min(names.map(VisibleText.width).max() ?? 0, width / 3)
        let room = max(20, width - nameWidth - 2)
        var lines = zip(names, lanes).map { name, lane in
            let shown = VisibleText.cut(name, to: nameWidth, ellipsis: terminal.ellipsis)
            return VisibleText.padded(shown, to: nameWidth) + "  " + drawn(lane, timeline, room)
        }
        lines += axis(timeline, room).map { String(repeating: " ", count: nameWidth + 2) + $0 }
        if hidden > 0 { lines.append("and \(hidden) more tasks; --json has them all") }
        return lines + ["", legend(timeline)]
    }

    private func cell(_ position: Double, _ room: Int) -> Int { min(room - 1, Int(position * Double(room))) }

    private func drawn(_ lane: Timeline.Lane, _ timeline: Timeline, _ room: Int) -> String {
        var kinds = [Timeline.Kind?](repeating: nil, count: room)
        var isBody = [Bool](repeating: false, count: room)
        for mark in lane.marks {
            let first = cell(timeline.position(mark.from), room)
            let last = cell(timeline.position(mark.to), room)
            for index in first...max(first, last) where kinds[index].map({ $0 <= mark.kind }) ?? true {
                kinds[index] = mark.kind
                isBody[index] = index < last
            }
        }
        let now = cell(timeline.position(timeline.now), room)
        return kinds.indices.map { index in
            guard let kind = kinds[index] else {
                return index == now
                    ? terminal.styled(terminal.hasUnicode ? "│" : "|", .accent)
                    : terminal.styled(terminal.hasUnicode ? "·" : ".", .dim)
            }
            return terminal.styled(isBody[index] ? (terminal.hasUnicode ? "━" : "=") : symbol(kind), style(kind))
        }.joined()
    }

    private func symbol(_ kind: Timeline.Kind) -> String {
        switch kind {
        case .other: terminal.hasUnicode ? "◌" : "~"
        case .coming: terminal.hasUnicode ? "○" : "o"
        case .succeeded: terminal.hasUnicode ? "●" : "*"
        case .cut: terminal.hasUnicode ? "◐" : "/"
        case .failed: terminal.hasUnicode ? "✗" : "X"
        case .running: terminal.hasUnicode ? "▶" : ">"
        }
    }

    private func style(_ kind: Timeline.Kind) -> TextStyle {
        switch kind {
        case .other: .dim
        case .coming: .accent
        case .succeeded: .good
        case .cut: .warning
        case .failed: .bad
        case .running: .bold
        }
    }

    /// A line of ticks and one of their labels, which never touch each other.
    private func axis(_ timeline: Timeline, _ room: Int) -> [String] {
        let axis = TimeAxis(from: timeline.from, to: timeline.to, most: room / 9, zone: zone)
        let (plain, tick) = terminal.hasUnicode ? ("─", "┴") : ("-", "+")
        var line = [String](repeating: plain, count: room)
        var labels = ""
        for each in axis.ticks {
            let index = cell(timeline.position(each.instant), room)
            line[index] = tick
            guard index > labels.count || (index == 0 && labels.isEmpty), index + each.label.count <= room else {
                continue
            }
            labels += String(repeating: " ", count: index - labels.count) + each.label
        }
        return [terminal.styled(line.joined(), .dim), labels]
    }

    private func legend(_ timeline: Timeline) -> String {
        let used = Set(timeline.lanes.flatMap(\.marks).map(\.kind))
        let kinds = Timeline.Kind.allCases.filter(used.contains).sorted(by: >)
        let marks = kinds.map { terminal.styled(symbol($0), style($0)) + " " + $0.word }
        let now = terminal.styled(terminal.hasUnicode ? "│" : "|", .accent) + " now, " + time.present
        return (marks + [now]).joined(separator: "   ")
    }
}
