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
    func run() throws -> Int32 {
        let (reference, state, report) = try task()
        let store = try state.store.get()
        if let process = report.tasks.first(where: { $0.id == reference.id && $0.state == .running })?.pid {
            throw Refusal("\(VisibleText.escaped(reference.name)) is running already, in process \(process)")
        }
        let resident = try store.hasLiveResident()
        let waker = services.waker(for: state.app)
        let keeper = waker.map { self.keeper(state, store, $0) }
        let isPending =
            try keeper?.makeDue(identifier: reference.id, isActing: false)
            ?? store.makeDue(identifier: reference.id, now: surroundings.now)
        guard isPending else {
            throw Refusal(
                "nothing is pending for \(VisibleText.escaped(reference.name)): only what the app has submitted can be run"
            )
        }
        guard let keeper else {
            guard resident else {
                throw Refusal(
                    "it is due now, but nothing can start the program: it runs as soon as somebody starts \(state.app.executable ?? reference.app)"
                )
            }
            return try tell(reference, "it is due now, and the process of the app that lives runs it")
        }
        try keeper.settle(runner: resident ? .acting : .none)
        if let failure = keeper.failure {
            throw Refusal("it is due now, but " + VisibleText.escaped(failure.description))
        }
        return try tell(
            reference,
            resident
                ? "it is due now, and the process of the app that lives runs it"
                : "it is due now, and systemd starts the program for it")
    }

    func expire() throws -> Int32 {
        let (reference, state, _) = try task()
        let store = try state.store.get()
        let told =
            try store.requestStop(identifier: reference.id, reason: .simulated)
            + store.stopContinued(identifier: reference.id, reason: .simulated)
        guard told > 0 else { throw Refusal("\(VisibleText.escaped(reference.name)) is not running") }
        return try tell(reference, "it was told to stop")
    }

    func cancel() throws -> Int32 {
        let (reference, state, report) = try task()
        try refuseToCancelTransfers(withTransfers(report, of: state), reference)
        let store = try state.store.get()
        guard (report.tasks.map(\.id) + report.continued.map(\.id)).contains(reference.id) else {
            throw Refusal("nothing is pending or running for \(VisibleText.escaped(reference.name))")
        }
        let told =
            try store.stopContinued(identifier: reference.id, reason: .cancelled)
            + store.cancel(identifier: reference.id, now: surroundings.now)
        // While anything runs, its process moves the wake-up at the end.
        if try store.outlook().claimed == 0, let waker = services.waker(for: state.app) {
            let keeper = keeper(state, store, waker)
            try keeper.settle(runner: try store.hasLiveResident() ? .acting : .none)
        }
        return try tell(reference, told > 0 ? "it runs, and was told to stop" : "it was cancelled")
    }

    func keeper(_ state: AppState, _ store: SchedulingStore, _ waker: any Waker) -> WakeupKeeper {
        let environment = SchedulingEnvironment(
            appIdentifier: state.app.identifier, time: surroundings.clocks,
            conditions: HostConditions(clock: surroundings.clocks), host: SilentHost(), waker: waker,
            launch: .ordinary, openStore: { () throws(SchedulingFailure) in try state.store.get() },
            processIdentifier: surroundings.facts.processID, listenForStop: { _ in {} },
            log: { _ in })  // what fails is thrown, or told by `failure`
        return WakeupKeeper(environment: environment, store: store, policy: RunPolicy())
    }

    func tell(_ reference: TaskReference, _ done: String, notes: [String] = []) throws -> Int32 {
        if invocation.isJSON {
            try Output.json(OrderReport(app: reference.app, id: reference.id, done: done, notes: notes))
        } else {
            Output.lines([VisibleText.escaped(reference.name) + ": " + done + "."] + notes)
        }
        return 0
    }
}
