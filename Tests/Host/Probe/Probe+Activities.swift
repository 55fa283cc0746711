// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling

extension Probe {
    /// Activities of the process, each until `release` is there.
    func perform(_ kind: String) async throws {
        switch kind {
        case "plain":
            ProcessInfo.processInfo.performActivity(options: .userInitiated, reason: "probing") {
                note("plain began")
                work()
            }
            note("plain ended")
            while wants("release") { try await Eventually.pause() }
        case "expiring":
            let (ends, end) = AsyncStream<Void>.makeStream()
            ProcessInfo.processInfo.performExpiringActivity(withReason: "saving") { expired in
                note("expiring \(expired)")
                if !expired { work() }
                end.yield()
            }
            for await _ in ends where wants("release") { break }
        default:
            let activity = BackgroundActivityScheduler(identifier: "org.example.tidy")
            activity.interval = 600
            activity.tolerance = 600
            let (ends, end) = AsyncStream<Void>.makeStream()
            activity.schedule { completion in
                note("scheduled began, should defer: \(activity.shouldDefer)")
                work()
                note("scheduled ends, should defer: \(activity.shouldDefer)")
                completion(.finished)
                end.yield()
            }
            note("scheduled waits")
            for await _ in ends { break }
        }
    }

    private func work() {
        while !wants("release") { Eventually.block() }
    }
}
