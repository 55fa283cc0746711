// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingStore

/// All that is known about one task, from which follows why it has not run: gathered by its app, or by a tool that
/// looks in from outside.
package struct TaskInquiry: Sendable {
    package var identifier: String
    package var now: WallTime
    /// What is not done of it.
    package var live: [LiveOccurrence]
    /// Its last rows, newest first.
    package var history: [HistoryEntry]
    /// Looks at what is required, and at nothing else.
    package var conditions: @Sendable (ConditionKinds) -> Conditions
    /// Whether this process has a handler for it; a tool has none, and only the last launch tells.
    package var hasHandler = false
    package var isPermitted = true
    package var maximumAttempts = RunPolicy().maximumAttempts
    /// What could keep its wake-up from coming. Asked only if it matters.
    package var warnings: @Sendable () -> [String] = { [] }
    /// Where one reads more about those.
    package var warningRemedy = "see the backend"

    package init(
        identifier: String, now: WallTime, store: SchedulingStore,
        conditions: @escaping @Sendable (ConditionKinds) -> Conditions
    ) throws(SchedulingFailure) {
        self.identifier = identifier
        self.now = now
        self.conditions = conditions
        live = try store.occurrences(identifier: identifier)
        history = try store.history(identifier: identifier, limit: 10)
    }

    /// What follows from it.
    package func explanation() -> TaskExplanation {
        guard let first = live.min(by: { $0.occurrence.eligible < $1.occurrence.eligible }) else {
            return TaskExplanation(
                identifier: identifier, state: .notSubmitted, reasons: permissionReasons, history: history,
                scheduled: nil, next: nil, nextText: nil)
        }
        if let running = live.first(where: { $0.owner?.alive == true }), let owner = running.owner {
            return TaskExplanation(
                identifier: identifier, state: .running(processIdentifier: owner.pid), reasons: [], history: history,
                scheduled: running.occurrence.instant, next: nil, nextText: nil)
        }
        let occurrence = first.occurrence
        let isDue = occurrence.instant <= now
        var reasons = reasons(against: occurrence, isDue: isDue)
        if let task = first.follows {
            reasons.insert(
                TaskExplanation.Reason(
                    what: "the success of \(task)", observed: "it has not succeeded yet",
                    remedy: "it runs when that one has succeeded, and is skipped if that one fails for good"), at: 0)
        }
        let next = first.follows == nil ? max(occurrence.eligible, occurrence.instant) : nil
        return TaskExplanation(
            identifier: identifier, state: isDue ? .waiting : .scheduled, reasons: reasons, history: history,
            scheduled: occurrence.instant, next: next, nextText: text(first, isDue: isDue, isHeld: !reasons.isEmpty),
            schedule: occurrence.terms.schedule)
    }

    private func text(_ first: LiveOccurrence, isDue: Bool, isHeld: Bool) -> String? {
        if first.follows != nil { return nil }
        let occurrence = first.occurrence
        let date = Date(max(occurrence.eligible, occurrence.instant)).formatted(.iso8601)
        if !isDue { return "not before \(Date(occurrence.instant).formatted(.iso8601))" }
        if first.waiting == .window, occurrence.eligible > now, !isHeld {
            return "its window is open: it runs with the next launch of the program, at \(date) at the latest"
        }
        if isHeld { return "it is looked at again at \(date), or as soon as a live process of the app sees a change" }
        return occurrence.eligible > now ? "at \(date)" : "it runs with the next launch"
    }

    private var permissionReasons: [TaskExplanation.Reason] {
        if isPermitted { return [] }
        return [
            TaskExplanation.Reason(
                what: "permission", observed: "not listed under BGTaskSchedulerPermittedIdentifiers",
                remedy: "add it to the Info.plist")
        ]
    }

    private func reasons(against occurrence: Occurrence, isDue: Bool) -> [TaskExplanation.Reason] {
        var reasons = permissionReasons
        let requirements = occurrence.requirements
        if !requirements.isEmpty {
            reasons += TaskExplanation.Reason.unmet(requirements, by: conditions(requirements.conditions))
        }
        if isDue, !hasHandler, history.first?.outcome == .noHandler {
            reasons.append(
                TaskExplanation.Reason(
                    what: "a handler", observed: "the last launch had none for it",
                    remedy: "register one before handleBackgroundLaunch()"))
        }
        if isDue, occurrence.attempts > 0 {
            reasons.append(
                TaskExplanation.Reason(
                    what: "its next attempt",
                    observed: "\(occurrence.attempts) failed or ended with their process",
                    remedy: "it is tried again by itself, \(attempts(of: occurrence)) times in all"))
        }
        if occurrence.isUnreadable {
            reasons.append(
                TaskExplanation.Reason(
                    what: "terms that can be read", observed: "those in the store are damaged",
                    remedy: "submit it again"))
        }
        return reasons
            + warnings().map { TaskExplanation.Reason(what: "a wake-up", observed: $0, remedy: warningRemedy) }
    }

    private func attempts(of occurrence: Occurrence) -> Int {
        let retry = occurrence.terms.retry ?? .never
        return retry.attempts > 1 ? retry.attempts : maximumAttempts
    }
}
