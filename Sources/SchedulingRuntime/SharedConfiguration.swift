// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization

/// What `BGTaskScheduler.shared` is made of; it can be set until that is made.
enum SharedConfiguration {
    private struct State {
        var configuration = BGTaskScheduler.Configuration()
        var isTaken = false
    }
    private static let state = Mutex(State())

    static func set(_ configuration: BGTaskScheduler.Configuration) -> Bool {
        state.withLock { state in
            if !state.isTaken { state.configuration = configuration }
            return !state.isTaken
        }
    }

    static func take() -> BGTaskScheduler.Configuration {
        state.withLock { state in
            state.isTaken = true
            return state.configuration
        }
    }
}

extension BGTaskScheduler {
    /// Gives ``shared``, which transfers and background activities work with, a configuration of the program's.
    ///
    /// Call it first thing in `main`: once anything has used `shared`, or a transfer was begun, it is too late. Returns false
    /// then, says so on standard error, and changes nothing.
    @discardableResult
    public static func configureShared(_ configuration: Configuration) -> Bool {
        if SharedConfiguration.set(configuration) { return true }
        shared.log("The shared scheduler is in use already, and keeps its configuration. Call this first in main.")
        return false
    }
}
