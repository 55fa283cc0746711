// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import SchedulingRuntime

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
    /// Ends it; true is success. The second call has no effect.
    let complete: (Bool) -> Void
    var isOver = false

    init(occurrence: Int64, identifier: String, complete: @escaping (Bool) -> Void) {
        self.occurrence = occurrence
        self.identifier = identifier
        self.complete = complete
    }
}

struct WeakBell { weak var bell: SimulatedBell? }
struct WeakWatch { weak var watch: SimulatedWatch? }

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
