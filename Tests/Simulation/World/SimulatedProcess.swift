// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import SchedulingRuntime
import SchedulingStore

/// One process of the program: a real scheduler, and how far its life has come.
final class SimulatedProcess {
    enum Role: Equatable {
        /// Started by a person; submits and leaves.
        case foreground
        /// Started by a person, and stays with `run()`.
        case resident
        /// Started by the service manager, as this service.
        case launch(String)
    }

    let pid: Int32
    let boot: Int
    let role: Role
    let scheduler: BGTaskScheduler
    var isDead = false
    /// How many calls into it are on the stack.
    var depth = 0
    var locks = 0
    var onHostEvent: (@Sendable (HostEvent) -> Void)?
    var onStop: (@Sendable () -> Void)?
    var bells: [WeakBell] = []
    var watchers: [WeakWatch] = []
    /// Who wants to hear that the clock, or the time zone, was set.
    var settings: [WeakSettings] = []
    /// The handlers whose bodies have begun and not ended.
    var runs: [HandlerRun] = []
    /// Identifiers for which this process has no handler.
    var unhandled: Set<String> = []

    init(pid: Int32, boot: Int, role: Role, scheduler: BGTaskScheduler) {
        self.pid = pid
        self.boot = boot
        self.role = role
        self.scheduler = scheduler
    }
}

/// One handler at work, and what it is going to do.
final class HandlerRun: @unchecked Sendable {
    // Reason: as `World`.
    let occurrence: Int64
    let identifier: String
    enum End: Equatable {
        case success, failure
        /// A failure that asks for another try, after so many microseconds.
        case retry(Int64)
    }
    /// Ends it. The second call has no effect.
    let complete: (End) -> Void
    var isOver = false

    init(occurrence: Int64, identifier: String, complete: @escaping (End) -> Void) {
        self.occurrence = occurrence
        self.identifier = identifier
        self.complete = complete
    }
}

struct WeakBell { weak var bell: SimulatedBell? }
struct WeakWatch { weak var watch: SimulatedWatch? }
struct WeakSettings { weak var watch: SimulatedSettings? }

/// Something that waits to be done by some thread of some process.
struct Item {
    enum What {
        case call(String, () -> Void)
        /// Jobs of a Swift executor, in their order.
        case jobs(SimulatedExecutor)
    }
    var process: Int32
    var what: What
}
