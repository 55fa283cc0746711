// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import Foundation
import SchedulingCore
import SchedulingStore
import Synchronization

/// Runs a program's tasks when the time and the conditions are right, also when the program is not running then.
///
/// Register a launch handler for every task, submit requests, and call `handleBackgroundLaunch()` early in `main`. All
/// members may be called from any thread. None of them ever ends the process for a mistake.
public final class BGTaskScheduler: NSObject, Sendable {
    /// The program's scheduler, with the default configuration or the one that `configureShared(_:)` gave.
    public class var shared: BGTaskScheduler { sharedScheduler }
    private static let sharedScheduler = BGTaskScheduler(configuration: SharedConfiguration.take())

    /// What this scheduler was told.
    public let configuration: Configuration
    let environment: Result<SchedulingEnvironment, SchedulingFailure>
    let handlers = LaunchHandlers()
    /// The background activities whose completion handlers are out, by identifier.
    let activities = Mutex<[String]>([])

    /// What this system offers to continued tasks: no graphics processor.
    public class var supportedResources: BGContinuedProcessingTaskRequest.Resources { [] }

    /// What exists once the store is open.
    struct Parts: Sendable {
        let environment: SchedulingEnvironment
        let store: SchedulingStore
        let keeper: WakeupKeeper
        let continued: ContinuedRunner
    }

    /// Guarded by `state`: the store is opened at the first use, and at most one runner exists at a time. `isAdopted`: a
    /// call of `run()` or `handleBackgroundLaunch()` waits for it; else it was started because nothing else would run tasks.
    struct State {
        var parts: Parts?
        var runner: Runner?
        var isAdopted = false
        var wasLaunched = false
    }
    let state = Mutex(State())

    /// A scheduler of one's own, for programs that want no singleton. One for each app id and process.
    ///
    /// Looks at how the process was launched and at what can wake it, for a few milliseconds, and writes nothing. What is
    /// wrong is thrown by the first call that needs it. Make it early in `main`: the variables by which systemd tells of a
    /// launch are removed from the environment.
    public convenience init(configuration: Configuration) {
        self.init(configuration: configuration, environment: Composition.environment(for: configuration))
    }

    package init(configuration: Configuration, environment: Result<SchedulingEnvironment, SchedulingFailure>) {
        self.configuration = configuration
        self.environment = environment
    }

    // MARK: Registering

    /// Registers the handler that is called with a task each time one of this identifier is launched.
    ///
    /// Register every task's handler before `handleBackgroundLaunch()` or `run()` is called. `queue` is where the handler
    /// runs; nil means in the background, beside other handlers. A closure that belongs to an actor, as one written in a
    /// main-actor type does, runs on that actor whatever the queue: the main actor has to be free for it. A handler that
    /// comes later serves continued tasks only. Returns false, and says why on standard error, if the identifier is not
    /// permitted by the `Info.plist` or has a handler already. The handler of a wildcard (`org.example.app.export.*`)
    /// serves every identifier behind it that has none of its own.
    @discardableResult
    public func register(
        forTaskWithIdentifier identifier: String, using queue: DispatchQueue?,
        launchHandler: @escaping @isolated(any) (BGTask) -> Void
    ) -> Bool {
        let place = HandlerPlace(isolation: launchHandler.isolation, queue: queue)
        return register(identifier, .closure(place, .withoutIsolation(launchHandler)))
    }

    /// Registers an async handler: returning completes the task, throwing fails it, expiration cancels the Swift task.
    @discardableResult
    public func register(
        forTaskWithIdentifier identifier: String, handler: @escaping @Sendable (BGTaskContext) async throws -> Void
    ) -> Bool {
        register(identifier, .async(handler))
    }

    private func register(_ identifier: String, _ handler: LaunchHandlers.Handler) -> Bool {
        let refusal: String?
        do throws(SchedulingFailure) {
            try TaskIdentifier.validate(identifier)
            refusal =
                permissions.permitsHandler(identifier)
                ? handlers.add(identifier, handler)
                : "it is not listed under BGTaskSchedulerPermittedIdentifiers in the Info.plist"
        } catch {
            refusal = error.cause
        }
        if refusal == nil { state.withLock(\.runner)?.handlersChanged() }
        if let refusal { log("The handler for \(identifier.debugDescription) was not registered: \(refusal).") }
        return refusal == nil
    }

    var permissions: Permissions { (try? environment.get().permissions) ?? .everything }

    // MARK: Submitting

    /// Submits a request; when this returns, it is on stable storage and a wake-up is armed for it.
    ///
    /// A pending request of the same identifier is replaced. Blocks for one write to disk, and for a call to systemd if
    /// the next wake-up has to move; do not call it on a thread that must not wait. Throws `BGTaskScheduler.Error`.
    public func submit(_ taskRequest: BGTaskRequest) throws {
        try submit(contentsOf: [taskRequest])
    }

