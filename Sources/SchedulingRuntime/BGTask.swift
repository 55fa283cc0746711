// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore

/// A run of a task, given to its launch handler.
///
/// The handler has to call `setTaskCompleted(success:)` when it is done. Tasks are made by the scheduler only.
open class BGTask: NSObject {
    package let run: TaskRun

    package init(run: TaskRun) { self.run = run }

    /// The identifier that was registered.
    open var identifier: String { run.occurrence.identifier }

    /// Called once when the run has to stop; complete the task soon after.
    ///
    /// It is called in the background, beside the launch handler. One that was set on the main actor, or on the actor that
    /// the launch handler belongs to, is called there: keep that actor free.
    /// It is set to nil after it was called and when the task completes. Without a handler, a run that has to stop counts
    /// as completed without success.
    open var expirationHandler: (() -> Void)? {
        get { run.expirationHandler?.handler }
        set { run.setExpirationHandler(newValue.map { HandlerBox(handler: $0) }, in: run.presentPlace) }
    }

    /// Completes the run; `success` is recorded. Only the first call counts, also when it comes after expiration. To try
    /// again after a failure, submit a new request before this call.
    open func setTaskCompleted(success: Bool) {
        run.complete(failure: success ? nil : "completed without success")
    }

    /// Completes the run without success, and has it run again after this time, as long as attempts are left: those of the
    /// request's retry policy, else `Configuration.maximumAttempts`. Only the first completion counts. A time of more than
    /// a year counts as one. A continued task is not run again.
    public func retry(after delay: Duration) {
        run.complete(failure: "asked for another try", retryAfter: delay)
    }

    /// Which attempt this is, from 1. Runs that were cut by us (sleep, shutdown) do not count.
    public var attempt: Int { run.occurrence.attempts + 1 }
    /// The instant that the request or its schedule asked for.
    public var scheduledDate: Date { Date(run.occurrence.instant) }

    /// What the request was given with `setInput(_:)`; nil if it was given nothing. Throws `DecodingError`.
    public func input<Input: Decodable>(as type: Input.Type) throws -> Input? { try run.input(as: type) }

    /// Why the run was told to stop; nil while it was not. Readable in the expiration handler.
    public var expirationReason: ExpirationReason? { run.expirationReason }

    /// The type and the identifier.
    open override var description: String { "<\(type(of: self)): \(identifier)>" }
}

/// A run of a short task that refreshes content.
open class BGAppRefreshTask: BGTask {}

/// A run of a longer, deferrable task.
open class BGProcessingTask: BGTask {}

/// A run of a processing task for a health study.
open class BGHealthResearchTask: BGProcessingTask {}

extension TaskRun {
    /// The task that a launch handler gets; made on the handler's own queue.
    func makeTask() -> BGTask {
        switch occurrence.kind {
        case .refresh: BGAppRefreshTask(run: self)
        case .processing, .transfers: BGProcessingTask(run: self)
        case .continued:
            BGContinuedProcessingTask(run: self, state: continued ?? ContinuedState(title: "", subtitle: ""))
        case .health: BGHealthResearchTask(run: self)
        }
    }
}

extension TaskRun {
    func input<Input: Decodable>(as type: Input.Type) throws -> Input? {
        try occurrence.input.map { try JSONDecoder().decode(type, from: Data($0)) }
    }
}
