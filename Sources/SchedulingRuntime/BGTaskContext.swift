// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore

/// What an async handler is told about the run that it performs.
///
/// Returning from the handler completes the task with success, throwing completes it with failure, and an expiration
/// cancels the Swift task: check `Task.isCancelled` or call something that does, and return or throw soon.
public struct BGTaskContext: Sendable {
    package let run: TaskRun

    /// The identifier that was registered.
    public var identifier: String { run.occurrence.identifier }
    /// Which attempt this is, from 1. Runs that were cut by us (sleep, shutdown) do not count.
    public var attempt: Int { run.occurrence.attempts + 1 }
    /// The instant that the request or its schedule asked for.
    public var scheduledDate: Date { Date(run.occurrence.instant) }
    /// What the request was given with `setInput(_:)`; nil if it was given nothing. Throws `DecodingError`.
    public func input<Input: Decodable>(as type: Input.Type) throws -> Input? { try run.input(as: type) }
    /// How far the work has come, for people to see; set its counts. Nil for all but continued tasks.
    public var progress: Progress? { run.continued?.progress }
    /// Changes what people are told about a continued task; without effect on all others, and after completion.
    public func updateTitle(_ title: String, subtitle: String) {
        if !run.isCompleted { run.continued?.update(title: title, subtitle: subtitle) }
    }
    /// Why the run was told to stop; nil while it was not.
    public var expirationReason: ExpirationReason? { run.expirationReason }
}
