// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// Why a task has not run, or when it will: everything that is known now.
public struct TaskExplanation: Hashable, Sendable, CustomStringConvertible {
    /// Where the task stands.
    public enum State: Hashable, Sendable {
        /// No request of this identifier is pending or running.
        case notSubmitted
        /// Its instant lies ahead.
        case scheduled
        /// Its instant has come; it waits for what `reasons` says.
        case waiting
        /// A process runs it now.
        case running(processIdentifier: Int32)
    }

    /// One thing that keeps the task from running.
    public struct Reason: Hashable, Sendable, CustomStringConvertible {
        /// What is required or missing, for people.
        public let what: String
        /// What was seen, by whom.
        public let observed: String
        /// What would change it.
        public let remedy: String
        /// For a condition: who saw it.
        public let source: String?
        /// For a condition: when it was seen.
        package let seen: WallTime?

        package init(
            what: String, observed: String, remedy: String, source: String? = nil, seen: WallTime? = nil
        ) {
            self.what = what
            self.observed = observed
            self.remedy = remedy
            self.source = source
            self.seen = seen
        }

        /// One line with all of it.
        public var description: String { "\(what) (\(observed)); \(remedy)" }
    }

    /// The task.
    public let identifier: String
    /// Where it stands.
    public let state: State
    /// Everything that keeps it from running now; empty if it runs, or will at the next instant.
    public let reasons: [Reason]
    /// Its last runs, newest first.
    public let history: [HistoryEntry]
    /// How it recurs; nil if it does not.
    public let schedule: TaskSchedule?
    package let scheduled: WallTime?
    package let next: WallTime?
    /// When and how it is next looked at, for people.
    package let nextText: String?

    package init(
        identifier: String, state: State, reasons: [Reason], history: [HistoryEntry], scheduled: WallTime?,
        next: WallTime?, nextText: String?, schedule: TaskSchedule? = nil
    ) {
        self.identifier = identifier
        self.state = state
        self.reasons = reasons
        self.history = history
        self.scheduled = scheduled
        self.next = next
        self.nextText = nextText
        self.schedule = schedule
    }

    /// A few lines for people.
    public var description: String {
        var lines: [String]
        switch state {
        case .notSubmitted: lines = ["\(identifier) is not submitted: nothing will run."]
        case .scheduled: lines = ["\(identifier) is scheduled."]
        case .waiting: lines = ["\(identifier) is due and waits."]
        case .running(let pid): lines = ["\(identifier) is running in process \(pid)."]
        }
        lines += reasons.map { "  It waits for: \($0)." }
        if let schedule { lines.append("  It recurs: \(schedule).") }
        if let nextText { lines.append("  Next: \(nextText).") }
        if let last = history.first {
            lines.append("  Last: \(last.outcome)" + (last.reason.map { " (\($0))" } ?? "") + ".")
        }
        return lines.joined(separator: "\n")
    }
}
