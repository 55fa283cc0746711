// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// What became of one run, one request or one launch.
public enum Outcome: Int, Hashable, Sendable, CaseIterable, CustomStringConvertible {
    /// The handler said that it succeeded.
    case succeeded = 1
    /// The handler said that it failed, or threw.
    case failed = 2
    /// Its time was used up before it was done.
    case expired = 3
    /// We cut it (sleep, shutdown, stop, a condition lost); it is due again and no attempt was burnt.
    case interrupted = 4
    /// The process that ran it died; one attempt was burnt, and it is due again while attempts are left.
    case abandoned = 5
    /// It was cancelled.
    case cancelled = 6
    /// A newer request for the same identifier took its place before it started.
    case replaced = 7
    /// Its attempts were used up; it is not tried again.
    case gaveUp = 8
    /// The program was launched for its tasks and never called `handleBackgroundLaunch()`.
    case launchUnhandled = 9
    /// The wall clock had been moved implausibly far, and the instant was set anew from now.
    case clockMoved = 10
    /// It was due, and the program that was launched had no handler for it.
    case noHandler = 11
    /// Runs were not started, by the rule of the request: missed, too late, or beside another run.
    case skipped = 12

    /// A word or two for people.
    public var description: String {
        switch self {
        case .succeeded: "succeeded"
        case .failed: "failed"
        case .expired: "expired"
        case .interrupted: "interrupted"
        case .abandoned: "abandoned"
        case .cancelled: "cancelled"
        case .replaced: "replaced"
        case .gaveUp: "gave up"
        case .launchUnhandled: "launch unhandled"
        case .clockMoved: "clock moved"
        case .noHandler: "no handler"
        case .skipped: "skipped"
        }
    }
}

/// One row of durable history.
public struct HistoryEntry: Hashable, Sendable {
    /// The task; nil for a row about a whole launch.
    public let identifier: String?
    /// What became of it.
    public let outcome: Outcome
    /// Why it was told to stop, if it was.
    public let reason: ExpirationReason?
    /// Which attempt this was, from 1; 0 where nothing was started.
    public let attempt: Int
    /// More for people: an error's text, who owned the run.
    public let detail: String
    /// The process that ran or recorded it.
    public let processIdentifier: Int32
    package let scheduled: WallTime?
    package let started: WallTime?
    package let ended: WallTime

    package init(
        identifier: String?, outcome: Outcome, reason: ExpirationReason? = nil, attempt: Int = 0, detail: String = "",
        processIdentifier: Int32, scheduled: WallTime? = nil, started: WallTime? = nil, ended: WallTime
    ) {
        self.identifier = identifier
        self.outcome = outcome
        self.reason = reason
        self.attempt = attempt
        self.detail = detail
        self.processIdentifier = processIdentifier
        self.scheduled = scheduled
        self.started = started
        self.ended = ended
    }
}

extension HistoryEntry {
    /// How long it ran; nil where nothing was started. By the wall clock: if that was set meanwhile, so is this, but it is
    /// never negative.
    public var duration: Duration? { started.map { max(.zero, $0.distance(to: ended)) } }
}
