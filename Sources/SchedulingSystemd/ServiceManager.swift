// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Dispatch
import Glibc
import Synchronization

/// A systemd manager, over its own socket, or over the bus where that is missing.
///
/// One lock guards the connection, and is held during each operation with all its calls; a connection that died is
/// made anew once per operation. It is closed soon after its last use: a manager sends every signal it has to every
/// peer of its own socket, asked or not, and would queue them up for one that does not read.
package final class ServiceManager: Sendable {
    private static let destination = "org.freedesktop.systemd1"
    private static let path = "/org/freedesktop/systemd1"
    private static let interface = "org.freedesktop.systemd1.Manager"

    private struct State: ~Copyable {
        var bus: Bus?
        /// Counts operations: a second without one, and the connection is closed.
        var uses = 0
        var isClosingPlanned = false
        /// Read once a connection.
        var started: UInt64?
    }

    package let address: ManagerAddress
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "swift-background.service-manager")

    package init(_ address: ManagerAddress) { self.address = address }

    /// Connects if that was not done yet; throws what stands in the way.
    package func connect() throws(BusError) {
        try perform { (_) throws(BusError) in }
    }

    /// When the manager started, in microseconds of the monotonic clock.
    package func started() throws(BusError) -> UInt64 {
        try state.withLock { (state) throws(BusError) -> UInt64 in
            if state.bus?.isOpen == true, let started = state.started { return started }
            let started = try perform(&state) { (bus) throws(BusError) -> UInt64 in
                let value = try bus.property(
                    ServiceManager.destination, ServiceManager.path, ServiceManager.interface,
                    "UserspaceTimestampMonotonic")
                return value.uint64 ?? 0
            }
            state.started = started
            return started
        }
    }

    /// Where the manager looks for unit files, first found wins.
    package func unitPath() throws(BusError) -> [String] {
        let value = try perform { (bus) throws(BusError) in
            try bus.property(
                ServiceManager.destination, ServiceManager.path, ServiceManager.interface, "UnitPath")
        }
        return (value.elements ?? []).compactMap(\.text)
    }

    /// Starts a transient unit and returns when its job is done.
    package func startTransient(_ name: String, properties: BusValue) throws(BusError) {
        try perform { (bus) throws(BusError) in
            let reply: [BusValue]
            do throws(BusError) {
                reply = try ServiceManager.call(
                    bus, "StartTransientUnit",
                    [.string(name), .string("fail"), properties, .array(of: "(sa(sv))", [])])
            } catch let error where error.name == "org.freedesktop.systemd1.UnitExists" {
                // Names are never used twice: this is our own call, made before the connection died in the middle.
                try ServiceManager.confirm(name, bus)
                return
            }
            let job = reply.first?.text ?? ""
            let signal = try bus.awaitSignal("JobRemoved") { signal in
                signal.arguments.count >= 4 && signal.arguments[1].text == job
            }
            // Without the word of the manager on the job, the unit's own state tells.
            guard let signal else { return try ServiceManager.confirm(name, bus) }
            let result = signal.arguments[3].text ?? ""
            guard result == "done" else {
                throw BusError(message: "systemd's job for \(name) ended as \"\(result)\"", number: EIO)
            }
        }
    }

    /// Stops a unit; one that is gone is no error.
    package func stop(_ name: String) throws(BusError) {
        do {
            try perform { (bus) throws(BusError) in
                _ = try ServiceManager.call(bus, "StopUnit", [.string(name), .string("replace")])
            }
        } catch let error where error.isUnitMissing {
            return
        }
    }

    /// The sub-state: for a timer "waiting", "running", "elapsed", "failed" or "dead" (also when it is not loaded); for a
    /// service "start", "running", "auto-restart", "stop", …, "failed" or "dead".
    package func subState(of name: String) throws(BusError) -> String {
        try perform { (bus) throws(BusError) in try ServiceManager.subState(name, bus) }
    }

    /// How the last main process of a service ended: `Result`, `ExecMainCode` and `ExecMainStatus`
    /// (org.freedesktop.systemd1(5), "Service Unit Objects").
    package func lastEnd(of name: String) throws(BusError) -> (result: String?, code: Int32?, status: Int32?) {
        let values = try perform { (bus) throws(BusError) -> [BusValue] in
            let object = Bus.objectPath(ServiceManager.path + "/unit", name)
            var values: [BusValue] = []
            for property in ["Result", "ExecMainCode", "ExecMainStatus"] {
                values.append(
                    try bus.property(
                        ServiceManager.destination, object, "org.freedesktop.systemd1.Service", property))
            }
            return values
        }
        return (values[0].text, values[1].int32, values[2].int32)
    }

    /// The names of the loaded units that match a pattern.
    package func units(matching pattern: String) throws(BusError) -> [String] {
        let reply = try perform { (bus) throws(BusError) in
            try ServiceManager.call(bus, "ListUnitsByPatterns", [.strings([]), .strings([pattern])])
        }
        return (reply.first?.elements ?? []).compactMap { $0.elements?.first?.text }
    }

    /// Makes the manager read all unit files anew. With thousands of units that takes longer than a call may take;
    /// then it is under way, which is enough for us.
    package func reload() throws(BusError) {
        do {
            try perform { (bus) throws(BusError) in _ = try ServiceManager.call(bus, "Reload") }
        } catch let error where error.isTimeout {
            return
        }
    }

    /// "enabled", "disabled", "masked", … (systemctl(1), "is-enabled"); nil if there is no such file.
    package func unitFileState(_ name: String) throws(BusError) -> String? {
        do {
            let reply = try perform { (bus) throws(BusError) in
                try ServiceManager.call(bus, "GetUnitFileState", [.string(name)])
            }
            return reply.first?.text
        } catch let error where error.isUnitMissing || error.number == ENOENT {
            return nil
        }
    }

    package func enable(_ name: String) throws(BusError) {
        try perform { (bus) throws(BusError) in
            _ = try ServiceManager.call(bus, "EnableUnitFiles", [.strings([name]), .bool(false), .bool(false)])
        }
    }

    package func disable(_ name: String) throws(BusError) {
        try perform { (bus) throws(BusError) in
            _ = try ServiceManager.call(bus, "DisableUnitFiles", [.strings([name]), .bool(false)])
        }
    }

    private static func confirm(_ timer: String, _ bus: borrowing Bus) throws(BusError) {
        let state = try subState(timer, bus)
        guard state == "waiting" || state == "running" else {
            throw BusError(message: "systemd did not confirm \(timer) in time; it is \"\(state)\"", number: ETIMEDOUT)
        }
    }

    private static func subState(_ name: String, _ bus: borrowing Bus) throws(BusError) -> String {
        let object = Bus.objectPath(path + "/unit", name)
        return try bus.property(destination, object, "org.freedesktop.systemd1.Unit", "SubState").text ?? ""
    }

    private static func call(
        _ bus: borrowing Bus, _ member: String, _ arguments: [BusValue] = []
    ) throws(BusError) -> [BusValue] {
        try bus.call(destination, path, interface, member, arguments)
    }

    private func perform<Answer: Sendable>(
        _ operation: @Sendable (borrowing Bus) throws(BusError) -> Answer
    ) throws(BusError) -> Answer {
        try state.withLock { (state) throws(BusError) -> Answer in try perform(&state, operation) }
    }

    private func perform<Answer: Sendable>(
        _ state: inout State, _ operation: @Sendable (borrowing Bus) throws(BusError) -> Answer
    ) throws(BusError) -> Answer {
        closeWhenIdle(&state)
        do {
            return try attempt(&state, operation)
        } catch let error where error.isDisconnected {
            state.bus = nil
            return try attempt(&state, operation)
        }
    }

    private func attempt<Answer: Sendable>(
        _ state: inout State, _ operation: @Sendable (borrowing Bus) throws(BusError) -> Answer
    ) throws(BusError) -> Answer {
        if state.bus == nil {
            state.started = nil
            state.bus = try open()
        }
        // `Optional` lends its value only by a match.
        switch state.bus {
        case .some(let bus): return try operation(bus)
        case .none: throw BusError(result: -ENOTCONN, "connect")
        }
    }

    private func open() throws(BusError) -> Bus {
        do {
            return try Bus(.peer(socket: address.privateSocket), trusted: address.trusted)
        } catch let error where error.number == ENOENT {
            // Where there is no bus either, the missing socket is the better thing to tell.
            let missing = error
            do throws(BusError) { return try openBus() } catch { throw missing }
        }
    }

    private func openBus() throws(BusError) -> Bus {
        let bus = try Bus(address.scope == .user ? .userBus : .systemBus, trusted: nil)
        // Over a bus, signals come only to those who ask.
        _ = try ServiceManager.call(bus, "Subscribe")
        try bus.match("type='signal',sender='\(ServiceManager.destination)',member='JobRemoved'")
        return bus
    }

    private func closeWhenIdle(_ state: inout State) {
        state.uses += 1
        guard !state.isClosingPlanned else { return }
        state.isClosingPlanned = true
        planClosing(after: state.uses)
    }

    private func planClosing(after uses: Int) {
        queue.asyncAfter(deadline: .now() + 1) { [weak self] in
            guard let self else { return }
            let used = self.state.withLock { state -> Int in
                if state.uses == uses {
                    state.bus = nil
                    state.isClosingPlanned = false
                }
                return state.uses
            }
            if used != uses { planClosing(after: used) }
        }
    }
}

#endif
