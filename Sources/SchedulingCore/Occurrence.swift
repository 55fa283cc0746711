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
    /// When it is looked at: the instant, or the end of its window.
    package var eligible: WallTime
    package var waiting: Requirement = []
    package var terms: RequestTerms
    package var conflict: ConflictPolicy
    /// The task whose success it waits for.
    package var follows: String?
    package var input: [UInt8]?

    package init(
        identifier: String, kind: TaskKind, instant: WallTime, requirements: Requirement = [], hasEarliest: Bool = true,
        terms: RequestTerms = .plain, conflict: ConflictPolicy = .replace, follows: String? = nil,
        input: [UInt8]? = nil
    ) {
        self.identifier = identifier
        self.kind = kind
        self.instant = instant
        self.requirements = requirements
        self.hasEarliest = hasEarliest
        eligible = instant
        self.terms = terms
        self.conflict = conflict
        self.follows = follows
        self.input = input
    }

    /// The same with the first instant of its schedule.
    package func planned(by planner: SchedulePlanner) throws(SchedulingFailure) -> NewRequest {
        if terms.isPlain { return self }
        let first = try planner.first(terms, identifier: identifier, earliest: instant)
        var planned = self
        planned.instant = first.instant
        planned.eligible = first.eligible
        planned.waiting = first.waiting
        if case .calendar? = terms.schedule?.rule, hasEarliest { planned.terms.earliest = instant.microseconds }
        return planned
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
    /// How often it was started.
    package var starts: Int
    package var terms: RequestTerms
    /// Somebody made it due: its conditions and its start deadline do not count, and its schedule does not move on with it.
    package var isForced = false
    /// Its terms cannot be read: it is passed over, and history says so.
    package var isUnreadable = false
    /// Whether a run of its identifier goes on, here or in another process.
    package var isBlocked: Bool
    /// What its submitter gave it; read when it is claimed.
    package var input: [UInt8]?

    package init(
        id: Int64, request: Int64, identifier: String, kind: TaskKind, instant: WallTime, eligible: WallTime,
        attempts: Int = 0, postponements: Int = 0, requirements: Requirement = [], submitted: WallTime,
        starts: Int = 0, terms: RequestTerms = .plain, isBlocked: Bool = false, input: [UInt8]? = nil
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
        self.starts = starts
        self.terms = terms
        self.isBlocked = isBlocked
        self.input = input
    }

    /// The last instant at which it may start for the first time; nil: there is none, or it was started or made due before.
    package var latestStart: WallTime? {
        guard starts == 0, !isForced, let limit = terms.latestStart else { return nil }
        return instant.advanced(by: .microseconds(limit))
    }
}
