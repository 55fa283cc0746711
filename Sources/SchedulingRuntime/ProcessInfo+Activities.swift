// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)

import BackgroundMonitors
import Foundation
import SchedulingCore

extension ProcessInfo {
    /// What an activity keeps the host from; Foundation's options, which Linux lacks.
    ///
    /// Three of them mean something on Linux: `idleSystemSleepDisabled` (a lock of logind that blocks idle sleep and one
    /// that delays any other), `idleDisplaySleepDisabled` (the same lock on idleness, which desktops also heed for the
    /// screen) and `suddenTerminationDisabled` (a lock that delays shutdown). The others are there for code that names
    /// them, and alone take no lock.
    public struct ActivityOptions: OptionSet, Sendable {
        /// Apple's bits.
        public let rawValue: UInt64
        /// Options from Apple's bits.
        public init(rawValue: UInt64) { self.rawValue = rawValue }

        /// The screen stays on.
        public static let idleDisplaySleepDisabled = ActivityOptions(rawValue: 1 << 40)
        /// The host does not go to sleep for want of use.
        public static let idleSystemSleepDisabled = ActivityOptions(rawValue: 1 << 20)
        /// Shutdown waits, as long as the host's policy allows.
        public static let suddenTerminationDisabled = ActivityOptions(rawValue: 1 << 14)
        /// No effect: Linux ends no program for being idle.
        public static let automaticTerminationDisabled = ActivityOptions(rawValue: 1 << 15)
        /// No effect: there is nothing that tracks.
        public static let animationTrackingEnabled = ActivityOptions(rawValue: 1 << 45)
        /// No effect: there is nothing that tracks.
        public static let trackingEnabled = ActivityOptions(rawValue: 1 << 46)
        /// The user asked for it: no idle sleep, no sudden termination.
        public static let userInitiated = ActivityOptions(rawValue: 0x00FF_FFFF)
        /// The user asked for it, but the host may go to sleep.
        public static let userInitiatedAllowingIdleSystemSleep = userInitiated.subtracting(.idleSystemSleepDisabled)
        /// The user is at it: as `userInitiated`.
        public static let userInteractive = userInitiated.union(.latencyCritical)
        /// Nobody waits for it: no lock.
        public static let background = ActivityOptions(rawValue: 0xFF)
        /// No effect: threads' priorities stay as they are.
        public static let latencyCritical = ActivityOptions(rawValue: 0xFF_0000_0000)

        package var inhibitions: [Inhibition] {
            var kinds: [Inhibition] = []
            if contains(.idleSystemSleepDisabled) { kinds.append(.sleep) }
            if contains(.suddenTerminationDisabled) { kinds.append(.shutdown) }
            if contains(.idleSystemSleepDisabled) || contains(.idleDisplaySleepDisabled) { kinds.append(.idle) }
            return kinds
        }
    }

    /// Begins an activity, and holds the host back as the options say until `endActivity(_:)` is called with what this
    /// returns, or that object is let go.
    ///
    /// `reason` is what `systemd-inhibit --list` shows. Blocks for a call to logind for each lock. What is refused, or
    /// cannot be had because there is no logind, is said once on standard error, and the activity goes on without it.
    public func beginActivity(options: ActivityOptions = [], reason: String) -> any NSObjectProtocol {
        ProcessActivities.ofThisProcess.begin(options.inhibitions, reason: reason)
    }

    /// Ends an activity that `beginActivity(options:reason:)` returned. A second call, and any other object, is without
    /// effect.
    public func endActivity(_ activity: any NSObjectProtocol) {
        (activity as? ProcessActivity)?.end()
    }

    /// Calls the block, here and now, within an activity.
    public func performActivity(options: ActivityOptions = [], reason: String, using block: @escaping () -> Void) {
        let activity = beginActivity(options: options, reason: reason)
        defer { endActivity(activity) }
        block()
    }

    /// Calls the block with false, on a background queue, to do work that should not be cut short, and with true when it
    /// had better come to its end.
    ///
    /// While the block works, sleep and shutdown wait for it, as long as the host's policy allows (5 seconds by default).
    /// It is called with true, perhaps while the first call is still at work, when the host announces sleep or shutdown,
    /// or when SIGTERM arrives while `run()` or `handleBackgroundLaunch()` is active; otherwise SIGTERM ends the program
    /// as ever. It is called with true at once, and not with false, if one of these was announced already or logind refuses
    /// both locks. Where there is no logind, the work is done without a lock. An empty reason is replaced.
    public func performExpiringActivity(
        withReason reason: String, using block: @escaping @Sendable (_ expired: Bool) -> Void
    ) {
        ProcessActivities.ofThisProcess.performExpiring(reason: reason, block)
    }

    /// Whether the machine's firmware was told to save power, as power-profiles-daemon's "power-saver" does: nearest to
    /// what Apple's Low Power Mode is. Being on battery is not enough. False where nobody can tell.
    public var isLowPowerModeEnabled: Bool {
        PlatformProfile.isLowPower()
    }
}

#endif
