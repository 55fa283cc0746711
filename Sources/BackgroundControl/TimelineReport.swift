// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A timeline as data.
package struct TimelineReport: Hashable, Sendable, Encodable {
    package struct Mark: Hashable, Sendable, Encodable {
        package var task: String
        /// "succeeded", "failed", "cut", "running", "coming" or "other".
        package var kind: String
        package var from: Instant
        package var to: Instant
        package var label: String
    }

    package var from: Instant
    package var to: Instant
    package var now: Instant
    package var marks: [Mark]

    package init(_ timeline: Timeline) {
        from = Instant(timeline.from)
        to = Instant(timeline.to)
        now = Instant(timeline.now)
        marks = timeline.lanes.flatMap { lane in
            lane.marks.map {
                Mark(
                    task: lane.name, kind: "\($0.kind)", from: Instant($0.from), to: Instant($0.to), label: $0.label)
            }
        }
    }
}
