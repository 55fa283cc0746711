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

    /// "succeeded 3 h ago (11:20:05)".
    package func ended(_ run: RunReport) -> String { run.outcome + " " + time.near(run.ended.wall) }
}
