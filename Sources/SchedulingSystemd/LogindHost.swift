// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSurroundings
import Dispatch
import Glibc
import SchedulingCore
import Synchronization

/// The host's announcements and delay locks, from logind over the system bus.
///
/// One lock guards the connection and all that hangs on it. Signals are read on one queue, when the descriptor is
/// readable and after each call (a call reads what arrives before its reply), and are handed on outside the lock.
/// A connection that is lost is made anew when something is asked next.
package final class LogindHost: HostPort {
    private static let destination = "org.freedesktop.login1"
    private static let path = "/org/freedesktop/login1"
    private static let interface = "org.freedesktop.login1.Manager"

    private static let members: Set = ["PrepareForSleep", "PrepareForShutdown"]

    private struct Locks: ~Copyable {
        var sleep: OwnedDescriptor?
        var shutdown: OwnedDescriptor?
    }

    private struct State: ~Copyable {
        var bus: Bus?
        var source: (any DispatchSourceRead)?
        var listener: (@Sendable (HostEvent) -> Void)?
        var locks: Locks?
        /// How long the host waits for our locks (`InhibitDelayMaxSec=`, logind.conf(5)).
        var grace: Duration = .seconds(5)
        /// logind's unique name, whose signals count.
        var owner = ""
    }

    private let appIdentifier: String
    private let notifier: ServiceNotifier
    private let queue = DispatchQueue(label: "swift-background.logind")
    private let state = Mutex(State())

    package init(appIdentifier: String, notifier: ServiceNotifier) {
        self.appIdentifier = appIdentifier
        self.notifier = notifier
    }

    deinit { state.withLock { LogindHost.drop(&$0) } }

    package func listen(_ onEvent: @escaping @Sendable (HostEvent) -> Void) -> [HostEvent] {
        state.withLock { state -> [HostEvent] in
            // A connection from before does not listen.
            LogindHost.drop(&state)
            state.listener = onEvent
            let announced = (try? connect(&state)) ?? []
            // What came beside the answers; no other thread is woken for what is mostly nothing.
            return LogindHost.following(announced, LogindHost.drain(&state))
        }
    }

    package func holdLocks(why: String) -> String? {
        let who = appIdentifier
        return perform { state -> String? in
            guard state.locks == nil else { return nil }
            // Two locks: one on "sleep:shutdown" is denied to a user without a session where each of the two is granted.
            var locks = Locks()
            var refusals: [String] = []
            do throws(BusError) { locks.sleep = try inhibit(&state, "sleep", who: who, why: why) } catch {
                refusals.append("no lock on sleep from logind: " + error.cause)
            }
            do throws(BusError) { locks.shutdown = try inhibit(&state, "shutdown", who: who, why: why) } catch {
                refusals.append("no lock on shutdown from logind: " + error.cause)
            }
            state.locks = consume locks
            return refusals.isEmpty ? nil : refusals.joined(separator: "; ")
        }
    }

    /// Whether logind answered since this was made.
    var isThere: Bool { state.withLock { !$0.owner.isEmpty } }

    /// One lock, held as long as what is returned lives.
    func inhibitor(_ what: String, mode: String, why: String) -> Result<LogindInhibitor, BusError> {
        let who = appIdentifier
        return perform { state in
            Result { () throws(BusError) in
                LogindInhibitor(try inhibit(&state, what, who: who, why: why, mode: mode))
            }
        }
    }

    package func releaseLocks() { state.withLock { $0.locks = nil } }

    package func notify(status: String, extendBy: Duration?) { notifier.tell(status: status, extendBy: extendBy) }

    package func notifyReady() { notifier.tellReady() }

    /// Runs what calls logind, and then hands on the signals that arrived in the meantime.
    private func perform<Answer: Sendable>(_ body: @Sendable (inout State) -> Answer) -> Answer {
        let (answer, listens) = state.withLock { state in (body(&state), state.listener != nil) }
        if listens { queue.async { [weak self] in self?.deliverSignals() } }
        return answer
    }

    /// One question; on a connection that turns out to be dead, once more on a new one.
    private func ask<Answer: Sendable>(
        _ state: inout State, _ question: @Sendable (borrowing Bus) throws(BusError) -> Answer
    ) throws(BusError) -> Answer {
        do {
            return try attempt(&state, question)
        } catch let error where error.isDisconnected {
            LogindHost.drop(&state)
            return try attempt(&state, question)
        }
    }

    private func attempt<Answer: Sendable>(
        _ state: inout State, _ question: @Sendable (borrowing Bus) throws(BusError) -> Answer
    ) throws(BusError) -> Answer {
        if state.bus == nil {
            let announced = try connect(&state)
            if let listener = state.listener, !announced.isEmpty { queue.async { announced.forEach(listener) } }
        }
        switch state.bus {
        case .some(let bus): return try question(bus)
        case .none: throw BusError(result: -ENOTCONN, "connect")
        }
    }

    private func inhibit(
        _ state: inout State, _ what: String, who: String, why: String, mode: String = "delay"
    ) throws(BusError) -> OwnedDescriptor {
        let reply = try ask(&state) { (bus) throws(BusError) in
            try bus.call(
                LogindHost.destination, LogindHost.path, LogindHost.interface, "Inhibit",
                [.string(what), .string(who), .string(why), .string(mode)])
        }
        guard case .descriptor(let number)? = reply.first else {
            throw BusError(message: "the reply has no descriptor", number: EBADMSG)
        }
        return OwnedDescriptor(number)
    }

    /// Connects, and says what is already announced. Asks all at once: a launch waits for the answers.
    private func connect(_ state: inout State) throws(BusError) -> [HostEvent] {
        let bus = try Bus(.systemBus, trusted: nil)
        let listens = state.listener != nil
        var questions: [Bus.Question] = []
        for member in listens ? LogindHost.members.sorted() : [] {
            questions.append(try LogindHost.match(member, bus))
        }
        let matches = questions.count
        for name in listens ? LogindHost.properties : [LogindHost.properties[0]] {
            questions.append(
                try bus.ask(
                    LogindHost.destination, LogindHost.path, "org.freedesktop.DBus.Properties", "Get",
                    [.string(LogindHost.interface), .string(name)]))
        }
        var signals: [Bus.Signal] = []
        let answers = try bus.answers(to: questions, signals: &signals, named: LogindHost.members)
        for answer in answers[..<matches] { _ = try answer.result.get() }

        var announced: [HostEvent] = []
        let told = answers[matches...].map { try? $0.result.get().first }
        // A bus without logind is still a connection; its signals come as soon as there is one.
        if let grace = told[0]?.uint64 {
            state.grace = .microseconds(Int64(clamping: grace))
            state.owner = answers[matches].sender
            if listens, told[1]?.bool == true { announced.append(.willSleep(grace: state.grace)) }
            if listens, told[2]?.bool == true { announced.append(.willShutDown(grace: state.grace)) }
        }
        let (owner, grace) = (state.owner, state.grace)
        let early = signals.filter { $0.sender == owner }.compactMap { LogindHost.event($0, grace: grace) }
        if listens { state.source = watch(bus.descriptor) }
        state.bus = consume bus
        return LogindHost.following(announced, early)
    }

    /// What is still announced once these events have come.
    private static func following(_ announced: [HostEvent], _ events: [HostEvent]) -> [HostEvent] {
        events.reduce(into: announced) { announced, event in
            if event == .didWake { announced = [] } else { announced.append(event) }
        }
    }

    /// What logind is asked of itself: the first one always, the others by who listens.
    private static let properties = ["InhibitDelayMaxUSec", "PreparingForSleep", "PreparingForShutdown"]

    /// Asks the bus's daemon for a signal of logind.
    private static func match(_ member: String, _ bus: borrowing Bus) throws(BusError) -> Bus.Question {
        try bus.ask(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch",
            [
                .string(
                    "type='signal',sender='\(destination)',path='\(path)',interface='\(interface)',member='\(member)'")
            ])
    }

    /// sd-bus closes its descriptor with the connection, while a source must be cancelled before (dispatch_source_create(3));
    /// a duplicate frees the two of each other. Reading is all there is to wait for: every call waits for its own reply,
    /// and so nothing is left to be written, and no timeout runs (sd_bus_get_fd(3), sd_bus_get_events(3)).
    private func watch(_ descriptor: Int32) -> (any DispatchSourceRead)? {
        let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 3)
        guard duplicate >= 0 else { return nil }
        let source = DispatchSource.makeReadSource(fileDescriptor: duplicate, queue: queue)
        source.setEventHandler { [weak self] in self?.deliverSignals() }
        source.setCancelHandler { close(duplicate) }
        source.activate()
        return source
    }

    /// On the queue.
    private func deliverSignals() {
        let (events, listener) = state.withLock { state in (LogindHost.drain(&state), state.listener) }
        if let listener { events.forEach(listener) }
    }

    private static func drain(_ state: inout State) -> [HostEvent] {
        var events: [HostEvent] = []
        do throws(BusError) {
            while true {
                let signal: Bus.Signal?
                switch state.bus {
                case .some(let bus):
                    signal = try bus.nextSignal(members)
                    if let signal, signal.sender != state.owner, signal.interface == interface {
                        // logind may have been restarted; anybody else may send a signal of this name, and is not heard.
                        state.owner = owner(bus) ?? ""
                    }
                case .none: signal = nil
                }
                guard let signal else { return events }
                if signal.sender == state.owner, let event = event(signal, grace: state.grace) { events.append(event) }
            }
        } catch {
            // Without the bus the work goes on; the next question connects again.
            drop(&state)
            return events
        }
    }

    /// What a signal of logind means; nil for any other.
    package static func event(_ signal: Bus.Signal, grace: Duration) -> HostEvent? {
        guard signal.interface == interface, signal.path == path, let begins = signal.arguments.first?.bool else {
            return nil
        }
        switch (signal.member, begins) {
        case ("PrepareForSleep", true): return .willSleep(grace: grace)
        case ("PrepareForSleep", false): return .didWake
        case ("PrepareForShutdown", true): return .willShutDown(grace: grace)
        // Called off, or it failed: the host lives on, and so do its tasks.
        case ("PrepareForShutdown", false): return .didWake
        default: return nil
        }
    }

    private static func drop(_ state: inout State) {
        state.source?.cancel()
        state.source = nil
        state.bus = nil
    }

    private static func owner(_ bus: borrowing Bus) -> String? {
        let reply = try? bus.call(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetNameOwner",
            [.string(destination)])
        return reply?.first?.text
    }
}

#endif
