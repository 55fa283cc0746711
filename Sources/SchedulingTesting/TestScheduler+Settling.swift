// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingRuntime
import Synchronization

extension TestScheduler {
    func noteHandOver() { handOvers.wrappingAdd(1, ordering: .sequentiallyConsistent) }

    func noteProgress() {
        noteHandOver()
        let ready = state.withLock { state in
            let waiters = state.waiters
            return waiters
        }
        for (id, waiter) in ready where waiter.isReached() {
            let isOurs = state.withLock { $0.waiters.removeValue(forKey: id) != nil }
            if isOurs { waiter.continuation.resume(returning: true) }
        }
    }

    /// One who waits until all has settled, and for how many real seconds at least.
    struct Waiter {
        var isReached: @Sendable () -> Bool
        var continuation: CheckedContinuation<Bool, Never>
        var seconds = -1
    }

    /// A handler that waits for the outside world is given ten real seconds, then the test fails with its name. One timer
    /// for all that wait: a simulated year waits many times, for microseconds.
    ///
    /// A second counts once a task that began with it has had its turn: where others keep all the threads that tasks share,
    /// as many tests at once may, a handler that needs one is not to blame.
    private func watch() {
        DispatchQueue.global().asyncAfter(deadline: .now() + 1) { [weak self] in
            Task { self?.countSecond() }
        }
    }

    private func countSecond() {
        let late = state.withLock { state in
            for id in state.waiters.keys { state.waiters[id]?.seconds += 1 }
            let late = state.waiters.filter { $0.value.seconds >= 10 }
            for id in late.keys { state.waiters[id] = nil }
            state.isWatched = !state.waiters.isEmpty
            return late
        }
        for waiter in late.values { waiter.continuation.resume(returning: false) }
        if state.withLock(\.isWatched) { watch() }
    }

    func settle(_ milestone: Milestone) async throws {
        let isReached: @Sendable () -> Bool = { [weak self] in self?.unsettled(milestone).isEmpty ?? true }
        if isReached() { return }
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let isSettled = await withCheckedContinuation { continuation in
            let startsWatch = state.withLock { state in
                state.waiters[id] = Waiter(isReached: isReached, continuation: continuation)
                defer { state.isWatched = true }
                return !state.isWatched
            }
            noteProgress()
            if startsWatch { watch() }
        }
        if isSettled { return }
        let late = unsettled(milestone)
        if !late.isEmpty { throw DidNotSettle(runs: late) }
    }

    /// What is still on its way, by name.
    ///
    /// Work goes from a handler to the runner, to the program's `main`, and on, while one looks from place to place: it may be
    /// where one has looked already. Settled is what two looks in a row find so, with nothing handed over in between.
    private func unsettled(_ milestone: Milestone) -> [String] {
        while true {
            let before = handOvers.load(ordering: .sequentiallyConsistent)
            for _ in 1...2 {
                let names = seenUnsettled(milestone)
                if !names.isEmpty { return names }
            }
            if handOvers.load(ordering: .sequentiallyConsistent) == before { return [] }
        }
    }

    private func seenUnsettled(_ milestone: Milestone) -> [String] {
        let processes = state.withLock { $0.launches + [$0.foreground].compactMap { $0 } }
        var names: [String] = []
        for process in processes {
            if !process.executor.isIdle { names.append("the program's launch") }
            if process.scheduler.isWorking { names.append("the program's runner") }
            guard milestone == .settled else { continue }
            for run in process.scheduler.activeRuns where !isSettled(run, process) {
                names.append(run.occurrence.identifier)
            }
            names += process.scheduler.activeActivities
        }
        return names
    }

    private func isSettled(_ run: TaskRun, _ process: Process) -> Bool {
        if run.isExpirationPending { return false }
        guard let executor = process.executors.existing(for: run) else { return false }
        return executor.isIdle && time.hasSleeper(on: executor)
    }
}
