// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// One thing that was decided about a task, a wake-up or a launch, when it was decided.
///
/// `kind` says what; the other members hold what belongs to that kind, and are nil, 0 or empty else. More kinds may come:
/// a `switch` over them needs a `default`.
public struct TaskEvent: Hashable, Sendable {
    /// What was decided. The text is that of the journal's field `BACKGROUND_EVENT`, and never changes.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// A request was written; `scheduledDate` is its instant.
        case submitted
        /// A newer request of the same identifier took the place of one that was never started.
        case replaced
        /// A request that had not been started was cancelled.
        case cancelled
        /// It is due and was put off; `unmet` says for which conditions, `nextDate` when it is looked at again.
        case waiting
        /// Its handler was called.
        case started
        /// Its handler is told to stop, for `reason`.
        case expiring
        /// A run is over and that is recorded: see `outcome`, `reason`, `duration`, and `nextDate` if it is due again.
        case ended
        /// Runs that were missed are not made up for; `detail` says how many and why.
        case skipped
        /// Its attempts were used up; it is not tried again.
        case gaveUp = "gave-up"
        /// It is due, and the program that was launched has no handler for it.
        case noHandler = "no-handler"
        /// The wall clock had been moved implausibly far, and its instant was set anew from now.
        case clockMoved = "clock-moved"
        /// A wake-up is armed at `nextDate`; none was before.
        case wakeupArmed = "wakeup-armed"
        /// The wake-up was moved to `nextDate`.
        case wakeupMoved = "wakeup-moved"
        /// Nothing is pending, and the wake-up was stopped.
        case wakeupStopped = "wakeup-stopped"
        /// No wake-up could be armed; `detail` says why.
        case wakeupFailed = "wakeup-failed"
        /// A launch by the service manager runs what is due.
        case launchBegan = "launch-began"
        /// That launch is over; `detail` says what went wrong, if something did.
        case launchEnded = "launch-ended"
        /// The program had been launched for its tasks and never called `handleBackgroundLaunch()`.
        case launchUnhandled = "launch-unhandled"
        /// A line for people that is no error of a call: what standard error gets too.
        case warning
        /// So many events before this one (`count`) were left out, because they were not taken in time.
        case missed
    }

    /// What was decided.
    public package(set) var kind: Kind
    /// The app.
    public package(set) var app: String
    /// The task; nil for what is not about one.
    public package(set) var identifier: String?
    /// The process that decided it.
    public package(set) var processIdentifier: Int32
    /// Whether another process of the app did this, so that it is known from the shared history.
    public package(set) var isElsewhere = false
    /// The number of the run, the same from its start to its end and for each of its attempts; nil where it is not known.
    public package(set) var run: Int64?
    /// Which attempt this is, from 1; 0 where nothing was started.
    public package(set) var attempt = 0
    /// How a run ended.
    public package(set) var outcome: Outcome?
    /// Why it was told to stop.
    public package(set) var reason: ExpirationReason?
    /// The conditions that were not met.
    public package(set) var unmet: Requirement = []
    /// How long it ran, by the wall clock.
    public package(set) var duration: Duration?
    /// How many events are missing here.
    public package(set) var count = 0
    /// More for people.
    public package(set) var detail = ""
    /// When it was decided.
    package var at: WallTime
    /// The instant that was asked for.
    package var scheduled: WallTime?
    /// The next instant that matters.
    package var next: WallTime?

    package init(_ kind: Kind, _ identifier: String? = nil, app: String, processIdentifier: Int32, at: WallTime) {
        self.kind = kind
        self.identifier = identifier
        self.app = app
        self.processIdentifier = processIdentifier
        self.at = at
    }
}

extension TaskEvent {
    package init(warning line: String, app: String, processIdentifier: Int32, at: WallTime) {
        self.init(.warning, app: app, processIdentifier: processIdentifier, at: at)
        detail = line
    }

    /// What a row of history tells.
    package init(_ entry: HistoryEntry, run: Int64? = nil, again: WallTime? = nil, app: String) {
        self.init(
            Kind(entry), entry.identifier, app: app, processIdentifier: entry.processIdentifier, at: entry.ended)
        self.run = run
        attempt = entry.attempt
        outcome = kind == .ended ? entry.outcome : nil
        reason = entry.reason
        duration = entry.duration
        detail = entry.detail
        scheduled = entry.scheduled
        next = again
    }
}

extension TaskEvent.Kind {
    fileprivate init(_ entry: HistoryEntry) {
        switch entry.outcome {
        case .replaced: self = .replaced
        case .gaveUp: self = .gaveUp
        case .launchUnhandled: self = .launchUnhandled
        case .clockMoved: self = .clockMoved
        case .noHandler: self = .noHandler
        case .skipped: self = .skipped
        case .cancelled where entry.started == nil: self = .cancelled
        case .succeeded, .failed, .expired, .interrupted, .abandoned, .cancelled: self = .ended
        }
    }
}

extension TaskEvent: CustomStringConvertible {
    /// One sentence for people, without the instant: what the journal has as its message.
    public var description: String {
        let name = identifier ?? "this launch"
        let more = detail.isEmpty ? "" : ": " + detail
        switch kind {
        case .submitted: return "\(name) was submitted" + more
        case .replaced: return "\(name) was replaced by a newer request" + more
        case .cancelled: return "\(name) was cancelled" + more
        case .waiting: return "\(name) is due and waits for \(unmet.names.joined(separator: " and "))"
        case .started: return "\(name) started" + (attempt > 1 ? ", attempt \(attempt)" : "")
        case .expiring: return "\(name) has to stop: \(reason?.description ?? "for no reason")"
        case .ended:
            let time = duration.map { " after " + $0.seconds } ?? ""
            let why = reason.map { ", because \($0)" } ?? ""
            return "\(name) \(outcome?.description ?? "ended")\(time)\(why)\(more)"
        case .skipped: return "\(name) skipped runs" + more
        case .gaveUp: return "\(name) was given up" + more
        case .noHandler: return "\(name) is due and has no handler" + more
        case .clockMoved: return "\(name) has a new instant" + more
        case .wakeupArmed: return "a wake-up was armed"
        case .wakeupMoved: return "the wake-up was moved"
        case .wakeupStopped: return "the wake-up was stopped: nothing is pending"
        case .wakeupFailed: return "no wake-up could be armed" + more
        case .launchBegan: return "a launch for background tasks began"
        case .launchEnded: return "the launch is over" + more
        case .launchUnhandled: return "a launch was not handled" + more
        case .warning: return detail
        case .missed: return detail.isEmpty ? "\(count) events were left out: they were not taken in time" : detail
        }
    }
}

extension Duration {
    /// "0.012 s": whole milliseconds.
    fileprivate var seconds: String {
        let milliseconds = clampedMicroseconds / 1000
        let fraction = String(milliseconds % 1000)
        return "\(milliseconds / 1000)." + String(repeating: "0", count: max(0, 3 - fraction.utf8.count)) + fraction
            + " s"
    }
}
