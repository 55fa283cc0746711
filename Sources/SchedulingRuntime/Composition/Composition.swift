// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundStore
import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingStore

#if os(Linux) && Systemd
import SchedulingSystemd
#endif

/// Puts the real parts together: the one place that knows every adapter.
enum Composition {
    static func environment(
        for configuration: BGTaskScheduler.Configuration
    ) -> Result<SchedulingEnvironment, SchedulingFailure> {
        Result { () throws(SchedulingFailure) in try make(configuration) }
    }

    /// Writes a line for people. Best effort: `FileHandle.write(_:)` would end a program whose standard error is closed.
    static func log(_ line: String, to file: FileHandle = .standardError) {
        try? file.write(contentsOf: Data(("background: " + line + "\n").utf8))
    }

    private static func make(
        _ configuration: BGTaskScheduler.Configuration
    ) throws(SchedulingFailure) -> SchedulingEnvironment {
        let facts = HostFacts.current()
        let launched = launched
        let variables = ProcessInfo.processInfo.environment
        let identity = AppIdentity(
            configured: configuration.appIdentifier ?? launched.appIdentifier, environment: variables,
            executable: facts.executablePath)
        for warning in identity.warnings { log(warning) }
        // The unit that launched us pins the directory of its own app, so that every launch finds the same store.
        let pinned = launched.appIdentifier == identity.identifier ? launched.stateDirectory : nil
        let directory = try StateDirectory.resolve(
            explicit: configuration.stateDirectory ?? pinned, appIdentifier: identity.identifier,
            environment: variables)
        let parts = try systemParts(configuration, identity, facts, variables, directory)
        let activityHost = ActivityHost(parts.inhibitors)
        var marker: LaunchMarker?
        if case .background(let instance) = parts.launch {
            marker = LaunchMarker(directory: directory, instance: instance)
        }
        let zones = SystemZones()
        let planner = SchedulePlanner(
            hostSeed: SeededHash.hash(facts.machineID, seed: SeededHash.hash(identity.identifier)), zones: zones)
        // One for all: the runner and the continued tasks hold the same locks.
        let host = SharedHost(parts.host)
        let events = EventHub()
        let isInJournal = observe(events, variables)
        return SchedulingEnvironment(
            appIdentifier: identity.identifier, time: SystemClocks(), conditions: parts.conditions, host: host,
            activityHost: activityHost, waker: parts.waker, launch: parts.launch, marker: marker, zones: zones,
            planner: planner,
            openStore: { () throws(SchedulingFailure) in
                try SchedulingStore(
                    directory: directory, machine: facts.machineID, boot: facts.bootID, pid: facts.processID,
                    planner: planner)
            },
            processIdentifier: facts.processID, permissions: identity.permissions, presenter: parts.presenter,
            listenForStop: { onStop in
                StopSignal.listen {
                    activityHost.hear(.stopRequested)
                    host.heard(.stopRequested)
                    onStop()
                }
            }, events: events, log: { if !isInJournal { log($0) } })
    }

    /// Writes events to the journal, where there is one; returns whether standard error leads there too, so that a line on
    /// it would be the second one about the same thing.
    private static func observe(_ events: EventHub, _ variables: [String: String]) -> Bool {
        #if os(Linux) && Systemd
        let name = CommandLine.arguments.first ?? ""
        let program = String(name[(name.lastIndex(of: "/").map(name.index(after:)) ?? name.startIndex)...])
        guard let journal = Journal.reach(program: program) else { return false }
        events.add { journal.write($0) }
        return Journal.isBehind(STDERR_FILENO, variable: variables["JOURNAL_STREAM"])
        #else
        return false
        #endif
    }

    /// What the unit that launched us says; nothing in an ordinary launch.
    private static var launched: (appIdentifier: String?, stateDirectory: String?) {
        #if os(Linux) && Systemd
        (Launch.current.appIdentifier, Launch.current.stateDirectory)
        #else
        (nil, nil)
        #endif
    }

    private struct Parts {
        var waker: any Waker
        var host: any HostPort
        var inhibitors: any InhibitorPort
        var conditions: any ConditionsSource
        var launch: LaunchContext
        var presenter: (any ProgressPresenter)?
    }

    private static func systemParts(
        _ configuration: BGTaskScheduler.Configuration, _ identity: AppIdentity, _ facts: HostFacts,
        _ variables: [String: String], _ directory: StateDirectory
    ) throws(SchedulingFailure) -> Parts {
        #if os(Linux) && Systemd
        let launch = Launch.current
        let host = LogindHost(appIdentifier: identity.identifier, notifier: launch.notifier)
        host.notifyReady()
        // A launch by systemd has a control group of its own, and nothing but tasks in it.
        let isLaunch = if case .background = launch.context { true } else { false }
        let conditions = HostConditions.ofThisHost(stateDirectory: directory.path, isLaunch: isLaunch)
        let waker: any Waker
        switch SystemdWaker.detect(environment: variables, uid: facts.userID, isLaunch: isLaunch) {
        case .usable(let scope, _):
            waker = try SystemdWaker(
                specification: specification(configuration, identity, facts, variables, directory), scope: scope)
        case .unusable(let reason):
            waker = DispatchWaker(reason: reason)
        }
        // A connection of its own: who listens to the other one is the runner alone.
        let inhibitors = LogindHost(appIdentifier: identity.identifier, notifier: launch.notifier)
        return Parts(
            waker: waker, host: host, inhibitors: inhibitors, conditions: conditions, launch: launch.context,
            presenter: DesktopNotifications(appIdentifier: identity.identifier, environment: variables))
        #else
        return Parts(
            waker: DispatchWaker(reason: "this build has no systemd"), host: SilentHost(), inhibitors: SilentHost(),
            conditions: HostConditions.ofThisHost(stateDirectory: directory.path), launch: .ordinary)
        #endif
    }

    #if os(Linux) && Systemd
    private static func specification(
        _ configuration: BGTaskScheduler.Configuration, _ identity: AppIdentity, _ facts: HostFacts,
        _ variables: [String: String], _ directory: StateDirectory
    ) -> ServiceSpecification {
        ServiceSpecification(
            appIdentifier: identity.identifier, executable: facts.executablePath,
            arguments: configuration.launch.arguments, workingDirectory: configuration.launch.workingDirectory,
            environment: configuration.launch.environment.compactMap { name in
                variables[name].map { ServiceSpecification.Variable(name: name, value: $0) }
            },
            stateDirectory: directory.path)
    }
    #endif
}
