// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import Foundation
import SchedulingCore
import Synchronization

/// The activities that a program begins by itself, each with its locks on the host.
package final class ProcessActivities: Sendable {
    /// Those of `ProcessInfo.processInfo`.
    static let ofThisProcess: ProcessActivities = {
        let scheduler = BGTaskScheduler.shared
        let host = (try? scheduler.environment.get().activityHost) ?? ActivityHost(SilentHost())
        return ProcessActivities(host: host) { scheduler.log($0) }
    }()

    let host: ActivityHost
    private let log: @Sendable (String) -> Void
    private let saidRefusal = Mutex(false)

    package init(host: ActivityHost, log: @escaping @Sendable (String) -> Void) {
        self.host = host
        self.log = log
    }

    /// Takes the locks; they are held until the activity is ended or let go.
    package func begin(_ kinds: [Inhibition], reason: String) -> ProcessActivity {
        ProcessActivity(inhibit(kinds, reason).held)
    }

    /// Calls the block with false to do the work, and with true when it had better stop; see `ProcessInfo`.
    package func performExpiring(reason: String, _ block: @escaping @Sendable (Bool) -> Void) {
        // A queue of its own: no activity waits for another.
        DispatchQueue(label: "background.activity").async { ExpiringActivity(block).perform(for: self, reason) }
    }

    fileprivate func inhibit(_ kinds: [Inhibition], _ reason: String) -> InhibitorAnswer {
        guard !kinds.isEmpty else { return InhibitorAnswer() }
        let answer = host.inhibit(kinds, why: reason.isEmpty ? "An activity without a reason" : reason)
        guard !answer.refusals.isEmpty else { return answer }
        let isFirst = saidRefusal.withLock { said in
            defer { said = true }
            return !said
        }
        if isFirst { log("The host does not wait for activities: \(answer.refusals.joined(separator: "; "))") }
        return answer
    }
}

/// What `beginActivity` returns: locks that are held until it is ended or let go.
package final class ProcessActivity: NSObject, Sendable {
    private let locks: Mutex<[any HeldInhibitor]>

    init(_ locks: [any HeldInhibitor]) { self.locks = Mutex(locks) }

    deinit { end() }

    /// Lets the locks go; without effect the second time.
    package func end() {
        let held = locks.withLock { locks in
            defer { locks = [] }
            return locks
        }
        for lock in held { lock.release() }
    }
}

/// One piece of work that can be told to stop.
private final class ExpiringActivity: Sendable {
    private enum Phase {
        /// The locks are being taken. `isAnnounced`: the host said in the meantime that it goes.
        case beginning(isAnnounced: Bool)
        case working(ProcessActivity)
        case over
    }
    private let phase = Mutex(Phase.beginning(isAnnounced: false))
    private let block: @Sendable (Bool) -> Void

    init(_ block: @escaping @Sendable (Bool) -> Void) { self.block = block }

    /// Blocks until the work is done.
    func perform(for activities: ProcessActivities, _ reason: String) {
        let host = activities.host
        let subscription = host.subscribe { [self] in hear($0) }
        defer { host.unsubscribe(subscription) }
        let answer = activities.inhibit([.sleep, .shutdown], reason)
        let activity = ProcessActivity(answer.held)
        // Where nobody says no, nobody puts the host to sleep behind us either: the work is done without a lock.
        let isProtected = !answer.held.isEmpty || !answer.wasDenied
        let starts = phase.withLock { phase in
            guard case .beginning(false) = phase, isProtected, !host.isAboutToStop else {
                phase = .over
                return false
            }
            phase = .working(activity)
            return true
        }
        block(!starts)
        // An expiration in progress holds the locks until it is over.
        phase.withLock { $0 = .over }
    }

    private func hear(_ event: HostEvent) {
        guard event != .didWake else { return }
        let activity = phase.withLock { phase -> ProcessActivity? in
            switch phase {
            case .beginning:
                phase = .beginning(isAnnounced: true)
                return nil
            case .working(let activity):
                phase = .over
                return activity
            case .over: return nil
            }
        }
        guard let activity else { return }
        DispatchQueue(label: "background.expiration").async { [block] in
            block(true)
            withExtendedLifetime(activity) {}
        }
    }
}
