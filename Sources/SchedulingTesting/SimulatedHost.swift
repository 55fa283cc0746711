// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import SchedulingCore
import Synchronization

/// The conditions, sleep and shutdown of a simulated host.
final class SimulatedHost: HostPort, InhibitorPort, ConditionsSource {
    /// Guarded by `state`.
    private struct State {
        var power: PowerSource? = .external
        var network: NetworkState? = .online
        var isNetworkMetered: Bool? = false
        var isNetworkConstrained: Bool? = false
        var batteryLevel: Double? = 1
        var freeStorage: Int64? = 50 << 30
        var load: Double? = 0
        var isUserIdle: Bool? = true
        /// What was found before: it decides between the two bounds of a level.
        var last = Conditions()
        var listeners: [Int: @Sendable (HostEvent) -> Void] = [:]
        var watchers: [Int: (kinds: ConditionKinds, onChange: @Sendable (Conditions) -> Void)] = [:]
        var nextID = 0
        var lockCount = 0
        var announced: [HostEvent] = []
        var status = ""
    }
    private let state = Mutex(State())
    private let time: ManualTime

    init(time: ManualTime) {
        self.time = time
        _ = observe(.all)  // all is well at first
    }

    var holdsLocks: Bool { state.withLock { $0.lockCount > 0 } }
    var status: String { state.withLock(\.status) }
    var power: PowerSource? {
        get { state.withLock(\.power) }
        set { change { $0.power = newValue } }
    }
    var network: NetworkState? {
        get { state.withLock(\.network) }
        set { change { $0.network = newValue } }
    }
    var isNetworkMetered: Bool? {
        get { state.withLock(\.isNetworkMetered) }
        set { change { $0.isNetworkMetered = newValue } }
    }
    var isNetworkConstrained: Bool? {
        get { state.withLock(\.isNetworkConstrained) }
        set { change { $0.isNetworkConstrained = newValue } }
    }
    var batteryLevel: Double? {
        get { state.withLock(\.batteryLevel) }
        set { change { $0.batteryLevel = newValue } }
    }
    var freeStorage: Int64? {
        get { state.withLock(\.freeStorage) }
        set { change { $0.freeStorage = newValue } }
    }
    var load: Double? {
        get { state.withLock(\.load) }
        set { change { $0.load = newValue } }
    }
    var isUserIdle: Bool? {
        get { state.withLock(\.isUserIdle) }
        set { change { $0.isUserIdle = newValue } }
    }

    private func change(_ body: (inout State) -> Void) {
        let (watchers, before) = state.withLock { state in
            body(&state)
            return (state.watchers, state.last)
        }
        // The two bounds of a level are crossed by what was set, not by who looked.
        let now = observe(.all)
        for (_, watcher) in watchers.sorted(by: { $0.key < $1.key }) {
            let seen = now.only(watcher.kinds)
            if !seen.decideLike(before.only(watcher.kinds)) { watcher.onChange(seen) }
        }
    }

    /// Tells everyone who listens; `announcement` is what a listener that comes later is told.
    func announce(_ event: HostEvent, standing announcement: [HostEvent]) {
        let listeners = state.withLock { state in
            state.announced = announcement
            return state.listeners
        }
        for (_, listener) in listeners.sorted(by: { $0.key < $1.key }) { listener(event) }
    }

    /// Every process is gone.
    func forgetProcesses() {
        state.withLock { state in
            state.listeners = [:]
            state.watchers = [:]
            state.lockCount = 0
            state.announced = []
        }
    }

    // MARK: HostPort

    func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent] {
        state.withLock { state in
            state.nextID += 1
            state.listeners[state.nextID] = onEvent
            return state.announced
        }
    }
    func holdLocks(why: String) -> String? {
        state.withLock { $0.lockCount += 1 }
        return nil
    }
    func releaseLocks() { state.withLock { $0.lockCount = max(0, $0.lockCount - 1) } }

    func inhibit(_ kinds: [Inhibition], why: String) -> InhibitorAnswer {
        state.withLock { $0.lockCount += kinds.count }
        return InhibitorAnswer(held: kinds.map { _ in Lock { [weak self] in self?.releaseLocks() } })
    }

    private final class Lock: HeldInhibitor {
        private let onRelease: @Sendable () -> Void
        private let isHeld = Mutex(true)
        init(onRelease: @escaping @Sendable () -> Void) { self.onRelease = onRelease }
        deinit { release() }
        func release() {
            let wasHeld = isHeld.withLock { isHeld in
                defer { isHeld = false }
                return isHeld
            }
            if wasHeld { onRelease() }
        }
    }

    func notify(status: String, extendBy: Duration?) { state.withLock { $0.status = status } }
    func notifyReady() {}

    // MARK: ConditionsSource

    /// How large the simulated file system is.
    static let storageCapacity: Int64 = 100 << 30

    func observe(_ kinds: ConditionKinds) -> Conditions {
        let now = time.now().wall
        return state.withLock { state in
            func observed<Value>(_ value: Value?) -> Observed<Value> { Observed(value, source: "simulated", at: now) }
            let last = state.last
            state.last = Conditions(
                power: observed(state.power), network: observed(state.network),
                isMetered: observed(state.isNetworkMetered), isConstrained: observed(state.isNetworkConstrained),
                battery: observed(state.batteryLevel.map { BatteryCharge(level: $0, before: last.battery.value) }),
                storage: observed(
                    state.freeStorage.flatMap {
                        StorageSpace(
                            available: $0, capacity: SimulatedHost.storageCapacity, before: last.storage.value)
                    }),
                load: observed(state.load.flatMap { SystemLoad(level: $0, before: last.load.value) }),
                isUserIdle: observed(state.isUserIdle))
            return state.last.only(kinds)
        }
    }

    func watch(_ onChange: @escaping @Sendable (Conditions) -> Void) -> any ConditionsWatch {
        let id = state.withLock { state in
            state.nextID += 1
            state.watchers[state.nextID] = ([], onChange)
            return state.nextID
        }
        return Watch(host: self, id: id)
    }

    private final class Watch: ConditionsWatch {
        private weak let host: SimulatedHost?
        private let id: Int

        init(host: SimulatedHost, id: Int) {
            self.host = host
            self.id = id
        }

        func observe(_ kinds: ConditionKinds) -> Conditions {
            narrow(to: kinds)
            return host?.observe(kinds) ?? Conditions()
        }
        func narrow(to kinds: ConditionKinds) { host?.state.withLock { $0.watchers[id]?.kinds = kinds } }
        func stop() { host?.state.withLock { $0.watchers[id] = nil } }
    }
}
