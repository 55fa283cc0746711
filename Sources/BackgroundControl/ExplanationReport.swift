// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore

/// Why a task has not run, or when it will.
package struct ExplanationReport: Hashable, Sendable, Encodable {
    /// One thing that keeps it from running.
    package struct Reason: Hashable, Sendable, Encodable {
        package var what: String
        package var observed: String
        package var remedy: String
    }

    package var app: String
    package var id: String
    /// "notSubmitted", "scheduled", "waiting" or "running".
    package var state: String
    package var pid: Int32?
    package var scheduled: Instant?
    package var next: Instant?
    /// How it recurs, in words.
    package var schedule: String?
    package var reasons: [Reason]
    /// Its last runs, newest first.
    package var runs: [RunReport]

    package init(app: String, _ explanation: TaskExplanation) {
        self.app = app
        id = explanation.identifier
        switch explanation.state {
        case .notSubmitted: state = "notSubmitted"
        case .scheduled: state = "scheduled"
        case .waiting: state = "waiting"
        case .running(let process):
            state = "running"
            pid = process
        }
        scheduled = explanation.scheduled.map(Instant.init)
        next = explanation.next.map(Instant.init)
        schedule = explanation.schedule?.description
        reasons = explanation.reasons.map { Reason(what: $0.what, observed: $0.observed, remedy: $0.remedy) }
        runs = explanation.history.map { RunReport(app: app, $0) }
    }
}
