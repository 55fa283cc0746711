// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSurroundings
import SchedulingCore
import SchedulingStore

/// Everything a scheduler works with that is not its own: made by composition, or by a test.
package struct SchedulingEnvironment: Sendable {
    package var appIdentifier: String
    package var time: any TimeSource
    package var conditions: any ConditionsSource
    package var host: any HostPort
    /// What activities hear of the host, and their locks on it.
    package var activityHost: ActivityHost
    package var waker: any Waker
    package var launch: LaunchContext
    /// Stands while a launch by systemd is not handled.
    package var marker: LaunchMarker?
    /// The time zones of the host.
    package var zones: any ZoneSource
    /// Computes the instants of schedules; the store that `openStore` opens has the same one.
    package var planner: SchedulePlanner
    package var openStore: @Sendable () throws(SchedulingFailure) -> SchedulingStore
    package var processIdentifier: Int32
    /// What the `Info.plist` permits.
    package var permissions: Permissions
    /// Shows the progress of continued tasks on a desktop, where there is one.
    package var presenter: (any ProgressPresenter)?
    /// What runs the async handler of one run; nil: the global executor.
    package var executor: (@Sendable (TaskRun) -> any TaskExecutor)?
    /// What runs what has no place of its own, instead of Dispatch; nil: Dispatch.
    package var background: (@Sendable (@escaping @Sendable () -> Void) -> Void)?
    /// Called after every step, for those who wait until all is settled.
    package var onProgress: @Sendable () -> Void
    /// Hears SIGTERM while a runner is active; returns what ends that.
    package var listenForStop: @Sendable (@escaping @Sendable () -> Void) -> (@Sendable () -> Void)
    /// Takes a line for people: a mistake that is not thrown, a part of the system that is missing. It is an event too.
    package let log: @Sendable (String) -> Void
    /// The same for what is an event already, because it was recorded.
    package let logRecorded: @Sendable (String) -> Void
    /// Where what this process decides is told.
    package let events: EventHub

    package init(
        appIdentifier: String, time: any TimeSource, conditions: any ConditionsSource, host: any HostPort,
        activityHost: ActivityHost = ActivityHost(SilentHost()), waker: any Waker, launch: LaunchContext,
        marker: LaunchMarker? = nil, zones: any ZoneSource = SystemZones(), planner: SchedulePlanner? = nil,
        openStore: @escaping @Sendable () throws(SchedulingFailure) -> SchedulingStore, processIdentifier: Int32,
        permissions: Permissions = .everything, presenter: (any ProgressPresenter)? = nil,
        executor: (@Sendable (TaskRun) -> any TaskExecutor)? = nil,
        background: (@Sendable (@escaping @Sendable () -> Void) -> Void)? = nil,
        onProgress: @escaping @Sendable () -> Void = {},
        listenForStop: @escaping @Sendable (@escaping @Sendable () -> Void) -> (@Sendable () -> Void),
        events: EventHub = EventHub(), log: @escaping @Sendable (String) -> Void
    ) {
        self.appIdentifier = appIdentifier
        self.time = time
        self.conditions = conditions
        self.host = host is SharedHost ? host : SharedHost(host)
        self.activityHost = activityHost
        self.waker = waker
        self.launch = launch
        self.marker = marker
        self.zones = zones
        self.planner = planner ?? SchedulePlanner(zones: zones)
        self.openStore = openStore
        self.processIdentifier = processIdentifier
        self.permissions = permissions
        self.presenter = presenter
        self.executor = executor
        self.background = background
        self.onProgress = onProgress
        self.listenForStop = listenForStop
        self.events = events
        logRecorded = log
        self.log = { line in
            events.emit(
                TaskEvent(
                    warning: line, app: appIdentifier, processIdentifier: processIdentifier, at: time.now().wall))
            log(line)
        }
    }
}
