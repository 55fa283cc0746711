// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// What a program asks for, as the store keeps it.
package struct NewRequest: Hashable, Sendable {
    package var identifier: String
    package var kind: TaskKind
    /// The earliest instant, already clamped: a request without one is due when it is submitted.
    package var instant: WallTime
    package var requirements: Requirement
    /// Whether the caller named an earliest instant (it is shown again in the list of pending requests).
    package var hasEarliest: Bool

    package init(
        identifier: String, kind: TaskKind, instant: WallTime, requirements: Requirement = [], hasEarliest: Bool = true
    ) {
        self.identifier = identifier
        self.kind = kind
        self.instant = instant
        self.requirements = requirements
        self.hasEarliest = hasEarliest
    }
}

/// One time that a request asked for: unique by (request, instant), and started at least once or recorded as skipped.
package struct Occurrence: Hashable, Sendable {
    package var id: Int64
    package var request: Int64
    package var identifier: String
    package var kind: TaskKind
    /// The instant that was asked for. Nothing is claimed while the wall clock reads earlier.
    package var instant: WallTime
    /// When it is looked at next: the instant, or later after a retry or an unmet condition.
    package var eligible: WallTime
    /// How many attempts were burnt.
    package var attempts: Int
    /// How many times in a row it was put off because a condition was not met (or no handler was there).
    package var postponements: Int
    package var requirements: Requirement
    package var submitted: WallTime

    package init(
        id: Int64, request: Int64, identifier: String, kind: TaskKind, instant: WallTime, eligible: WallTime,
        attempts: Int = 0, postponements: Int = 0, requirements: Requirement = [], submitted: WallTime
    ) {
        self.id = id
        self.request = request
        self.identifier = identifier
        self.kind = kind
        self.instant = instant
        self.eligible = eligible
        self.attempts = attempts
        self.postponements = postponements
        self.requirements = requirements
        self.submitted = submitted
    }
}
