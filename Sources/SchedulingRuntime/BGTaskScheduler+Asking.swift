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
        let environment = parts.environment
        var inquiry = try TaskInquiry(
            identifier: identifier, now: environment.time.now().wall, store: parts.store,
            conditions: { environment.conditions.observe($0) })
        inquiry.hasHandler = handlers[identifier] != nil
        inquiry.isPermitted = permissions.permitsHandler(identifier)
        inquiry.maximumAttempts = configuration.maximumAttempts
        inquiry.warnings = { self.backend.warnings }
        return inquiry.explanation()
    }
}

extension TaskExplanation {
    /// The instant that was asked for.
    public var scheduledDate: Date? { scheduled.map { Date($0) } }
    /// The next instant that matters: when it becomes due, or is looked at again.
    public var nextDate: Date? { next.map { Date($0) } }
}

extension TaskExplanation.Reason {
    /// For a condition: when it was seen.
    public var seenDate: Date? { seen.map { Date($0) } }
}
