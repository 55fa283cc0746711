// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundControl
import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingStore

/// One call of the tool: what it finds, and what it does with that.
struct Session {
    let surroundings: Surroundings
    let services: Services
    let registry: AppRegistry

    init(_ surroundings: Surroundings) {
        self.surroundings = surroundings
        services = Services(
            scope: surroundings.scope, environment: surroundings.environment, uid: surroundings.uid)
        registry = AppRegistry(surroundings: surroundings, services: services)
    }

    var invocation: Invocation { surroundings.invocation }

    /// Returns the exit status.
    func perform() throws -> Int32 {
        switch invocation.command {
        case .version: Output.lines(["backgroundctl (swift-background) " + Backgroundctl.version])
        case .help: Output.lines(HelpText.lines(invocation.operand.flatMap(Command.init)))
        case .completion:
            guard let shell = CompletionScript.Shell(rawValue: invocation.operand ?? "") else { return 2 }
            Output.text(CompletionScript.text(shell))
        case .list: return try list()
        case .show: return try show()
        case .why: return try why()
        case .history: return try history()
        case .run: return try run()
        case .expire: return try expire()
        case .cancel: return try cancel()
        case .transfers: return try transfers()
        case .watch: try Watch(self).start()
        case .timeline: return try timeline()
        case .doctor: return try doctor()
        case .uninstall: return try uninstall()
        }
        return 0
    }

    // MARK: What is found

    /// Every app that was asked for, opened.
    func states() throws(Refusal) -> [AppState] {
        let apps = registry.apps()
        if let wanted = invocation.app, apps.isEmpty {
            let shown = VisibleText.escaped(wanted)
            throw Refusal("there is no app \(shown) here; `backgroundctl list` shows them all")
        }
        return apps.map { AppState($0, services: services, surroundings: surroundings) }
    }

    /// The task that the operand names, with its app's state.
    func task() throws -> (reference: TaskReference, state: AppState, report: AppReport) {
        let now = surroundings.now
        let states = try states().map { state in
            let report = state.report(now: now)
            return (state: state, report: report, references: state.references(report))
        }
        do {
            let reference = try TaskReference.resolve(
                invocation.operand ?? "", among: states.flatMap(\.references))
            if let found = states.first(where: { $0.references.contains(reference) }) {
                return (reference, found.state, found.report)
            }
            throw Refusal("\(reference.name) is gone")
        } catch let error as TaskReference.Unresolved {
            let unreadable = states.compactMap { state, report, _ in
                report.trouble.map {
                    "\nThe tasks of \(VisibleText.escaped(state.app.identifier)) are not known: "
                        + VisibleText.escaped($0.message)
                }
            }
            throw Refusal(error.description + unreadable.joined())
        }
    }

    /// Says why apps could not be read, after what could.
    func status(_ reports: [AppReport]) -> Int32 { reports.contains { $0.trouble != nil } ? 1 : 0 }
}
