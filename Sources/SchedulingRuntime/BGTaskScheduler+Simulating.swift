// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import SchedulingCore
import SchedulingStore

extension BGTaskScheduler {
    /// Runs a pending request now, whatever its date and its conditions are: what Apple hides in the debugger.
    ///
    /// In a process that has a handler for it, the task runs there, at once. From any other process of the app (a tool, a
    /// test) systemd is made to start the program for it. Throws `SchedulingFailure` if no request is pending.
    public func simulateLaunch(forTaskWithIdentifier identifier: String) throws {
        let parts = try open()
        let runner = state.withLock(\.runner)
        let isActing = runner != nil || handlers[identifier] != nil
        guard try parts.keeper.makeDue(identifier: identifier, isActing: isActing) else {
            throw SchedulingFailure(
                .misuse, doing: "simulate a launch for", subject: identifier,
                cause: "no task request with this identifier is pending", remedy: "Submit one first.")
        }
        if let runner {
            runner.rang()
        } else if handlers[identifier] != nil {
            try startTransientRunner(parts)
        } else {
            try parts.keeper.settle(runner: try parts.store.hasLiveResident() ? .acting : .none)
        }
    }

    /// Tells a running task to stop, in this process or in any other of the app. Throws `SchedulingFailure` if none runs.
    public func simulateExpiration(forTaskWithIdentifier identifier: String) throws {
        let parts = try open()
        let stopped =
            try parts.store.requestStop(identifier: identifier, reason: .simulated)
            + parts.store.stopContinued(identifier: identifier, reason: .simulated)
        guard stopped > 0 else {
            throw SchedulingFailure(
                .misuse, doing: "simulate an expiration of", subject: identifier,
                cause: "no task with this identifier is running", remedy: "Simulate a launch first.")
        }
        hearDoorbell()
    }
}
