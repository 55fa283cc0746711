// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// A task's state and its runs in a few words.
package struct TaskWords: Sendable {
    private let time: InstantText

    package init(time: InstantText) { self.time = time }

    package func state(_ task: TaskReport) -> (text: String, style: TextStyle) {
        switch task.state {
        case .scheduled: return (task.attempts > 0 ? "to be tried again" : "scheduled", .plain)
        case .due: return ("due", .accent)
        case .waiting: return ("waits for " + task.waitsFor.joined(separator: ", "), .warning)
        case .following: return ("after " + (task.follows ?? "another task"), .plain)
        case .running:
            let since = task.started.map { " since " + time.clock($0.wall) } ?? ""
            return ("running" + since, .good)
        case .orphaned: return ("its process died", .bad)
        case .idle: return ("not submitted", .dim)
        }
    }

    /// The same, and of a session's task how many transfers it is about.
    package func state(_ task: TaskReport, in app: AppReport) -> (text: String, style: TextStyle) {
        let own = state(task)
        guard let session = app.sessions.first(where: { $0.session == task.session }) else { return own }
        return (own.text + ": " + TransferWords.counts(session), own.style)
    }

    /// "succeeded 3 h ago (11:20:05)".
    package func ended(_ run: RunReport) -> String { run.outcome + " " + time.near(run.ended.wall) }
}
