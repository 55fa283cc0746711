// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundMonitors
import BackgroundStore
import BackgroundSurroundings
import Foundation
import SchedulingRuntime
import SchedulingStore
import TransfersCore
import TransfersStore

/// One app's transfers, looked at from outside: what is read makes no commit and owns no session.
struct AppTransfers: Sendable {
    let state: AppState
    /// Nil: the app has never had any.
    let store: Result<TransfersStore, TransferFailure>?

    init(_ state: AppState, surroundings: Surroundings) {
        self.state = state
        let directory = state.app.stateDirectory
        guard AppTransfers.isThere(in: directory) else {
            store = nil
            return
        }
        let facts = surroundings.facts
        store = Result { () throws(TransferFailure) in
            try TransfersStore(
                directory: directory, machine: facts.machineID, boot: facts.bootID, pid: facts.processID,
                busyTimeout: .seconds(2), lockPatience: .seconds(2), as: .visitor)
        }
    }

    static func isThere(in directory: StateDirectory) -> Bool {
        var about = stat()
        return lstat(directory.path + "/transfers.sqlite", &about) == 0
    }

    static func trouble(_ failure: TransferFailure) -> AppReport.Trouble {
        AppReport.Trouble(
            code: failure.code.rawValue, message: "\(failure.subject): \(failure.cause)", remedy: failure.remedy)
    }

    private var app: String { state.app.identifier }

    // MARK: What is there

    func references() throws(TransferFailure) -> [TransferReference] {
        guard let store = try store?.get() else { return [] }
        return try AppTransfers.all(store).map {
            TransferReference(app: app, session: $0.session, id: $0.identifier)
        }
    }

    private static func all(
        _ store: TransfersStore, session: String? = nil, state: TransferSummary.State? = nil
    ) throws(TransferFailure) -> [TransferSummary] {
        var lines: [TransferSummary] = []
        while true {
            let page = try store.list(session: session, state: state, after: lines.last?.id ?? 0)
            if page.isEmpty { return lines }
            lines += page
        }
    }

    /// Sessions with their figures, by name.
    func sessions() throws(TransferFailure) -> [TransferSessionReport] {
        guard let store = try store?.get() else { return [] }
        var reports: [TransferSessionReport] = []
        for session in try store.sessions() {
            var report = TransferSessionReport(app: app, session: session)
            let counts = try store.counts(session: session)
            (report.waiting, report.running) = (counts.waiting, counts.running)
            (report.paused, report.ended) = (counts.paused, counts.ended)
            report.pid = try store.owner(of: session)
            if let store = try? state.store.get(),
                let task = try? store.occurrences(identifier: AppTransfers.task(of: session)).first
            {
                report.next = Instant(max(task.occurrence.instant, task.occurrence.eligible))
            }
            reports.append(report)
        }
        return reports
    }

    /// The transfers of these sessions; of all states, or of one.
    func transfers(
        of sessions: [TransferSessionReport], state: TransferSummary.State? = nil, look: HostLook
    ) throws(TransferFailure) -> [TransferReport] {
        guard let store = try store?.get() else { return [] }
        var reports: [TransferReport] = []
        for session in sessions {
            let outcomes = session.ended > 0 ? try AppTransfers.outcomes(store, session.session) : [:]
            reports += try AppTransfers.all(store, session: session.session, state: state).map {
                report($0, session, outcome: outcomes[$0.id], look)
            }
        }
        return reports
    }

    private static func outcomes(_ store: TransfersStore, _ session: String) throws(TransferFailure) -> [Int64: String]
    {
        var outcomes: [Int64: String] = [:]
        var last: Int64 = 0
        while true {
            let page = try store.results(session: session, after: last)
            guard let end = page.last else { return outcomes }
            last = end.id
            for one in page { outcomes[one.id] = one.result?.word }
        }
    }

    /// One of them with all that is known of it; nil if it is gone.
    func detail(_ reference: TransferReference, look: HostLook) throws(TransferFailure) -> TransferDetailReport? {
        guard let store = try store?.get(),
            let stored = try store.transfer(session: reference.session, identifier: reference.id),
            let session = try sessions().first(where: { $0.session == reference.session }),
            let line = try store.list(session: reference.session, after: stored.id - 1, limit: 1).first,
            line.id == stored.id
        else { return nil }
        return TransferDetailReport(
            report(line, session, outcome: stored.result?.word, look), intent: stored.intent, withheld: stored.withheld,
            checkpoint: stored.checkpoint, result: stored.result)
    }

    private func report(
        _ line: TransferSummary, _ session: TransferSessionReport, outcome: String?, _ look: HostLook
    ) -> TransferReport {
        var report = TransferReport(
            app: app, session: line.session, id: line.identifier, kind: line.kind == .upload ? "upload" : "download",
            state: AppTransfers.state(line.state, isOwned: session.pid != nil))
        if line.state == .waiting {
            (report.waitsFor, report.until) = TransferWaiting(
                reason: line.reason ?? .turn, due: line.due, host: line.host, demands: line.demands,
                isOwned: session.pid != nil, launch: session.next?.wall
            ).judged(now: look.now, conditions: look.conditions)
        }
        report.asked = line.state == .ended ? nil : line.order.map { "\($0)" }
        report.outcome = outcome
        report.count(line.progress, of: line.total)
        report.attempts = line.attempts
        report.deliveries = line.deliveries
        report.begun = Instant(line.created)
        report.host = line.host.isEmpty ? nil : line.host
        report.description = line.taskDescription
        report.pid = session.pid
        return report
    }

    private static func state(_ state: TransferSummary.State, isOwned: Bool) -> TransferReport.State {
        switch state {
        case .waiting: .waiting
        case .running: isOwned ? .running : .orphaned
        case .paused: .paused
        case .ended: .ended
        }
    }

    /// The identifier of the task that starts the app for a session.
    static func task(of session: String) -> String {
        BGTaskScheduler.transfersIdentifier(
            SessionLock.nameInTask(of: session) { BGTaskScheduler.transfersIdentifier($0) })
    }
}

/// One look at the clock and, if anybody wants to know, at the conditions of this host.
final class HostLook {
    let now: WallTime
    private let source: HostConditions
    private var observed: Conditions?

    init(_ surroundings: Surroundings, directory: StateDirectory) {
        now = surroundings.now
        source = HostConditions.ofThisHost(stateDirectory: directory.path, clock: surroundings.clocks)
    }

    func conditions(_ kinds: ConditionKinds) -> Conditions {
        // Once for all transfers.
        if let observed { return observed }
        let fresh = source.observe([.network, .metered, .constrained, .power])
        observed = fresh
        return fresh
    }
}
