// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingRuntime
import SchedulingStore
import TransfersCore
import TransfersStore

extension Session {
    func transfers() throws -> Int32 {
        if let order = invocation.order { return try give(order) }
        let found = try transferStates()
        let unreadable = found.compactMap(\.unreadable)
        let choice = try invocation.operand.map { try resolve($0, found, unreadable) }
        if case .transfer(let reference) = choice, !invocation.namesOnly { return try detail(reference, found) }
        var report = TransfersReport(transfers: [], sessions: [], unreadable: unreadable)
        for (transfers, _, _) in found where transfers.store != nil {
            do throws(TransferFailure) {
                let sessions = try transfers.sessions().filter {
                    choice?.includes(app: $0.app, session: $0.session) ?? true
                }
                let look = HostLook(surroundings, directory: transfers.state.app.stateDirectory)
                report.transfers += try transfers.transfers(of: sessions, look: look).filter {
                    choice?.includes($0.reference) ?? true
                }
                report.sessions += sessions
            } catch {
                let app = transfers.state.app.identifier
                if !unreadable.contains(where: { $0.app == app }) {
                    report.unreadable.append(self.unreadable(transfers.state, error))
                }
            }
        }
        show(report)
        return status(report.unreadable)
    }

    private func show(_ report: TransfersReport) {
        if invocation.namesOnly {
            let names = report.transfers.map(\.reference.name)
            if !names.isEmpty { Output.lines(names.sorted().map(VisibleText.escaped)) }
        } else if invocation.isJSON {
            try? Output.json(report)
        } else {
            Output.lines(TransfersText(terminal: surroundings.terminal, time: surroundings.time).lines(report))
        }
    }

    private typealias Found = (transfers: AppTransfers, references: [TransferReference], unreadable: AppReport?)

    /// Every app that was asked for, with the names of its transfers.
    private func transferStates() throws -> [Found] {
        try states().map { state in
            let transfers = AppTransfers(state, surroundings: surroundings)
            do throws(TransferFailure) {
                return (transfers, try transfers.references(), nil)
            } catch {
                return (transfers, [], unreadable(state, error))
            }
        }
    }

    private func unreadable(_ state: AppState, _ failure: TransferFailure) -> AppReport {
        var report = AppReport(
            app: state.app.identifier, scope: surroundings.scope.rawValue, unitFile: state.app.unitFile,
            executable: state.app.executable, stateDirectory: state.app.stateDirectory.path)
        report.trouble = AppTransfers.trouble(failure)
        return report
    }

    private func resolve(
        _ words: String, _ found: [Found], _ unreadable: [AppReport]
    ) throws(Refusal) -> TransferReference.Choice {
        do throws(TaskReference.Unresolved) {
            return try TransferReference.resolve(
                words, among: found.flatMap(\.references), apps: found.map(\.transfers.state.app.identifier))
        } catch {
            throw refusal(error, unreadable)
        }
    }

    /// What was not found may be where nothing could be read.
    private func refusal(_ error: TaskReference.Unresolved, _ unreadable: [AppReport]) -> Refusal {
        let more = unreadable.compactMap { report in
            report.trouble.map {
                "\nThe transfers of \(VisibleText.escaped(report.app)) are not known: "
                    + VisibleText.escaped($0.message)
            }
        }
        return Refusal(error.description + more.joined())
    }

    private func detail(_ reference: TransferReference, _ found: [Found]) throws -> Int32 {
        guard let (transfers, _, _) = found.first(where: { $0.references.contains(reference) }),
            let report = try transfers.detail(
                reference, look: HostLook(surroundings, directory: transfers.state.app.stateDirectory))
        else { throw Refusal("\(VisibleText.escaped(reference.name)) is gone") }
        if invocation.isJSON {
            try Output.json(report)
        } else {
            Output.lines(TransfersText(terminal: surroundings.terminal, time: surroundings.time).lines(report))
        }
        return 0
    }

    // MARK: Orders

    /// All names are understood before any order is given; then one that is refused holds the others not back.
    private func give(_ order: Invocation.TransferOrder) throws -> Int32 {
        let found = try transferStates()
        var references: [TransferReference] = []
        for name in invocation.ordered {
            do throws(TaskReference.Unresolved) {
                let reference = try TransferReference.transfer(
                    name, among: found.flatMap(\.references), apps: found.map(\.transfers.state.app.identifier))
                if !references.contains(reference) { references.append(reference) }
            } catch {
                throw refusal(error, found.compactMap(\.unreadable))
            }
        }
        var reports: [OrderReport] = []
        var isRefused = false
        for reference in references {
            guard let transfers = found.first(where: { $0.references.contains(reference) })?.transfers else { continue }
            do {
                reports.append(try give(order, to: reference, transfers))
            } catch {
                isRefused = true
                let refused = (error as? TransferFailure).map(\.description) ?? "\(error)"
                Output.complain((error as? Refusal)?.description ?? VisibleText.escaped(refused))
            }
        }
        if invocation.isJSON {
            try Output.json(OrdersReport(orders: reports))
        } else if !reports.isEmpty {
            Output.lines(
                reports.flatMap { report in
                    [VisibleText.escaped(report.app + "/" + (report.id ?? "")) + ": " + report.done + "."]
                        + report.notes
                })
        }
        return isRefused ? 1 : 0
    }

