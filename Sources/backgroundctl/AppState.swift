// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundMonitors
import BackgroundSurroundings
import SchedulingCore
import SchedulingStore

/// One app's store, looked at from outside: what is read makes no commit and takes no ownership.
struct AppState: Sendable {
    let app: InstalledApp
    let store: Result<SchedulingStore, SchedulingFailure>
    private let services: Services
    private let scope: Invocation.Scope
    private let planner: SchedulePlanner

    init(_ app: InstalledApp, services: Services, surroundings: Surroundings) {
        self.app = app
        self.services = services
        scope = surroundings.scope
        let facts = surroundings.facts
        // As the app itself makes it, so that jitter and zones are the same.
        let planner = SchedulePlanner(
            hostSeed: SeededHash.hash(facts.machineID, seed: SeededHash.hash(app.identifier)), zones: SystemZones())
        self.planner = planner
        store = Result { () throws(SchedulingFailure) in
            try SchedulingStore(
                directory: app.stateDirectory, machine: facts.machineID, boot: facts.bootID, pid: facts.processID,
                busyTimeout: .seconds(2), planner: planner, lockPatience: .seconds(2), as: .visitor)
        }
    }

    /// Everything but history; of schedules the next `most` instants until `horizon`.
    func report(now: WallTime, until horizon: WallTime = .distantFuture, most: Int = 3) -> AppReport {
        var report = AppReport(
            app: app.identifier, scope: scope.rawValue, unitFile: app.unitFile, executable: app.executable,
            stateDirectory: app.stateDirectory.path)
        do throws(SchedulingFailure) {
            let store = try store.get()
            // One look over history serves all tasks.
            var last: [String: RunReport] = [:]
            for entry in try store.history(identifier: nil, limit: 500) {
                if let id = entry.identifier, last[id] == nil { last[id] = RunReport(app: app.identifier, entry) }
            }
            report.tasks = try store.occurrences(identifier: nil).map { live in
                var task = task(live, now, until: horizon, most: most)
                task.last = last[live.occurrence.identifier]
                return task
            }
            report.continued = try store.continuedTasks().map { AppState.continued(app.identifier, $0) }
            if let wakeup = try store.wakeup() {
                report.wakeup = AppReport.Wakeup(
                    timer: wakeup.name, at: Instant(wakeup.instant), isArmed: isArmed(wakeup))
            }
        } catch {
            report.trouble = AppState.trouble(error)
        }
        return report
    }

    func history(_ identifier: String?, limit: Int) throws(SchedulingFailure) -> [RunReport] {
        try store.get().history(identifier: identifier, limit: limit).map { RunReport(app: app.identifier, $0) }
    }

    /// Every task that this app has or had, as far back as its history goes.
    func references(_ report: AppReport) -> [TaskReference] {
        let past = (try? history(nil, limit: 2000)) ?? []
        let ids = Set(report.tasks.map(\.id) + report.continued.map(\.id) + past.compactMap(\.id))
        return ids.map { TaskReference(app: app.identifier, id: $0) }
    }

    /// One that has fired is armed in its launch, until that launch has armed anew.
    private func isArmed(_ wakeup: ArmedWakeup) -> Bool? {
        guard let isArmed = services.isArmed(wakeup.name) else { return nil }
        return isArmed || !services.services(of: app).allSatisfy { ["", "dead", "failed"].contains($0.state) }
    }

    static func trouble(_ failure: SchedulingFailure) -> AppReport.Trouble {
        AppReport.Trouble(
            code: failure.code.rawValue, message: "\(failure.subject): \(failure.cause)", remedy: failure.remedy)
    }

    private func task(_ live: LiveOccurrence, _ now: WallTime, until horizon: WallTime, most: Int) -> TaskReport {
        let occurrence = live.occurrence
        let terms = occurrence.terms
        let waits = live.waiting.names
        let state: TaskReport.State =
            if let owner = live.owner {
                owner.alive ? .running : .orphaned
            } else if live.follows != nil {
                .following
            } else if occurrence.instant > now || (live.waiting == .window && occurrence.eligible > now) {
                .scheduled
            } else {
                waits.isEmpty ? .due : .waiting
            }
        var task = TaskReport(app: app.identifier, id: occurrence.identifier, state: state)
        task.kind = occurrence.kind.description
        if occurrence.kind == .transfers, occurrence.identifier.hasPrefix(TaskReference.transfersPrefix) {
            task.session = String(occurrence.identifier.dropFirst(TaskReference.transfersPrefix.count))
        }
        task.scheduled = Instant(occurrence.instant)
        if live.owner == nil, live.follows == nil { task.next = Instant(max(occurrence.instant, occurrence.eligible)) }
        task.submitted = Instant(occurrence.submitted)
        task.requires = occurrence.requirements.names
        task.waitsFor = waits
        task.follows = live.follows
        task.schedule = terms.schedule?.description
        task.tags = terms.tags ?? []
        task.attempts = occurrence.attempts
        task.pid = live.owner?.pid
        task.started = live.startedAt.map(Instant.init)
        task.coming = coming(after: occurrence, now, until: horizon, most: most)
        return task
    }

    /// The instants of its schedule that follow, as if each run came in time.
    private func coming(
        after occurrence: Occurrence, _ now: WallTime, until horizon: WallTime, most: Int
    ) -> [Instant] {
        let terms = occurrence.terms
        guard terms.schedule?.isGrid == true else { return [] }
        var coming: [Instant] = []
        var instant = occurrence.instant
        while coming.count < most {
            let advance = planner.advance(
                from: instant, terms, identifier: occurrence.identifier, now: max(instant, now), .claimed)
            guard let next = advance.next, next.instant > instant, next.eligible <= horizon else { break }
            coming.append(Instant(next.eligible))
            instant = next.instant
        }
        return coming
    }

    static func continued(_ app: String, _ progress: ContinuedProgress) -> ContinuedReport {
        ContinuedReport(
            app: app, id: progress.identifier, title: progress.title, subtitle: progress.subtitle,
            completed: progress.completedUnitCount, total: progress.totalUnitCount,
            fraction: progress.fractionCompleted, pid: progress.processIdentifier)
    }
}
