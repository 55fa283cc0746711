// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// What is known of one task.
package struct TaskReport: Hashable, Sendable, Encodable {
    /// Where it stands.
    package enum State: String, Hashable, Sendable, Encodable {
        /// Its instant lies ahead.
        case scheduled
        /// Its instant has come.
        case due
        /// Its instant has come, and a condition was found unmet.
        case waiting
        /// It waits for another task's success.
        case following
        case running
        /// The process that ran it is dead; the next launch takes it over.
        case orphaned
        /// Nothing of it is pending or running.
        case idle
    }

    package var app: String
    package var id: String
    package var kind: String?
    /// Of a task that moves the transfers of a session: its name.
    package var session: String?
    package var state: State
    /// The instant that was asked for.
    package var scheduled: Instant?
    /// When it is looked at next.
    package var next: Instant?
    package var submitted: Instant?
    /// What it requires, in words.
    package var requires: [String] = []
    /// Which of it was found unmet when it was last looked at.
    package var waitsFor: [String] = []
    /// The task whose success it waits for.
    package var follows: String?
    /// How it recurs, in words.
    package var schedule: String?
    package var tags: [String] = []
    /// How many attempts were burnt.
    package var attempts = 0
    package var pid: Int32?
    package var started: Instant?
    package var last: RunReport?
    /// Instants after `next` at which its schedule has it run, as far as they are looked for.
    package var coming: [Instant] = []

    package init(app: String, id: String, state: State) {
        self.app = app
        self.id = id
        self.state = state
    }
}

/// What a program does at a person's wish and shows the progress of.
package struct ContinuedReport: Hashable, Sendable, Encodable {
    package var app: String
    package var id: String
    package var title: String
    package var subtitle: String
    package var completed: Int64
    package var total: Int64
    /// From 0 to 1; nil when nobody knows.
    package var fraction: Double?
    package var pid: Int32

    package init(
        app: String, id: String, title: String, subtitle: String, completed: Int64, total: Int64, fraction: Double?,
        pid: Int32
    ) {
        self.app = app
        self.id = id
        self.title = title
        self.subtitle = subtitle
        self.completed = completed
        self.total = total
        self.fraction = fraction
        self.pid = pid
    }
}
