// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import SchedulingStore

extension BGTaskScheduler {
    /// In a launch by systemd for the app's tasks, runs what is due and returns true; in any other launch returns false.
    ///
    /// Call it in `main` after registering and before the program binds ports or opens windows:
    /// `if try await scheduler.handleBackgroundLaunch() { return }`. It returns when every task that was due has ended and
    /// the next wake-up is armed; a task that fails does not make it throw. SIGTERM, sleep and shutdown expire the tasks
    /// first. Throws `SchedulingFailure` when the store cannot be used; let the program exit with an error then, and
    /// systemd starts it again.
    public nonisolated(nonsending) func handleBackgroundLaunch() async throws -> Bool {
        guard case .background = try environment.get().launch else { return false }
        let isFirst = state.withLock { state in
            defer { state.wasLaunched = true }
            return !state.wasLaunched
        }
        guard isFirst else { return false }
        let parts = try open()
        parts.environment.emit(.launchBegan)
        do {
            try await run(parts, mode: .launch)
            parts.environment.emit(.launchEnded)
        } catch {
            parts.environment.emit(.launchEnded) { $0.detail = "\(error)" }
            await parts.environment.events.flush()
            throw error
        }
        await parts.environment.events.flush()
        return true
    }

    /// Stays, and runs each task in this process as soon as it is due; returns when the program is asked to stop (SIGTERM)
    /// or the calling Swift task is cancelled.
    ///
    /// For services and desktop programs that live long. Between tasks the process sleeps without waking. Should it die,
    /// systemd starts the program for what is due.
    ///
    /// It stays on the caller's actor: the shared pool that other async functions run on has a thread of Dispatch's own
    /// look after it once a second, for as long as the process lives.
    public nonisolated(nonsending) func run() async throws {
        let parts = try open()
        parts.environment.host.notifyReady()
        do {
            try await run(parts, mode: .resident)
        } catch {
            await parts.environment.events.flush()
            throw error
        }
        await parts.environment.events.flush()
    }

    private nonisolated(nonsending) func run(_ parts: Parts, mode: SchedulerMachine.Mode) async throws {
        handlers.close()
        let runner = try startRunner(parts, mode: mode, adopts: true)
        let result: Result<Void, any Swift.Error>
        do {
            try await runner.untilFinished()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        // What a stop told to end has its grace; what goes on is given its time.
        if Task.isCancelled { parts.continued.stop(identifier: nil, .serviceStop) }
        await parts.continued.untilIdle()
        state.withLock { state in
            state.runner = nil
            state.isAdopted = false
        }
        // From here on systemd is the only one that acts: the wake-up moves to the exact instant.
        try parts.store.resignResident()
        CrashPoint.pass(.beforeExit)
        // One that gave up is started again by systemd, after a pause: at its instant it would come again at once.
        let hasFailed = if case .failure = result { true } else { false }
        let others: LiveRunner = try parts.store.hasLiveResident() ? .acting : .none
        let waits: LiveRunner = hasFailed ? .held : others
        try parts.keeper.settle(runner: waits, tidy: true)
        if try runner.clocksMoved() { try parts.keeper.settle(runner: waits, tidy: true) }
        try result.get()
        // A launch that could not arm the next wake-up must not look like a success: systemd starts it again.
        if mode == .launch, let failure = parts.keeper.failure, failure.code == .busFailed { throw failure }
    }

    /// Takes ownership, recovers what dead processes left, and starts a runner; only one at a time. With `adopts`, one
    /// that runs because nothing else would is taken over.
    @discardableResult
    private func startRunner(
        _ parts: Parts, mode: SchedulerMachine.Mode, adopts: Bool
    ) throws(SchedulingFailure) -> Runner {
        let policy = configuration.policy
        let runner = Runner(
            mode: mode, environment: parts.environment, store: parts.store, keeper: parts.keeper, handlers: handlers,
            policy: policy)
        // A runner of the other mode is that of a simulated launch, and soon over.
        let (existing, isRefused) = state.withLock { state in
            let existing = state.runner
            let isRefused = adopts && existing != nil && (state.isAdopted || existing?.mode != mode)
            if existing == nil { state.runner = runner }
            if adopts, !isRefused { state.isAdopted = true }
            return (existing, isRefused)
        }
        if let existing, !isRefused {
            if adopts { existing.listenForStop() }
            return existing
        }
        guard existing == nil else {
            throw SchedulingFailure(
                .misuse, doing: "run the tasks of", subject: parts.environment.appIdentifier,
                cause: "this scheduler is running already", remedy: "Call run() once, and let it return first.")
        }
        if adopts { runner.listenForStop() }
        do throws(SchedulingFailure) {
            CrashPoint.pass(.beforeLaunchHandled)
            let now = parts.environment.time.now().wall
            let recovery = try parts.store.becomeOwner(resident: true, now: now) { occurrence in
                policy.recovery(occurrence, now: now)
            }
            for entry in recovery.recovered {
                parts.environment.logRecorded("\(entry.identifier ?? "a launch"): \(entry.outcome) \(entry.detail)")
            }
            parts.environment.marker?.handled()
            for entry in LaunchMarker.unhandled(in: parts.store.directory, now: now) {
                try parts.store.note(entry)
                parts.environment.logRecorded(entry.detail)
            }
        } catch {
            state.withLock { state in
                state.runner = nil
                state.isAdopted = false
            }
            runner.fail(error)
            throw error
        }
        runner.start()
        return runner
    }

    /// Where nothing else can start the program, tasks run in it while it lives. A launch by systemd runs them anyway.
    func startInProcessIfNeeded(_ parts: Parts) throws(SchedulingFailure) {
        guard parts.environment.launch == .ordinary, parts.keeper.failure != nil,
            state.withLock({ $0.runner == nil })
        else { return }
        try startRunner(parts, mode: .resident, adopts: false)
    }

    /// Runs what is due now, in a process that would leave that to systemd, and is over with it.
    func startTransientRunner(_ parts: Parts) throws(SchedulingFailure) {
        let runner = try startRunner(parts, mode: .launch, adopts: false)
        runner.whenFinished { [weak self] in
            guard let self else { return }
            let isOurs = state.withLock { state in
                guard state.runner === runner, !state.isAdopted else { return false }
                state.runner = nil
                return true
            }
            guard isOurs else { return }
            do throws(SchedulingFailure) {
                try parts.store.resignResident()
                try parts.keeper.settle(runner: .none)
            } catch {
                log(error.description)
            }
        }
    }

    /// Keeps the user's service manager running while the user is not logged in, so that tasks run then too; the same as
    /// `loginctl enable-linger`. Nobody calls it by itself. Throws `SchedulingFailure`, also where there is no such thing.
    public func enableLingering() throws {
        let environment = try environment.get()
        guard let control = environment.waker as? any LingeringControl else {
            throw SchedulingFailure(
                .misuse, doing: "enable lingering for", subject: environment.appIdentifier,
                cause: "no systemd user manager wakes it: \(environment.waker.backend().reason)",
                remedy: "Nothing has to be done for a service of the system manager.")
        }
        try control.enableLingering()
    }
}
