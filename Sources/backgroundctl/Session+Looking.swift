// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundMonitors
import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingRuntime
import SchedulingStore

extension Session {
    func list() throws -> Int32 {
        let now = surroundings.now
        let reports = try states().map { withTransfers($0.report(now: now), of: $0) }
        if invocation.namesOnly {
            let names = reports.flatMap { app in
                (app.tasks.map(\.id) + app.continued.map(\.id)).map { app.app + "/" + $0 }
            }
            if !names.isEmpty { Output.lines(Set(names).sorted().map(VisibleText.escaped)) }
        } else if invocation.isJSON {
            try Output.json(ListReport(apps: reports))
        } else {
            Output.lines(
                ListText(terminal: surroundings.terminal, time: surroundings.time).lines(ListReport(apps: reports)))
        }
        return status(reports)
    }

    func show() throws -> Int32 {
        let (reference, state, found) = try task()
        let app = withTransfers(found, of: state)
        var report = app
        report.tasks = []
        report.continued = []
        report.transfers = []
        let explanation = try explanation(reference, state)
        var shown =
            app.tasks.first { $0.id == reference.id } ?? TaskReport(app: reference.app, id: reference.id, state: .idle)
        shown.last = explanation.runs.first
        let all = ShowReport(
            task: shown, continued: app.continued.filter { $0.id == reference.id }, explanation: explanation,
            app: report)
        if invocation.isJSON {
            try Output.json(all)
        } else {
            Output.lines(ShowText(terminal: surroundings.terminal, time: surroundings.time).lines(all))
        }
        return 0
    }

    func why() throws -> Int32 {
        let (reference, state, _) = try task()
        let explanation = try explanation(reference, state)
        if invocation.isJSON {
            try Output.json(explanation)
        } else {
            Output.lines(WhyText(terminal: surroundings.terminal, time: surroundings.time).lines(explanation))
        }
        return 0
    }

    /// As the app itself would explain it, but for its handlers, which only it knows.
    private func explanation(_ reference: TaskReference, _ state: AppState) throws -> ExplanationReport {
        let conditions = HostConditions.ofThisHost(
            stateDirectory: try state.store.get().directory.path, clock: surroundings.clocks)
        var inquiry = try TaskInquiry(
            identifier: reference.id, now: surroundings.now, store: try state.store.get(),
            conditions: { conditions.observe($0) })
        inquiry.warningRemedy = "see `backgroundctl doctor`"
        let waker = services.waker(for: state.app)
        inquiry.warnings = { waker?.backend().warnings ?? ["tasks run only while a process of the app lives"] }
        return ExplanationReport(app: reference.app, inquiry.explanation())
    }

    func history() throws -> Int32 {
        let limit = invocation.limit ?? 50
        var runs: [RunReport] = []
        var unreadable: [AppReport] = []
        if invocation.operand != nil {
            let (reference, state, _) = try task()
            runs = try state.history(reference.id, limit: limit)
        } else {
            for state in try states() {
                do throws(SchedulingFailure) {
                    runs += try state.history(nil, limit: limit)
                } catch {
                    unreadable.append(state.report(now: surroundings.now))
                }
            }
        }
        // A stable order for rows of one instant: those of one app keep theirs.
        let newest = runs.enumerated().sorted {
            ($1.element.ended.wall, $0.offset) < ($0.element.ended.wall, $1.offset)
        }.map(\.element).prefix(limit)
        let report = HistoryReport(runs: Array(newest), unreadable: unreadable)
        if invocation.isJSON {
            try Output.json(report)
        } else {
            let text = HistoryText(terminal: surroundings.terminal, time: surroundings.time)
            Output.lines(text.lines(report, showsApp: invocation.operand == nil && Set(runs.map(\.app)).count > 1))
        }
        return status(unreadable)
    }
}
