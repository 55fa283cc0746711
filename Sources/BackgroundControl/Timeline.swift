// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

/// Past and coming runs on one axis of time: a lane for each task.
package struct Timeline: Hashable, Sendable {
    /// What a mark stands for; the later ones win where several meet.
    package enum Kind: Int, Hashable, Sendable, CaseIterable, Comparable {
        case other, coming, succeeded, cut, failed, running

        package static func < (left: Kind, right: Kind) -> Bool { left.rawValue < right.rawValue }

        init(_ run: RunReport) {
            switch run.style {
            case .good: self = .succeeded
            case .bad: self = .failed
            case .warning: self = .cut
            default: self = .other
            }
        }

        /// The word of the legend.
        package var word: String {
            switch self {
            case .other: "cancelled, replaced"
            case .coming: "to come"
            case .succeeded: "succeeded"
            case .cut: "interrupted, skipped"
            case .failed: "failed, expired, died"
            case .running: "running"
            }
        }
    }

    package struct Mark: Hashable, Sendable {
        package var from: WallTime
        package var to: WallTime
        package var kind: Kind
        /// What happened, for people.
        package var label: String
    }

    package struct Lane: Hashable, Sendable {
        package var name: String
        /// In the order of their beginnings.
        package var marks: [Mark]
    }

    package let from: WallTime
    package let to: WallTime
    package let now: WallTime
    package let lanes: [Lane]

    package init(apps: [AppReport], runs: [RunReport], now: WallTime, past: Duration, ahead: Duration) {
        self.now = now
        let from = now.advanced(by: .zero - past)
        let to = now.advanced(by: ahead)
        self.from = from
        self.to = to
        let showsApp = apps.count > 1
        var marks: [String: [Mark]] = [:]
        func add(_ app: String, _ id: String?, _ mark: Mark) {
            guard mark.to >= from, mark.from <= to else { return }
            marks[(showsApp ? app + "/" : "") + (id ?? "(launches)"), default: []].append(mark)
        }
        for run in runs {
            let detail = [run.reason, run.detail].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ")
            let took = run.duration.map { ", took " + DurationText.text($0) } ?? ""
            add(
                run.app, run.id,
                Mark(
                    from: run.started?.wall ?? run.ended.wall, to: run.ended.wall, kind: Kind(run),
                    label: run.outcome + took + (detail.isEmpty ? "" : ": " + detail)))
        }
        for task in apps.flatMap(\.tasks) {
            if let started = task.started?.wall, task.state == .running {
                add(task.app, task.id, Mark(from: started, to: max(started, now), kind: .running, label: "running"))
            }
            for next in [task.next].compactMap({ $0 }) + task.coming {
                let waits = task.waitsFor.isEmpty ? "" : ", waits for " + task.waitsFor.joined(separator: ", ")
                // What is due already comes next, not in the past.
                let at = max(next.wall, now)
                add(task.app, task.id, Mark(from: at, to: at, kind: .coming, label: "to come" + waits))
            }
        }
        lanes = marks.sorted { $0.key < $1.key }.map {
            Lane(name: $0.key, marks: $0.value.sorted { ($0.from, $0.kind) < ($1.from, $1.kind) })
        }
    }

    /// The lanes that a picture shows, at most so many, and how many it leaves out: those on which the most recent thing
    /// lies furthest from now.
    package func shown(most: Int) -> (lanes: [Lane], hidden: Int) {
        guard lanes.count > most else { return (lanes, 0) }
        func distance(_ lane: Lane) -> Int64 {
            lane.marks.map { abs($0.from.distance(to: now).clampedMicroseconds) }.min() ?? .max
        }
        let nearest = lanes.sorted { distance($0) < distance($1) }.prefix(most)
        return (nearest.sorted { $0.name < $1.name }, lanes.count - most)
    }

    /// Where an instant lies, from 0 to 1.
    package func position(_ instant: WallTime) -> Double {
        let whole = Double(from.distance(to: to).clampedMicroseconds)
        let part = Double(from.distance(to: instant).clampedMicroseconds)
        return whole > 0 ? min(1, max(0, part / whole)) : 0
    }
}
