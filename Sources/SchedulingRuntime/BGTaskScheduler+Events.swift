// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingStore

extension BGTaskScheduler {
    /// What is decided about the app's tasks, from now on: see `TaskEvents`. Any number of consumers, each with its own.
    ///
    /// Opens the store, to hear of other processes; where that fails, one of the first events is a `.warning` that says why.
    public var events: TaskEvents {
        guard let environment = try? environment.get() else {
            let hub = EventHub()
            let events = TaskEvents(hub.subscribe(), hub: hub)
            if case .failure(let failure) = environment {
                hub.emit(
                    TaskEvent(
                        warning: failure.description, app: configuration.appIdentifier ?? "",
                        processIdentifier: getpid(),
                        at: .epoch))
            }
            hub.finish()
            return events
        }
        let subscription = environment.events.subscribe()
        do throws(SchedulingFailure) {
            let store = try open().store
            let follower = environment.events.follow {
                HistoryFollower(store) { environment.relay($0) }
            }
            try follower?.start()
        } catch {
            subscription.buffer.push(environment.event(.warning, nil) { $0.detail = error.description })
        }
        return TaskEvents(subscription, hub: environment.events)
    }

    /// Calls `observer` with each thing that this process decides, in order, on a queue of the scheduler's own: the place to
    /// feed another logger.
    ///
    /// Never called twice at once; what it does holds nobody else up. Unlike a consumer of `events` it misses nothing at the
    /// end: `handleBackgroundLaunch()` and `run()` return after it has been called with everything, and exit(3) waits for it
    /// a second at the most. It stays for as long as the scheduler. Where more than 1,000 events wait for it, the oldest are
    /// left out, and one of the kind `.missed` says how many.
    public func onEvent(_ observer: @escaping @Sendable (TaskEvent) -> Void) {
        if case .success(let environment) = environment { environment.events.add(observer) }
    }
}

extension TaskEvent {
    /// When it was decided.
    public var date: Date { Date(at) }
    /// The instant that was asked for.
    public var scheduledDate: Date? { scheduled.map { Date($0) } }
    /// The next instant that matters: when the wake-up is, when it is due again, or looked at again.
    public var nextDate: Date? { next.map { Date($0) } }
}

extension SchedulingEnvironment {
    func event(_ kind: TaskEvent.Kind, _ identifier: String?, _ fill: (inout TaskEvent) -> Void = { _ in }) -> TaskEvent
    {
        var event = TaskEvent(
            kind, identifier, app: appIdentifier, processIdentifier: processIdentifier, at: time.now().wall)
        fill(&event)
        return event
    }

    /// Tells that this process decided something.
    func emit(_ kind: TaskEvent.Kind, _ identifier: String? = nil, _ fill: (inout TaskEvent) -> Void = { _ in }) {
        events.emit(event(kind, identifier, fill))
    }

    /// Tells what it decided about a run.
    func emit(_ kind: TaskEvent.Kind, of occurrence: Occurrence, _ fill: (inout TaskEvent) -> Void = { _ in }) {
        emit(kind, occurrence.identifier) { event in
            event.run = occurrence.kind == .continued ? nil : occurrence.id
            event.attempt = occurrence.attempts + 1
            event.scheduled = occurrence.instant
            fill(&event)
        }
    }

    /// Tells that a due occurrence was put off.
    func emitWaiting(_ occurrence: Occurrence, for unmet: Requirement, until next: WallTime) {
        emit(.waiting, of: occurrence) { event in
            event.attempt = 0
            event.unmet = unmet
            event.next = next
        }
    }

    /// Tells what the store of this process writes.
    func listen(to store: SchedulingStore) {
        // Not the whole environment: the store must not hold what opens it.
        let (events, app, pid, time) = (events, appIdentifier, processIdentifier, time)
        store.listen {
            events.isInDemand
        } _: { records in
            for record in records {
                switch record {
                case .history(let row):
                    events.recorded(row.row)
                    events.emit(TaskEvent(row.entry, run: row.run, again: row.again, app: app))
                case .submitted(let request, let run):
                    var event = TaskEvent(
                        .submitted, request.identifier, app: app, processIdentifier: pid, at: time.now().wall)
                    event.scheduled = request.instant
                    event.run = run
                    events.emit(event)
                }
            }
        }
    }

    /// Tells what another process wrote into history.
    func relay(_ row: RecordedEntry) {
        var event = TaskEvent(row.entry, run: row.run, again: row.again, app: appIdentifier)
        event.isElsewhere = true
        events.relay(event)
    }
}
