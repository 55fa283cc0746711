// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings

/// The numbers by which the machine decides. Pure, and the same for every process of an app.
package struct RunPolicy: Hashable, Sendable {
    package var budgets = Budgets()
    /// When a waiting task is looked at again; the last one repeats.
    package var rechecks: [Duration] = [.seconds(15 * 60), .seconds(30 * 60), .seconds(60 * 60)]
    /// How often a task is started before it is given up, when the process that runs it dies each time.
    package var maximumAttempts = 5
    /// Before the second retry; it doubles from there. The first retry is at once.
    package var retryDelay: Duration = .seconds(30)
    package var maximumRetryDelay: Duration = .seconds(60 * 60)
    package var maximumConcurrentTasks = 16
    /// While anything runs, a wake-up is armed at most this far ahead, so that a process that dies or exits in the
    /// middle of a run is replaced.
    package var watchdog: Duration = .seconds(120)
    /// How often a running process moves that wake-up ahead, and asks the service manager for more time.
    package var heartbeat: Duration = .seconds(60)
    /// How much later systemd is armed while a live runner acts first.
    package var runnerSlack: Duration = .seconds(5)
    /// When a run that another process prevents is looked at again.
    package var contentionDelay: Duration = .seconds(30)
    /// When a stopped service's cut work is due again: not at once, somebody wanted it to stop.
    package var stopDelay: Duration = .seconds(60)
    /// A request submitted this much later than now shows that the wall clock was wrong then, or is wrong now.
    package var implausible: Duration = .seconds(24 * 60 * 60)

    package init() {}

    package func recheck(after postponements: Int) -> Duration {
        guard let last = rechecks.last else { return .seconds(15 * 60) }
        return postponements < rechecks.count ? rechecks[max(0, postponements)] : last
    }

    /// What becomes of an occurrence whose owner died; the attempt that this burnt is counted in it.
    package func recovery(_ occurrence: Occurrence, now: WallTime) -> RecoveryVerdict {
        guard occurrence.attempts < limit(occurrence.terms) else { return .giveUp }
        guard occurrence.attempts > 1 else { return .again(at: now) }
        let doublings = min(occurrence.attempts - 2, 20)
        // The least first: a delay of ages times a power of two is more than a Duration holds.
        return .again(
            at: now.advanced(by: min(min(retryDelay, maximumRetryDelay) * (1 << doublings), maximumRetryDelay)))
    }

    /// Whether a run that failed by its own doing is tried again, and after which time; `asked`: its handler wants that.
    package func retry(_ occurrence: Occurrence, asked: Duration?) -> (delay: Duration?, givesUp: Bool) {
        let failed = occurrence.attempts + 1
        let retry = occurrence.terms.retry ?? .never
        guard asked != nil || retry.attempts > 1 else { return (nil, false) }
        guard failed < limit(occurrence.terms) else { return (nil, true) }
        let wanted = asked.map { min(max($0, .zero), Self.longestWait) }
        return (wanted ?? retry.delay(after: failed, seed: UInt64(bitPattern: occurrence.id)), false)
    }

    /// What a handler may ask for: beyond a year it is a mistake in units, and the task would be lost.
    private static let longestWait = Duration.seconds(366 * 86_400)

    private func limit(_ terms: RequestTerms) -> Int {
        guard let retry = terms.retry, retry.attempts > 1 else { return maximumAttempts }
        return retry.attempts
    }
}

/// What becomes of an occurrence after its owner died.
package enum RecoveryVerdict: Hashable, Sendable {
    case again(at: WallTime)
    case giveUp
}

/// What has to be woken for: the store's answer to "when next?".
package struct WakeTarget: Hashable, Sendable {
    /// The earliest eligible instant of anything pending.
    package var earliest: WallTime?
    /// Whether any process is in the middle of a run.
    package var isRunning: Bool

    package init(earliest: WallTime?, isRunning: Bool) {
        self.earliest = earliest
        self.isRunning = isRunning
    }

    /// The instant at which a wake-up has to be armed at the latest; nil if nothing is pending or running.
    ///
    /// A live runner acts by itself, so systemd comes a little later and starts a second copy only if the first fails to.
    package func instant(now: WallTime, runner: LiveRunner, policy: RunPolicy) -> WallTime? {
        let watchdog = now.advanced(by: policy.watchdog)
        guard let earliest else { return isRunning ? watchdog : nil }
        let pending =
            switch runner {
            case .none: earliest
            case .acting: max(earliest, now).advanced(by: policy.runnerSlack)
            case .held: max(earliest, watchdog)
            }
        return isRunning ? min(pending, watchdog) : pending
    }
}

/// Who runs what is due while this process decides on the wake-up.
package enum LiveRunner: Hashable, Sendable {
    /// Nobody: systemd has to start the program.
    case none
    /// A live process, in time.
    case acting
    /// A live process, but the host is about to sleep or to shut down.
    case held
}
