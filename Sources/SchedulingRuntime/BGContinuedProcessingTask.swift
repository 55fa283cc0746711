// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingCore

/// A request for work that a user's action starts in the running program, and whose progress people see.
///
/// It runs at once or waits for its turn, in the process that submits it, and ends with that process: it is never started
/// by systemd. `earliestBeginDate` is ignored. Its handler may be registered at any time before it is submitted.
open class BGContinuedProcessingTaskRequest: BGTaskRequest {
    /// What happens when it cannot run at once. There may be more one day, as with Apple's.
    #if hasAttribute(nonexhaustive)
    @nonexhaustive(warn)
    #endif
    public enum SubmissionStrategy: Int, Sendable {
        /// `submit` throws `immediateRunIneligible`.
        case fail = 0
        /// It waits for its turn.
        case queue = 1
    }

    /// What the work needs beside the processor.
    public struct Resources: OptionSet, Sendable {
        /// The set as bits.
        public let rawValue: Int
        /// A set from its bits.
        public init(rawValue: Int) { self.rawValue = rawValue }
        /// The graphics processor. Never among `BGTaskScheduler.supportedResources` here: `submit` throws `notPermitted`.
        public static var gpu: Resources { Resources(rawValue: 1 << 0) }
    }

    /// What people are told is being done.
    open var title: String
    /// More about it.
    open var subtitle: String
    /// What happens when it cannot run at once. Default: it waits.
    open var strategy: SubmissionStrategy = .queue
    /// What the work needs. Default: nothing.
    open var requiredResources: Resources = []

    /// A request for the task of this identifier, with what people are told about it.
    public init(identifier: String, title: String, subtitle: String) {
        self.title = title
        self.subtitle = subtitle
        super.init(identifier: identifier)
    }

    /// A request with the same values.
    open override func copy(with zone: NSZone? = nil) -> Any {
        let copy = BGContinuedProcessingTaskRequest(identifier: identifier, title: title, subtitle: subtitle)
        copy.strategy = strategy
        copy.requiredResources = requiredResources
        return copy.copying(self)
    }

    package override var kind: TaskKind? { .continued }
}

/// A run of work that a user's action started.
///
/// Report progress: a run whose progress stands still for five minutes, or for one while others wait, is expired.
open class BGContinuedProcessingTask: BGTask, ProgressReporting {
    private let state: ContinuedState

    package init(run: TaskRun, state: ContinuedState) {
        self.state = state
        super.init(run: run)
    }

    /// How far the work has come; set its counts. A count beyond its total or below zero is shown as all or nothing.
    /// Cancelled when a person cancels the task.
    open var progress: Progress { state.progress }
    /// What people are told is being done.
    open var title: String { state.title }
    /// More about it.
    open var subtitle: String { state.subtitle }

    /// Changes what people are told; without effect after completion.
    open func updateTitle(_ title: String, subtitle: String) {
        guard !run.isCompleted else { return }
        state.update(title: title, subtitle: subtitle)
    }
}
