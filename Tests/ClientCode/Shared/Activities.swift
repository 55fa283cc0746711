// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks

/// Background activities and process activities, in the forms in which apps write them.
final class NightlyTidying {
    private let activity = NSBackgroundActivityScheduler(identifier: "org.example.app.tidying")

    func begin() {
        activity.interval = 60 * 60
        activity.tolerance = 10 * 60
        activity.repeats = true
        activity.qualityOfService = .utility
        activity.schedule { (completion: NSBackgroundActivityScheduler.CompletionHandler) in
            completion(.finished)
        }
    }

    func beginCarefully() {
        let other = NSBackgroundActivityScheduler(identifier: activity.identifier + ".careful")
        other.schedule { completion in
            completion(other.shouldDefer ? .deferred : NSBackgroundActivityScheduler.Result.finished)
        }
    }

    func end() { activity.invalidate() }
}

func exportWithoutSleep(_ work: () -> Void) {
    let token = ProcessInfo.processInfo.beginActivity(
        options: [.userInitiated, .idleSystemSleepDisabled, .suddenTerminationDisabled], reason: "Exporting")
    defer { ProcessInfo.processInfo.endActivity(token) }
    work()
}

func saveBeforeSuspension(_ save: @escaping @Sendable () -> Void) {
    ProcessInfo.processInfo.performActivity(options: .background, reason: "Saving") { save() }
    ProcessInfo.processInfo.performExpiringActivity(withReason: "Saving") { isExpiring in
        if !isExpiring { save() }
    }
}
