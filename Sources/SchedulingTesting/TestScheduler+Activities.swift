// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)

import Scheduling
import SchedulingRuntime

extension TestScheduler {
    /// A background activity of the process that a person started: `advance(by:)` moves its time and waits for its
    /// completion handler, and `power` and `suspend(for:)` are what it sees.
    public func backgroundActivity(identifier: String) -> BackgroundActivityScheduler {
        NSBackgroundActivityScheduler(identifier: identifier, scheduler: scheduler)
    }
}

#endif
