// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

/// One row of history.
package struct RunReport: Hashable, Sendable, Encodable {
    package var app: String
    /// Nil for a row about a whole launch.
    package var id: String?
    package var outcome: String
    /// Why it was told to stop, if it was.
    package var reason: String?
    package var attempt: Int
    package var detail: String
    package var pid: Int32
    package var scheduled: Instant?
    package var started: Instant?
    package var ended: Instant
    /// How long it ran.
    package var seconds: Double?

    package init(app: String, _ entry: HistoryEntry) {
        self.app = app
        id = entry.identifier
        outcome = entry.outcome.description
        reason = entry.reason?.description
        attempt = entry.attempt
        detail = entry.detail
        pid = entry.processIdentifier
        scheduled = entry.scheduled.map(Instant.init)
        started = entry.started.map(Instant.init)
        ended = Instant(entry.ended)
        seconds = entry.started.map { Double($0.distance(to: entry.ended).clampedMicroseconds) / 1_000_000 }
    }

    package var duration: Duration? { started.map { $0.wall.distance(to: ended.wall) } }

    /// How the outcome is shown.
    package var style: TextStyle {
        switch outcome {
        case Outcome.succeeded.description: .good
        case Outcome.failed.description, Outcome.expired.description, Outcome.abandoned.description,
            Outcome.gaveUp.description, Outcome.launchUnhandled.description, Outcome.noHandler.description:
            .bad
        case Outcome.interrupted.description, Outcome.clockMoved.description, Outcome.skipped.description: .warning
        default: .dim
        }
    }
}
