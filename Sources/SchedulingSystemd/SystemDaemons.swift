// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import Dispatch
import Glibc
import Synchronization

/// Asks the daemons on the system bus about the conditions, in order: UPower, then logind; NetworkManager, then networkd.
///
/// One lock guards the connection and all that hangs on it. It is made when something is asked, and made anew when it was
/// lost. Signals are read on one queue, when the descriptor is readable and after each call; whoever sent one, it only makes
/// the listeners look. What was heard is told outside the lock.
package final class SystemDaemons: HostDaemons {
    private struct Listener {
        var kinds: ConditionKinds
        var onNews: @Sendable () -> Void
    }

    private struct State: ~Copyable {
        var bus: Bus?
        var source: (any DispatchSourceRead)?
        var listeners: [Int: Listener] = [:]
        var nextID = 0
        /// What the bus was asked to deliver.
        var rules: Set<String> = []
        /// Daemons that did not answer in time, and until when they are left alone, on the awake clock.
        var silent: [HostDaemon: Int64] = [:]
    }

    /// A daemon answers from what it knows, in a fraction of a millisecond.
    private static let timeout: Duration = .milliseconds(250)
    private static let patience: Duration = .seconds(60)
    private static let members: Set = ["PropertiesChanged", "NameOwnerChanged", "SessionNew", "SessionRemoved"]

    private let clock: any TimeSource
    private let address: Bus.Address
    private let queue = DispatchQueue(label: "swift-background.daemons")
    private let state = Mutex(State())

    package init(clock: any TimeSource, address: Bus.Address = .systemBus) {
        self.clock = clock
        self.address = address
    }

    deinit { state.withLock { SystemDaemons.drop(&$0) } }

    // MARK: Asking

    package func report(_ kinds: ConditionKinds) -> DaemonReport {
        guard !kinds.isDisjoint(with: .ofDaemons) else { return DaemonReport() }
        let (report, listens) = state.withLock { state -> (DaemonReport, Bool) in
            (self.report(kinds, &state), !state.listeners.isEmpty)
        }
        // A call reads what arrives before its reply.
        if listens { queue.async { [weak self] in self?.deliver() } }
        return report
    }

    private func report(_ kinds: ConditionKinds, _ state: inout State) -> DaemonReport {
        var report = DaemonReport()
        guard connect(&state) else { return report }
        if kinds.contains(.power) {
            report.power =
                UPower.power(onBattery: ask(.upower, UPower.path, UPower.interface, "OnBattery", &state))
                .map { Said($0, HostDaemon.upower.title) }
                ?? ask(.logind, LogindIdleness.path, LogindIdleness.interface, "OnExternalPower", &state)?.bool
                .map { Said($0 ? .external : .battery, HostDaemon.logind.title) }
        }
        if kinds.contains(.battery) { report.battery = battery(&state) }
        if kinds.contains(.network) { report.network = network(&state) }
        if kinds.contains(.metered) {
            report.isMetered = NetworkManager.isMetered(metered: askNetworkManager("Metered", &state))
                .map { Said($0, HostDaemon.networkManager.title) }
        }
        if kinds.contains(.constrained) {
            report.isConstrained = NetworkManager.isConstrained(connectivity: askNetworkManager("Connectivity", &state))
                .map { Said($0, HostDaemon.networkManager.title) }
        }
        if kinds.contains(.user) {
            report.isUserIdle = ask(.logind, LogindIdleness.path, LogindIdleness.interface, "IdleHint", &state)?.bool
                .map { Said($0, HostDaemon.logind.title) }
        }
        return report
    }

    private func battery(_ state: inout State) -> Said<BatteryReport>? {
        func property(_ name: String, _ state: inout State) -> BusValue? {
            ask(.upower, UPower.devicePath, UPower.deviceInterface, name, &state)
        }
        guard let type = property("Type", &state) else { return nil }
        let report = UPower.battery(
            isPresent: property("IsPresent", &state), type: type, percentage: property("Percentage", &state),
            warning: property("WarningLevel", &state))
        return report.map { Said($0, HostDaemon.upower.title) }
    }

    /// The first that sees a network; else the first that says that there is none.
    private func network(_ state: inout State) -> Said<NetworkState>? {
        let manager = NetworkManager.network(state: askNetworkManager("State", &state))
        if manager == .online { return Said(.online, HostDaemon.networkManager.title) }
        let networkd = Networkd.network(
            operationalState: ask(.networkd, Networkd.path, Networkd.interface, "OperationalState", &state))
        if networkd == .online || manager == nil { return networkd.map { Said($0, HostDaemon.networkd.title) } }
        return manager.map { Said($0, HostDaemon.networkManager.title) }
    }

    private func askNetworkManager(_ name: String, _ state: inout State) -> BusValue? {
        ask(.networkManager, NetworkManager.path, HostDaemon.networkManager.rawValue, name, &state)
    }

    /// One property; nil where the daemon is not there, or does not answer.
    private func ask(
        _ daemon: HostDaemon, _ path: String, _ interface: String, _ name: String, _ state: inout State
    ) -> BusValue? {
        if let until = state.silent[daemon] {
            guard until <= clock.now().awake else { return nil }
            state.silent[daemon] = nil
        }
        do throws(BusError) {
            switch state.bus {
            case .some(let bus):
                return try bus.property(
                    daemon.rawValue, path, interface, name, timeout: Self.timeout, mayStart: false)
            case .none: return nil
            }
        } catch {
            if error.isTimeout {
                state.silent[daemon] = clock.now().awake(after: Self.patience)
            } else if error.isDisconnected {
                SystemDaemons.drop(&state)
            }
            return nil
        }
    }

    // MARK: Listening

    package func listen(_ kinds: ConditionKinds, _ onNews: @escaping @Sendable () -> Void) -> any DaemonListening {
        let id = state.withLock { state in
            state.nextID += 1
            state.listeners[state.nextID] = Listener(kinds: kinds, onNews: onNews)
            if connect(&state) { match(&state) }
            return state.nextID
        }
        return Listening(self, id)
    }

    private func change(_ id: Int, to kinds: ConditionKinds?) {
        state.withLock { state in
            if let kinds { state.listeners[id]?.kinds = kinds } else { state.listeners[id] = nil }
            match(&state)
        }
    }

    private final class Listening: DaemonListening {
        private let daemons: SystemDaemons
        private let id: Int

        init(_ daemons: SystemDaemons, _ id: Int) {
            self.daemons = daemons
            self.id = id
        }

        deinit { stop() }

        func narrow(to kinds: ConditionKinds) { daemons.change(id, to: kinds) }
        func stop() { daemons.change(id, to: nil) }
    }

    /// Has the bus deliver what the listeners need, and nothing else.
    private func match(_ state: inout State) {
        let kinds = state.listeners.values.reduce(into: ConditionKinds()) { $0.formUnion($1.kinds) }
        let wanted = HostDaemon.allCases.reduce(into: Set<String>()) { $0.formUnion($1.rules(for: kinds)) }
        do throws(BusError) {
            switch state.bus {
            case .some(let bus):
                for rule in wanted.subtracting(state.rules) { try bus.match(rule, timeout: Self.timeout) }
                for rule in state.rules.subtracting(wanted) { try bus.unmatch(rule, timeout: Self.timeout) }
                state.rules = wanted
            case .none: return
            }
        } catch {
            // Without the bus, the kernel and the re-check instants remain.
            SystemDaemons.drop(&state)
        }
    }

    // MARK: The connection

    private func connect(_ state: inout State) -> Bool {
        let isOpen =
            switch state.bus {
            case .some(let bus): bus.isOpen
            case .none: false
            }
        if isOpen { return true }
        SystemDaemons.drop(&state)
        guard let bus = try? Bus(address, trusted: nil, timeout: Self.timeout) else { return false }
        state.source = watch(bus.descriptor)
        state.bus = consume bus
        if !state.listeners.isEmpty { match(&state) }
        return state.bus != nil
    }

    /// As for logind (`LogindHost.watch`): a duplicate of the descriptor, because sd-bus closes its own.
    private func watch(_ descriptor: Int32) -> (any DispatchSourceRead)? {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard duplicate >= 0 else { return nil }
        let source = DispatchSource.makeReadSource(fileDescriptor: duplicate, queue: queue)
        source.setEventHandler { [weak self] in self?.deliver() }
        source.setCancelHandler { close(duplicate) }
        source.activate()
        return source
    }

    /// On the queue: reads all that has arrived, and tells the listeners once.
    private func deliver() {
        let listeners = state.withLock { state -> [@Sendable () -> Void] in
            guard SystemDaemons.drain(&state) else { return [] }
            return state.listeners.sorted { $0.key < $1.key }.map(\.value.onNews)
        }
        for tell in listeners { tell() }
    }

    /// Whether something of interest was there, or the connection is gone: then others have to be asked.
    private static func drain(_ state: inout State) -> Bool {
        var hasNews = false
        do throws(BusError) {
            while true {
                switch state.bus {
                case .some(let bus):
                    guard let signal = try bus.nextSignal(members, reads: false) else { return hasNews }
                    // One that came back, or a new one, may be asked again.
                    if signal.member == "NameOwnerChanged" { state.silent = [:] }
                    hasNews = true
                case .none: return hasNews
                }
            }
        } catch {
            drop(&state)
            return true
        }
    }

    private static func drop(_ state: inout State) {
        state.source?.cancel()
        state.source = nil
        state.bus = nil
        state.rules = []
    }
}

extension ConditionKinds {
    /// What a daemon may speak of.
    fileprivate static let ofDaemons = HostDaemon.allCases.reduce(into: ConditionKinds()) { $0.formUnion($1.kinds) }
}

#endif
