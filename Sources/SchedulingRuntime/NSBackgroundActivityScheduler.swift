// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)

import Foundation
import SchedulingCore

/// Runs a block of this program from time to time, when that suits the host; Foundation's class, which Linux lacks.
///
/// It works while the program lives: no systemd timer starts a program for an activity (that is what `BGTaskScheduler` is
/// for). What it keeps across launches, in the app's store, is from when the interval counts: a launch soon after a run
/// does not run it again, one after the next date runs it at once, and of several processes of the app one runs it.
///
/// **When.** The nominal date is the last run, or the first `schedule(_:)`, plus `interval`. On external power (or where
/// nobody can tell) the block runs at that date; on battery as soon as the host is plugged in, and at the latest
/// `tolerance` after the date. Being plugged in from `tolerance` before the date on starts it too. Nothing starts while the
/// host is about to sleep or shut down, or the program was asked to stop. A date that passed while the host slept, or over
/// which the clock was set forward, is now; a clock that is set back makes nobody wait longer.
///
/// **Mistakes** end no program: with an empty identifier, with one of more than 255 bytes, or when it repeats without an
/// interval, `schedule(_:)` says so on standard error and the block is never called.
///
/// Members may be called from any thread. An object that is let go is invalidated.
// Unchecked, because a class that clients may subclass, as Apple's, cannot be checked: its one stored property is
// Sendable and constant.
open class NSBackgroundActivityScheduler: NSObject, @unchecked Sendable {
    /// How a run ended.
    public enum Result: Int, Sendable {
        /// The work is done: the next interval begins.
        case finished = 1
        /// It is not: the block is called again soon.
        case deferred = 2
    }

    /// Tells how the run ended.
    public typealias CompletionHandler = @Sendable (NSBackgroundActivityScheduler.Result) -> Void

    /// The name of the activity, the same in every launch.
    public let identifier: String
    private let runner: ActivityRunner

    /// An activity of this name, in reverse-DNS style; one object for each name and process.
    ///
    /// It uses the store and the identity of `BGTaskScheduler.shared`.
    public convenience init(identifier: String) {
        self.init(identifier: identifier, scheduler: .shared)
    }

    /// An activity in the store, on the clocks and under the conditions of another scheduler.
    package init(identifier: String, scheduler: BGTaskScheduler) {
        self.identifier = identifier
        runner = ActivityRunner(identifier: identifier, scheduler: scheduler)
    }

    deinit { runner.invalidate() }

    /// The quality of service with which the block is called. Default: `.background`.
    open var qualityOfService: QualityOfService {
        get { runner.properties.qualityOfService }
        set { runner.change { $0.qualityOfService = newValue } }
    }

    /// Whether the block is called again an interval after it finished. Default: false.
    open var repeats: Bool {
        get { runner.properties.repeats }
        set { runner.change { $0.repeats = newValue } }
    }

    /// Seconds between two runs, or before the only one. Meant for ten minutes and more; a repeating activity has at least
    /// one second. Default: 0.
    open var interval: TimeInterval {
        get { runner.properties.interval }
        set { runner.change { $0.interval = newValue } }
    }

    /// How many seconds before or after its date a run may come; at most the interval. Default: half the interval.
    open var tolerance: TimeInterval {
        get { runner.properties.tolerance ?? runner.properties.interval / 2 }
        set { runner.change { $0.tolerance = newValue } }
    }

    /// Whether the run in progress had better stop, and be deferred: the host is about to sleep or shut down, the program
    /// was asked to stop, or external power was lost.
    ///
    /// A run that began on battery, because its time had come to an end, is not asked to stop for the battery; else it
    /// would never be done. Between runs: whether the host is on battery or about to stop.
    open var shouldDefer: Bool { runner.shouldDefer }

    /// Calls the block at its date, with a completion handler to be called when the work is done, here or on another thread.
    ///
    /// Set the properties before; a change counts from the next `schedule(_:)` or completion on. The block is called on a
    /// serial queue of this object's own, while locks keep sleep and shutdown waiting as long as the host's policy allows
    /// (5 seconds by default). Then, as the handler is told:
    /// - `.finished`: the next interval has begun with this run; an activity that does not repeat is over.
    /// - `.deferred`: the block is called again after a tenth of the interval (at least 1 second, at most 15 minutes), on
    ///   battery after four times that unless it is plugged in before. If the program ends first, the next launch does it.
    ///
    /// A handler that is never called: the block is not called again in this launch. Only its first call counts. Calling
    /// this again replaces the block; a block that runs is not interrupted. Blocks for a write to disk when an interval
    /// begins with it.
    open func schedule(
        _ block: @escaping @Sendable (@escaping NSBackgroundActivityScheduler.CompletionHandler) -> Void
    ) {
        runner.schedule { completion in
            block { result in completion(result == .deferred ? .deferred : .finished) }
        }
    }

    /// Stops it: the block is not called again. One that runs finishes, and how it ends is recorded.
    open func invalidate() { runner.invalidate() }
}

#endif
