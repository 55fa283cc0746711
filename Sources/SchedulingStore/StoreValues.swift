// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore

/// What a submission relies on to be woken.
package enum WakeupReliance: Sendable {
    /// This wake-up was just armed, under the arming lock: it is recorded in the same commit.
    case armed(ArmedWakeup)
    /// The recorded one, if it is of this generation and covers the earliest of the new requests; one that has fired, only
    /// if it is the one whose launch is known to be under way.
    case recorded(generation: String, launching: String? = nil)
    /// Nothing: only timers of this process.
    case none
}

/// Whether a submission was committed.
package enum SubmitResult: Equatable, Sendable {
    case submitted
    /// The recorded wake-up comes too late, or is gone: nothing was written.
    case notCovered
}

/// What the next wake-up has to serve.
package struct Outlook: Equatable, Sendable {
    /// The earliest eligible instant of what is pending, without what has to wait for a running occurrence of its identifier.
    package var earliest: WallTime?
    /// How many occurrences are claimed, by anyone.
    package var claimed: Int

    package init(earliest: WallTime?, claimed: Int) {
        self.earliest = earliest
        self.claimed = claimed
    }
}

/// What an owner found when it started.
package struct Recovery: Sendable {
    package var owner: Int64
    package var recovered: [HistoryEntry]

    package init(owner: Int64, recovered: [HistoryEntry]) {
        self.owner = owner
        self.recovered = recovered
    }
}

/// How one run ended.
package struct RunEnd: Sendable {
    package var occurrence: Int64
    package var outcome: Outcome
    package var reason: ExpirationReason?
    package var detail: String
    package var started: WallTime
    package var ended: WallTime
    /// When it is tried again; nil: it is done.
    package var again: WallTime?
    /// Its attempts are used up.
    package var givesUp: Bool

    package init(
        occurrence: Int64, outcome: Outcome, reason: ExpirationReason? = nil, detail: String = "", started: WallTime,
        ended: WallTime, again: WallTime? = nil, givesUp: Bool = false
    ) {
        self.occurrence = occurrence
        self.outcome = outcome
        self.reason = reason
        self.detail = detail
        self.started = started
        self.ended = ended
        self.again = again
        self.givesUp = givesUp
    }
}

/// One pending occurrence that is put off.
package struct Postponement: Sendable {
    package var occurrence: Int64
    package var until: WallTime
    /// The conditions it waits for; empty: it does not wait for a condition.
    package var waiting: Requirement
    /// How often it had been put off when this was decided: if it was put off since, this is passed over. Nil: anyway.
    package var seen: Int?

    package init(occurrence: Int64, until: WallTime, waiting: Requirement, seen: Int? = nil) {
        self.occurrence = occurrence
        self.until = until
        self.waiting = waiting
        self.seen = seen
    }
}

/// A request that was never started, as its submitter asks for it again.
package struct PendingRequest: Hashable, Sendable {
    package var identifier: String
    package var kind: TaskKind
    package var instant: WallTime
    package var hasEarliest: Bool
    package var requirements: Requirement
    package var terms: RequestTerms
    package var follows: String?
    package var input: [UInt8]?

    package init(
        identifier: String, kind: TaskKind, instant: WallTime, hasEarliest: Bool, requirements: Requirement,
        terms: RequestTerms = .plain, follows: String? = nil, input: [UInt8]? = nil
    ) {
        self.identifier = identifier
        self.kind = kind
        self.instant = instant
        self.hasEarliest = hasEarliest
        self.requirements = requirements
        self.terms = terms
        self.follows = follows
        self.input = input
    }
}

/// An occurrence that is not done, with who runs it.
package struct LiveOccurrence: Sendable {
    package var occurrence: Occurrence
    /// The conditions it was found to wait for.
    package var waiting: Requirement
    /// Who claimed it; nil while it is pending.
    package var owner: (pid: Int32, alive: Bool)?
    package var startedAt: WallTime?
    /// The task whose success it waits for.
    package var follows: String?

    package init(
        occurrence: Occurrence, waiting: Requirement, owner: (pid: Int32, alive: Bool)?, startedAt: WallTime?,
        follows: String? = nil
    ) {
        self.occurrence = occurrence
        self.waiting = waiting
        self.owner = owner
        self.startedAt = startedAt
        self.follows = follows
    }
}

/// Which commits a store object has seen (`SchedulingStore.stamp`).
package struct StoreStamp: Hashable, Sendable {
    let version: Int64
    let ringing: Int
}
