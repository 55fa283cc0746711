// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import Dispatch
import Synchronization

/// Observes again whenever the kernel or a daemon announces something, and from time to time what nobody announces; tells
/// of what is different.
///
/// State: guarded by its mutex, also while an observation is made, so that none is overtaken by an older one. Callbacks are
/// made on `queue`, outside the mutex. Everything announced during one observation leads to one more.
package final class HostConditionsWatch: ConditionsWatch {
    package typealias Reader = @Sendable (ConditionKinds, _ before: Conditions) -> HostConditions.Reading

    private struct State {
        var kinds: ConditionKinds = []
        /// What was seen last: news is what differs from it, and it decides between the two bounds of a level.
        var last = Conditions()
        var isStopped = false
        var routes: KernelListener?
        var supplies: KernelListener?
        var daemons: (any DaemonListening)?
        var daemonKinds: ConditionKinds = []
        /// What has to be looked at by the alarm.
        var unannounced: ConditionKinds = []
        var alarm: (any Alarm)?
    }
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "background.conditions")
    private let clock: any TimeSource
    private let daemons: (any HostDaemons)?
    private let openRoutes: @Sendable () -> KernelEvents?
    private let openSupplies: @Sendable () -> KernelEvents?
    private let read: Reader
    private let onChange: @Sendable (Conditions) -> Void

    /// A host that grants no socket is watched less: the re-check instants of waiting tasks remain.
    package init(
        clock: any TimeSource, daemons: (any HostDaemons)? = nil,
        routes: @escaping @Sendable () -> KernelEvents? = { .routes() },
        supplies: @escaping @Sendable () -> KernelEvents? = { .powerSupplies() }, read: @escaping Reader,
        onChange: @escaping @Sendable (Conditions) -> Void
    ) {
        self.clock = clock
        self.daemons = daemons
        openRoutes = routes
        openSupplies = supplies
        self.read = read
        self.onChange = onChange
    }

    deinit { stop() }

    package func observe(_ kinds: ConditionKinds) -> Conditions {
        state.withLock { state in
            guard !state.isStopped else { return Conditions() }
            state.kinds = kinds
            // Listening first: what changes from here on is announced.
            listen(&state)
            return look(&state)
        }
    }

    package func narrow(to kinds: ConditionKinds) {
        state.withLock { state in
            guard !state.isStopped else { return }
            state.kinds.formIntersection(kinds)
            state.last = state.last.only(state.kinds)
            listen(&state)
            set(&state, unannounced: state.unannounced.intersection(state.kinds))
        }
    }

    /// Ends the watch: no callback begins after this returns, one that has begun still ends.
    package func stop() {
        state.withLock { state in
            state.isStopped = true
            state.alarm?.set(wall: nil, awake: nil)
            state.alarm = nil
            state.routes = nil
            state.supplies = nil
            state.daemons.take()?.stop()
        }
    }

    /// Observes again, soon: something may have changed.
    package func recheck() {
        queue.async { [weak self] in self?.compare() }
    }

    private func compare() {
        let news = state.withLock { state -> Conditions? in
            guard !state.isStopped else { return nil }
            let known = state.last
            let fresh = look(&state)
            return fresh.decideLike(known) ? nil : fresh
        }
        if let news { onChange(news) }
    }

    private func look(_ state: inout State) -> Conditions {
        let reading = read(state.kinds, state.last)
        state.last = reading.conditions
        set(&state, unannounced: reading.unannounced)
        return reading.conditions
    }

    /// Listens to whoever announces what is of interest, and to nobody else: an idle process is not woken.
    private func listen(_ state: inout State) {
        if state.kinds.isDisjoint(with: .network) {
            state.routes = nil
        } else if state.routes == nil {
            state.routes = openRoutes().map { listener($0) }
        }
        if state.kinds.isDisjoint(with: [.power, .battery]) {
            state.supplies = nil
        } else if state.supplies == nil {
            state.supplies = openSupplies().map { listener($0) }
        }
        listenToDaemons(&state)
    }

    private func listener(_ events: KernelEvents) -> KernelListener {
        KernelListener(events, on: queue) { [weak self] in self?.compare() }
    }

    private func listenToDaemons(_ state: inout State) {
        let wanted = state.kinds.contains(.battery) ? state.kinds.union(.power) : state.kinds
        guard let daemons, wanted != state.daemonKinds else { return }
        if let listening = state.daemons, state.daemonKinds.isSuperset(of: wanted) {
            listening.narrow(to: wanted)
        } else {
            state.daemons = daemons.listen(wanted) { [weak self] in self?.recheck() }
        }
        state.daemonKinds = wanted
    }

    /// How often is looked at what nobody announces, while somebody needs it: load soon enough to stop a run that weighs on
    /// others, the rest as it changes.
    private static let loadInterval: Duration = .seconds(15)
    private static let interval: Duration = .seconds(60)

    private func set(_ state: inout State, unannounced: ConditionKinds) {
        state.unannounced = unannounced
        guard !unannounced.isEmpty else {
            state.alarm?.set(wall: nil, awake: nil)
            return
        }
        if state.alarm == nil { state.alarm = clock.makeAlarm { [weak self] in self?.recheck() } }
        let interval = unannounced.contains(.load) ? Self.loadInterval : Self.interval
        state.alarm?.set(wall: nil, awake: clock.now().awake(after: interval))
    }
}
#endif