    private func give(
        _ order: Invocation.TransferOrder, to reference: TransferReference, _ transfers: AppTransfers
    ) throws -> OrderReport {
        let shown = VisibleText.escaped(reference.name)
        guard let store = try transfers.store?.get(),
            let stored = try store.transfer(session: reference.session, identifier: reference.id)
        else { throw Refusal("\(shown) is gone") }
        let (wish, refusal) = TransferAsking(order, of: stored.checkpoint.state, asked: stored.order.map { "\($0)" })
            .judged
        if let refusal { throw Refusal(shown + " " + refusal) }
        guard try store.ask(TransferOrder(wish), of: stored.id) else {
            throw Refusal("\(shown) has ended: there is nothing left to \(order)")
        }
        let id = reference.session + "/" + reference.id
        if let pid = try store.owner(of: reference.session) {
            return OrderReport(
                app: reference.app, id: id, done: "process \(pid), which moves it, is told to \(order) it")
        }
        guard order != .pause else {
            return OrderReport(
                app: reference.app, id: id, done: "nobody moves it now, and it is paused before anybody does")
        }
        let (done, notes) = try wake(reference.session, transfers.state)
        return OrderReport(app: reference.app, id: id, done: "\(done), and told to \(order) it", notes: notes)
    }

    /// Has the app started for a session now, as the app itself would.
    private func wake(_ session: String, _ state: AppState) throws -> (done: String, notes: [String]) {
        let task = AppTransfers.task(of: session)
        guard let waker = services.waker(for: state.app) else {
            return (
                "the app is",
                ["Nothing can start the program: that is when it opens the session the next time."]
            )
        }
        let store = try state.store.get()
        let keeper = keeper(state, store, waker)
        let request = NewRequest(identifier: task, kind: .transfers, instant: surroundings.now)
        try keeper.submit([request], limits: .unlimited)
        try keeper.settle(runner: try store.hasLiveResident() ? .acting : .none)
        return ("the app is started now", keeper.failure.map { [VisibleText.escaped($0.description)] } ?? [])
    }

    /// A session's task is no task to be cancelled: its transfers would lie there with nobody to come back for them.
    func refuseToCancelTransfers(_ report: AppReport, _ reference: TaskReference) throws(Refusal) {
        guard let session = report.tasks.first(where: { $0.id == reference.id })?.session else { return }
        let name = VisibleText.escaped(reference.app + "/" + session)
        throw Refusal(
            "\(VisibleText.escaped(reference.name)) starts the app for the transfers of a session: "
                + "`backgroundctl transfers \(name)` shows them, and `backgroundctl transfers cancel` cancels them")
    }

    // MARK: Beside the tasks

    /// An app's report with its sessions, and with their transfers that move or were among `before`.
    func withTransfers(_ report: AppReport, of state: AppState, before: [TransferReference] = []) -> AppReport {
        var report = report
        let transfers = AppTransfers(state, surroundings: surroundings)
        guard transfers.store != nil, let sessions = try? transfers.sessions() else { return report }
        report.sessions = sessions
        let look = HostLook(surroundings, directory: state.app.stateDirectory)
        report.transfers = (try? transfers.transfers(of: sessions, state: .running, look: look)) ?? []
        let moving = Set(report.transfers.map(\.reference))
        for reference in before where reference.app == report.app && !moving.contains(reference) {
            if let rested = try? transfers.detail(reference, look: look) { report.transfers.append(rested.transfer) }
        }
        let names = Dictionary(
            sessions.map { (AppTransfers.task(of: $0.session), $0.session) }, uniquingKeysWith: { first, _ in first })
        for index in report.tasks.indices {
            if let session = names[report.tasks[index].id] { report.tasks[index].session = session }
        }
        return report
    }
}

extension TransferOrder {
    init(_ order: Invocation.TransferOrder) {
        switch order {
        case .pause: self = .pause
        case .resume: self = .resume
        case .cancel: self = .cancel
        }
    }
}
