// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingStore

extension BGTaskScheduler {
    /// Which adapter wakes the program here, why that one, and what could keep it from doing so.
    public var backend: Backend {
        switch environment {
        case .failure(let failure): return Backend(kind: .dispatch, reason: failure.description)
        case .success(let environment):
            let backend = environment.waker.backend()
            guard let failure = state.withLock({ $0.parts?.keeper.failure }), backend.kind != .dispatch else {
                return backend
            }
            return Backend(
                kind: backend.kind, reason: backend.reason, warnings: backend.warnings + [failure.description])
        }
    }

    /// What became of a task's runs and requests, newest first; nil: of every task's.
    ///
    /// Durable: it holds what other processes of the app did, and survives reboots. Throws `SchedulingFailure`.
    public func history(for identifier: String? = nil, limit: Int = 100) throws -> [HistoryEntry] {
        try open().store.history(identifier: identifier, limit: max(0, limit))
    }

    /// The continued tasks that processes of the app run now, and how far they are. Throws `SchedulingFailure`.
    public func continuedTasks() throws -> [ContinuedProgress] {
        try open().store.continuedTasks()
    }

    /// Why a task has not run, or when it will: every reason that holds now, with what was seen and what would change it.
    ///
    /// Looks at the world, so it may block for a few milliseconds. Throws `SchedulingFailure`.
    public func explain(_ identifier: String) throws -> TaskExplanation {
        let parts = try open()
        let now = parts.environment.time.now().wall
        let live = try parts.store.occurrences(identifier: identifier)
        let history = try parts.store.history(identifier: identifier, limit: 10)
        var reasons: [TaskExplanation.Reason] = []
        if !permissions.permitsHandler(identifier) {
            reasons.append(
                TaskExplanation.Reason(
                    what: "permission", observed: "not listed under BGTaskSchedulerPermittedIdentifiers",
                    remedy: "add it to the Info.plist"))
        }
        guard let first = live.min(by: { $0.occurrence.eligible < $1.occurrence.eligible }) else {
            return TaskExplanation(
                identifier: identifier, state: .notSubmitted, reasons: reasons, history: history, scheduled: nil,
                next: nil, nextText: nil)
        }
        if let running = live.first(where: { $0.owner?.alive == true }), let owner = running.owner {
            return TaskExplanation(
                identifier: identifier, state: .running(processIdentifier: owner.pid), reasons: [], history: history,
                scheduled: running.occurrence.instant, next: nil, nextText: nil)
        }
        let occurrence = first.occurrence
        let isDue = occurrence.instant <= now
        if !occurrence.requirements.isEmpty { reasons += unmetReasons(occurrence, parts.environment, now) }
        if isDue, handlers[identifier] == nil, history.first?.outcome == .noHandler {
            reasons.append(
                TaskExplanation.Reason(
                    what: "a handler", observed: "the last launch had none for it",
                    remedy: "register one before handleBackgroundLaunch()"))
        }
        if isDue, occurrence.attempts > 0 {
            reasons.append(
                TaskExplanation.Reason(
                    what: "its next attempt", observed: "the process that ran it died \(occurrence.attempts) times",
                    remedy: "it is tried again by itself, \(configuration.maximumAttempts) times in all"))
        }
        for warning in backend.warnings {
            reasons.append(TaskExplanation.Reason(what: "a wake-up", observed: warning, remedy: "see the backend"))
        }
        let date = Date(max(occurrence.eligible, occurrence.instant))
        let text =
            isDue && !reasons.isEmpty
            ? "it is looked at again at \(date.formatted(.iso8601)), or as soon as a live process of the app sees a change"
            : isDue ? "it runs with the next launch" : "not before \(date.formatted(.iso8601))"
        return TaskExplanation(
            identifier: identifier, state: isDue ? .waiting : .scheduled, reasons: reasons, history: history,
            scheduled: occurrence.instant, next: max(occurrence.eligible, occurrence.instant), nextText: text)
    }

    private func unmetReasons(
        _ occurrence: Occurrence, _ environment: SchedulingEnvironment, _ now: WallTime
    ) -> [TaskExplanation.Reason] {
        let conditions = environment.conditions.observe()
        let unmet = occurrence.requirements.unmet(by: conditions)
        var reasons: [TaskExplanation.Reason] = []
        if unmet.contains(.externalPower) {
            reasons.append(
                TaskExplanation.Reason(
                    what: "external power", observed: "on battery, says \(conditions.power.source)",
                    remedy: "plug the machine in"))
        }
        if unmet.contains(.network) {
            reasons.append(
                TaskExplanation.Reason(
                    what: "a network", observed: "offline, says \(conditions.network.source)",
                    remedy: "connect the machine"))
        }
        return reasons
    }
}

extension TaskExplanation {
    /// The instant that was asked for.
    public var scheduledDate: Date? { scheduled.map { Date($0) } }
    /// The next instant that matters: when it becomes due, or is looked at again.
    public var nextDate: Date? { next.map { Date($0) } }
}
