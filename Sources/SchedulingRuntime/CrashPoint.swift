// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// The moments between two durable steps, for tests that end the process right there.
package enum CrashPoint: String, Sendable, CaseIterable {
    case afterArm
    case afterCommit
    case beforeDisarm
    case beforeLaunchHandled
    case afterClaim
    case beforeHandler
    case afterHandler
    case afterFinish
    case beforeExit

    /// Set once, before anything runs, by a test's own program; nil everywhere else.
    nonisolated(unsafe) package static var handler: (@Sendable (CrashPoint) -> Void)?

    static func pass(_ point: CrashPoint) {
        handler?(point)
    }
}