    /// Submits several requests in one durable step: all of them or, if this throws, none.
    public func submit(contentsOf requests: [BGTaskRequest]) throws {
        do throws(SchedulingFailure) {
            try submitAll(requests)
        } catch {
            throw Error(error)
        }
    }

    /// Submits a request without blocking the caller; `completionHandler` is called on a background queue.
    public func submitTaskRequest(
        _ taskRequest: BGTaskRequest, completionHandler: @escaping @Sendable ((any Swift.Error)?) -> Void
    ) {
        // Copied, so that what the caller does with its object meanwhile does not matter.
        let copy = HandlerBox(handler: taskRequest.copy() as? BGTaskRequest ?? taskRequest)
        background.async {
            do throws(SchedulingFailure) {
                try self.submitAll([copy.handler])
                completionHandler(nil)
            } catch {
                completionHandler(Error(error))
            }
        }
    }

    /// Submits a request without blocking the caller; throws `BGTaskScheduler.Error`.
    public nonisolated(nonsending) func submitTaskRequest(_ taskRequest: BGTaskRequest) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Swift.Error>) in
            submitTaskRequest(taskRequest) { error in
                if let error { continuation.resume(throwing: error) } else { continuation.resume() }
            }
        }
    }

    /// A queue for one call. Not the shared pool: see `HandlerPlace`.
    private var background: DispatchQueue { DispatchQueue(label: "background.call") }

    private func submitAll(_ requests: [BGTaskRequest]) throws(SchedulingFailure) {
        var accepted: [NewRequest] = []
        accepted.reserveCapacity(requests.count)
        var continued: [BGContinuedProcessingTaskRequest] = []
        for request in requests {
            let new = try accept(request)
            if let request = request as? BGContinuedProcessingTaskRequest {
                continued.append(request)
            } else {
                accepted.append(new)
            }
        }
        try write(accepted)
        for request in continued { try open().continued.submit(request) }
    }

    /// Checks a request in this order: kind, identifier, permission, handler, date. The count comes last, in the store.
    private func accept(_ request: BGTaskRequest) throws(SchedulingFailure) -> NewRequest {
        func refuse(_ code: SchedulingFailure.Code, _ cause: String, _ remedy: String) -> SchedulingFailure {
            SchedulingFailure(
                code, doing: "submit a request for", subject: request.identifier, cause: cause, remedy: remedy)
        }
        guard let kind = request.kind else {
            throw refuse(
                .invalidArgument, "a plain BGTaskRequest says not what kind of work it is",
                "Submit one of its subclasses.")
        }
        try TaskIdentifier.validate(request.identifier)
        if let refusal = permissions.refusal(request.identifier, kind) {
            throw refuse(.notPermitted, refusal, "Add it there.")
        }
        guard handlers[request.identifier] != nil else {
            throw refuse(
                .notPermitted, "no launch handler is registered for it",
                "Call register(forTaskWithIdentifier:using:launchHandler:) before submitting.")
        }
        if kind != .continued, handlers.isLate(request.identifier) {
            throw refuse(
                .notPermitted, "its handler came too late: it was registered after handleBackgroundLaunch() or run()",
                "Register the handlers of all tasks but continued ones before.")
        }
        if let request = request as? BGContinuedProcessingTaskRequest,
            !request.requiredResources.isSubset(of: BGTaskScheduler.supportedResources)
        {
            throw refuse(
                .notPermitted, "it requires resources that this system does not offer",
                "Ask BGTaskScheduler.supportedResources first.")
        }
        let now = try environment.get().time.now().wall
        var instant = now
        if let date = request.earliestBeginDate {
            guard let named = WallTime(date) else {
                throw refuse(
                    .invalidArgument, "its earliest begin date is no date before the year 10000",
                    "Use a date that can be reached, or nil.")
            }
            instant = max(named, now)
        }
        let terms = request.terms
        if !terms.isPlain || request.follows != nil || request.inputData != nil { try request.validateTerms() }
        return try NewRequest(
            identifier: request.identifier, kind: kind, instant: instant, requirements: request.allRequirements,
            hasEarliest: request.earliestBeginDate != nil, terms: terms, conflict: request.conflict,
            follows: request.follows, input: request.inputData.map { Array($0) }
        ).planned(by: try environment.get().planner)
    }

    private func write(_ requests: [NewRequest]) throws(SchedulingFailure) {
        guard !requests.isEmpty else { return }
        let parts = try open()
        try parts.keeper.submit(requests, limits: configuration.limits)
        try startInProcessIfNeeded(parts)
        state.withLock(\.runner)?.rang()
    }

    // MARK: Cancelling

    /// Cancels what is pending for an identifier; a run in progress is told to stop, here or in another process.
    public func cancel(taskRequestWithIdentifier identifier: String) {
        cancel(identifier)
    }

    /// Cancels everything that is pending; runs in progress are told to stop.
    public func cancelAllTaskRequests() {
        cancel(nil)
    }

    /// Cancels every task of which a request carries this tag; runs in progress are told to stop.
    public func cancelAllTaskRequests(withTag tag: String) {
        do throws(SchedulingFailure) {
            let parts = try open()
            let stopped = try parts.store.cancel(tag: tag, now: parts.environment.time.now().wall)
            try afterCancelling(parts, stopped)
        } catch {
            log(error.description)
        }
    }

    private func cancel(_ identifier: String?) {
        do throws(SchedulingFailure) {
            let parts = try open()
            parts.continued.stop(identifier: identifier, .cancelled)
            _ = try parts.store.stopContinued(identifier: identifier, reason: .cancelled)
            let stopped = try parts.store.cancel(identifier: identifier, now: parts.environment.time.now().wall)
            try afterCancelling(parts, stopped)
        } catch {
            log(error.description)
        }
    }

    private func afterCancelling(_ parts: Parts, _ stopped: Int) throws(SchedulingFailure) {
        if let runner = state.withLock(\.runner) {
            runner.rang()
        } else if stopped == 0 {
            try parts.keeper.settle(runner: try parts.store.hasLiveResident() ? .acting : .none)
        }
    }

    // MARK: Pending

    /// Calls the handler with copies of the requests that have not been started: in the background, or on the actor that
    /// the closure belongs to.
    public func getPendingTaskRequests(completionHandler: @escaping @isolated(any) ([BGTaskRequest]) -> Void) {
        let place = HandlerPlace(isolation: completionHandler.isolation, queue: nil)
        let box = HandlerBox<([BGTaskRequest]) -> Void>.withoutIsolation(completionHandler)
        place.start("background.pending") { box.handler(self.pendingRequests()) }
    }

    /// Copies of the requests that have not been started.
    public nonisolated(nonsending) func pendingTaskRequests() async -> [BGTaskRequest] {
        await withCheckedContinuation { continuation in
            HandlerPlace.background.start("background.pending") {
                continuation.resume(returning: self.pendingRequests())
            }
        }
    }

    private func pendingRequests() -> [BGTaskRequest] {
        do throws(SchedulingFailure) {
            let parts = try open()
            return try parts.store.pending().filter { $0.kind != .transfers }.map(BGTaskRequest.make)
                + parts.continued.queued.map {
                    BGContinuedProcessingTaskRequest(
                        identifier: $0.identifier, title: $0.title, subtitle: $0.subtitle)
                }
        } catch {
            log(error.description)
            return []
        }
    }

    // MARK: Parts

    /// What handlers of this process work on at present.
    package var activeRuns: [TaskRun] {
        let (runner, parts) = state.withLock { ($0.runner, $0.parts) }
        return (runner.map { Array($0.running.values) } ?? []) + (parts?.continued.runs ?? [])
    }

    /// The identifiers of the background activities that run at present.
    package var activeActivities: [String] { activities.withLock(\.self) }

    /// Whether something that happened is not worked off yet.
    package var isWorking: Bool {
        let (runner, parts) = state.withLock { ($0.runner, $0.parts) }
        return runner?.isWorking == true || parts?.continued.isWorking == true
    }

    /// Looks at what another process changed, as the doorbell makes it do.
    package func hearDoorbell() {
        let (runner, parts) = state.withLock { ($0.runner, $0.parts) }
        runner?.rang()
        parts?.continued.rang()
        if case .success(let environment) = environment { environment.events.look() }
    }

    /// Ends this scheduler as kill -9 would: nothing is recorded, its locks are gone, what its handlers do has no effect.
    package func die() {
        let (runner, parts) = state.withLock { ($0.runner, $0.parts) }
        parts?.store.close()
        runner?.abandon()
        if case .success(let environment) = environment { environment.events.finish() }
        activities.withLock { $0 = [] }
    }

    func log(_ line: String) {
        if case .success(let environment) = environment { environment.log(line) }
    }

    /// The store and what works on it, opened at the first use.
    func open() throws(SchedulingFailure) -> Parts {
        let environment = try environment.get()
        let configuration = configuration
        return try state.withLock { state throws(SchedulingFailure) in
            if let parts = state.parts { return parts }
            let store = try environment.openStore()
            environment.listen(to: store)
            let keeper = WakeupKeeper(environment: environment, store: store, policy: configuration.policy)
            let continued = ContinuedRunner(
                environment: environment, store: store, handlers: handlers, policy: configuration.policy)
            let parts = Parts(environment: environment, store: store, keeper: keeper, continued: continued)
            state.parts = parts
            return parts
        }
    }
}
