// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import BackgroundSystemCalls
import CBackgroundSystemd
import Glibc

/// One connection to a D-Bus peer.
///
/// sd-bus is not thread-safe, not even its reference counts (sd-bus(3), "Thread safety"): whoever owns a `Bus` keeps it
/// under one lock. Values go in and come out, so that no message outlives the lock.
package struct Bus: ~Copyable {
    /// Whom to connect to.
    package enum Address: Hashable, Sendable {
        /// A service manager's own socket, without a D-Bus daemon in between.
        case peer(socket: String)
        case userBus
        case systemBus
    }

    /// A signal as it arrived.
    package struct Signal: Hashable, Sendable {
        package var sender: String
        package var path: String
        package var interface: String
        package var member: String
        package var arguments: [BusValue]

        package init(sender: String, path: String, interface: String, member: String, arguments: [BusValue]) {
            self.sender = sender
            self.path = path
            self.interface = interface
            self.member = member
            self.arguments = arguments
        }
    }

    /// How long a call may take, far below the 25 s that D-Bus allows: nobody waits that long for `submit`.
    package static let timeout: Duration = .seconds(3)

    private let bus: OpaquePointer

    /// Connects and authenticates. Fails unless the other side runs as one of `trusted`; nil: where the socket lies is
    /// enough, as with a bus.
    package init(_ address: Address, trusted: Set<UInt32>?, timeout: Duration = Bus.timeout) throws(BusError) {
        let bus = try Bus.open(address)
        do {
            try Bus.awaitReady(bus, until: Bus.monotonicNow() + Bus.microseconds(timeout))
            if let trusted { try Bus.checkPeer(bus, trusted: trusted) }
        } catch {
            sd_bus_close_unref(bus)
            throw error
        }
        self.bus = bus
    }

    deinit { sd_bus_close_unref(bus) }

    /// Whether the connection still stands, as far as is known without asking.
    package var isOpen: Bool { sd_bus_is_open(bus) > 0 }

    /// The descriptor to watch for reading. It belongs to the connection.
    package var descriptor: Int32 { sd_bus_get_fd(bus) }

    /// Calls a method and waits for its reply. With `mayStart`, the bus starts a service that is not there and can be
    /// started by a call (D-Bus specification, "Message Bus Starting Services").
    package borrowing func call(
        _ destination: String, _ path: String, _ interface: String, _ member: String, _ arguments: [BusValue] = [],
        timeout: Duration = Bus.timeout, mayStart: Bool = true
    ) throws(BusError) -> [BusValue] {
        let message = try Bus.message(bus, destination, path, interface, member, arguments, mayStart: mayStart)
        defer { sd_bus_message_unref(message) }
        var error = sd_bus_error()
        defer { sd_bus_error_free(&error) }
        var reply: OpaquePointer?
        defer { sd_bus_message_unref(reply) }
        let result = systemCall(
            .busCall, member,
            negated: {
                sd_bus_call(bus, message, Bus.microseconds(timeout), &error, &reply)
            })
        guard result >= 0 else { throw Bus.refusal(error, result: result, of: member) }
        return try BusMessage.read(reply)
    }

    /// A method call, to be released by the caller.
    private static func message(
        _ bus: OpaquePointer, _ destination: String, _ path: String, _ interface: String, _ member: String,
        _ arguments: [BusValue], mayStart: Bool
    ) throws(BusError) -> OpaquePointer {
        var made: OpaquePointer?
        try check(
            sd_bus_message_new_method_call(bus, &made, destination, path, interface, member), "call " + member)
        guard let message = made else { throw BusError(result: -ENOMEM, "call " + member) }
        do {
            try check(sd_bus_message_set_auto_start(message, mayStart ? 1 : 0), "call " + member)
            try BusMessage.append(arguments, to: message)
        } catch {
            sd_bus_message_unref(message)
            throw error
        }
        return message
    }

    /// What sd-bus itself reports (no answer, no connection) has a D-Bus name too; its errno tells it apart.
    private static func refusal(_ error: sd_bus_error, result: Int32, of member: String) -> BusError {
        guard let name = error.name else { return BusError(result: result, "call " + member) }
        return BusError(
            name: String(cString: name), message: error.message.map { String(cString: $0) } ?? "", number: -result)
    }

    // MARK: Several questions at once

    /// A call whose answer is still to come.
    package struct Question: Hashable, Sendable {
        fileprivate let cookie: UInt64
        fileprivate let member: String
    }

    /// Who answered a question, and what.
    package struct Answer: Sendable {
        package var sender: String
        package var result: Result<[BusValue], BusError>
    }

    /// Calls a method and waits for nothing; `answers` takes what comes back.
    package borrowing func ask(
        _ destination: String, _ path: String, _ interface: String, _ member: String, _ arguments: [BusValue]
    ) throws(BusError) -> Question {
        let message = try Bus.message(bus, destination, path, interface, member, arguments, mayStart: true)
        defer { sd_bus_message_unref(message) }
        var cookie: UInt64 = 0
        try Bus.check(
            systemCall(.busCall, member, negated: { sd_bus_send(bus, message, &cookie) }), "call " + member)
        return Question(cookie: cookie, member: member)
    }

    /// Waits for the answers to all of the questions, in their order; `signals` gets those with one of the names that come in
    /// between. Nothing else may be asked meanwhile.
    package borrowing func answers(
        to questions: [Question], signals: inout [Signal], named members: Set<String>, timeout: Duration = Bus.timeout
    ) throws(BusError) -> [Answer] {
        let deadline = Bus.monotonicNow() + Bus.microseconds(timeout)
        var found: [UInt64: Answer] = [:]
        while true {
            var message: OpaquePointer?
            let result = systemCall(.busProcess, "", negated: { sd_bus_process(bus, &message) })
            defer { sd_bus_message_unref(message) }
            try Bus.check(result, "read from the bus")
            if let message {
                if let signal = try Bus.signal(message, members, reads: true) { signals.append(signal) }
                var cookie: UInt64 = 0
                guard sd_bus_message_get_reply_cookie(message, &cookie) >= 0,
                    let question = questions.first(where: { $0.cookie == cookie })
                else { continue }
                found[cookie] = Bus.answer(message, to: question)
                let inOrder = questions.compactMap { found[$0.cookie] }
                if inOrder.count == questions.count { return inOrder }
            } else if result == 0 {
                let now = Bus.monotonicNow()
                guard now < deadline else { throw BusError(result: -ETIMEDOUT, "wait for answers") }
                try Bus.wait(bus, deadline - now)
            }
        }
    }

    private static func answer(_ message: OpaquePointer, to question: Question) -> Answer {
        Answer(
            sender: text(sd_bus_message_get_sender(message)),
            result: Result { () throws(BusError) in
                if sd_bus_message_is_method_error(message, nil) > 0, let error = sd_bus_message_get_error(message) {
                    throw refusal(error.pointee, result: -sd_bus_message_get_errno(message), of: question.member)
                }
                return try BusMessage.read(message)
            })
    }

    // MARK: Properties and signals

    /// Reads one property.
    package borrowing func property(
        _ destination: String, _ path: String, _ interface: String, _ name: String,
        timeout: Duration = Bus.timeout, mayStart: Bool = true
    ) throws(BusError) -> BusValue {
        let reply = try call(
            destination, path, "org.freedesktop.DBus.Properties", "Get", [.string(interface), .string(name)],
            timeout: timeout, mayStart: mayStart)
        guard let value = reply.first else { throw BusError(message: "an empty reply for " + name, number: EBADMSG) }
        return value
    }

    /// Asks the bus's daemon for signals (D-Bus specification, "Match Rules").
    package borrowing func match(_ rule: String, timeout: Duration = Bus.timeout) throws(BusError) {
        _ = try call(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", [.string(rule)],
            timeout: timeout)
    }

    /// No longer asks for them.
    package borrowing func unmatch(_ rule: String, timeout: Duration = Bus.timeout) throws(BusError) {
        _ = try call(
            "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "RemoveMatch", [.string(rule)],
            timeout: timeout)
    }

    /// The next signal with one of the names that has arrived, or nil when there is none now; throws when the connection
    /// is gone. All others pass by unread: a manager sends its peers whatever it has, in types that nobody here expects.
    /// Without `reads`, what a signal carries is not looked at, and may be of any type.
    package borrowing func nextSignal(_ members: Set<String>, reads: Bool = true) throws(BusError) -> Signal? {
        while true {
            var message: OpaquePointer?
            let result = systemCall(.busProcess, "", negated: { sd_bus_process(bus, &message) })
            defer { sd_bus_message_unref(message) }
            try Bus.check(result, "read from the bus")
            if result == 0 { return nil }
            if let message, let signal = try Bus.signal(message, members, reads: reads) { return signal }
        }
    }

    /// The signal that a message is; nil for anything else, and for one with none of the names. Throws for the last message
    /// of a connection.
    private static func signal(
        _ message: OpaquePointer, _ members: Set<String>, reads: Bool
    ) throws(BusError) -> Signal? {
        guard sd_bus_message_is_signal(message, nil, nil) > 0 else { return nil }
        // sd-bus itself makes it.
        if text(sd_bus_message_get_interface(message)) == "org.freedesktop.DBus.Local" {
            throw BusError(result: -ENOTCONN, "read from the bus")
        }
        let member = text(sd_bus_message_get_member(message))
        guard members.contains(member) else { return nil }
        return Signal(
            sender: text(sd_bus_message_get_sender(message)), path: text(sd_bus_message_get_path(message)),
            interface: text(sd_bus_message_get_interface(message)), member: member,
            arguments: reads ? try BusMessage.read(message) : [])
    }

    /// Waits until a signal of the name satisfies `wanted`, and lets all others pass by; nil after the timeout.
    package borrowing func awaitSignal(
        _ member: String, timeout: Duration = Bus.timeout, where wanted: (Signal) -> Bool
    ) throws(BusError) -> Signal? {
        let deadline = Bus.monotonicNow() + Bus.microseconds(timeout)
        while true {
            while let signal = try nextSignal([member]) {
                if wanted(signal) { return signal }
            }
            let now = Bus.monotonicNow()
            guard now < deadline else { return nil }
            try Bus.wait(bus, deadline - now)
        }
    }

    private static func open(_ address: Address) throws(BusError) -> OpaquePointer {
        var opened: OpaquePointer?
        switch address {
        case .userBus:
            try check(systemCall(.busOpen, "user", negated: { sd_bus_open_user(&opened) }), "connect to the user bus")
        case .systemBus:
            try check(
                systemCall(.busOpen, "system", negated: { sd_bus_open_system(&opened) }), "connect to the system bus")
        case .peer(let socket):
            try check(sd_bus_new(&opened), "make a connection")
            var result = sd_bus_set_address(opened, "unix:path=" + escaped(socket))
            if result >= 0 { result = systemCall(.busOpen, socket, negated: { sd_bus_start(opened) }) }
            guard result >= 0 else {
                sd_bus_close_unref(opened)
                throw BusError(result: result, "connect to " + socket)
            }
        }
        guard let opened else { throw BusError(result: -ENOMEM, "make a connection") }
        return opened
    }

    /// Authentication happens while the first call waits, and there without a limit that suits us.
    private static func awaitReady(_ bus: OpaquePointer, until deadline: UInt64) throws(BusError) {
        while true {
            if try check(systemCall(.busReady, "", negated: { sd_bus_is_ready(bus) }), "connect") > 0 { return }
            if try check(sd_bus_process(bus, nil), "connect") > 0 { continue }
            let now = monotonicNow()
            guard now < deadline else { throw BusError(result: -ETIMEDOUT, "connect") }
            try wait(bus, deadline - now)
        }
    }

    private static func checkPeer(_ bus: OpaquePointer, trusted: Set<UInt32>) throws(BusError) {
        var credentials: OpaquePointer?
        try check(sd_bus_get_owner_creds(bus, UInt64(SD_BUS_CREDS_EUID), &credentials), "ask who listens")
        defer { sd_bus_creds_unref(credentials) }
        var uid: uid_t = 0
        try check(sd_bus_creds_get_euid(credentials, &uid), "ask who listens")
        guard trusted.contains(uid) else {
            throw BusError(message: "the socket belongs to uid \(uid), who is not trusted", number: EPERM)
        }
    }

    private static func wait(_ bus: OpaquePointer, _ microseconds: UInt64) throws(BusError) {
        let result = systemCall(.busWait, "", negated: { sd_bus_wait(bus, microseconds) })
        if result != -EINTR { try check(result, "wait for the bus") }
    }

    @discardableResult
    private static func check(_ result: Int32, _ doing: String) throws(BusError) -> Int32 {
        guard result >= 0 else { throw BusError(result: result, doing) }
        return result
    }

    /// The path of the object that has an outside name below a prefix (sd_bus_path_encode(3)).
    static func objectPath(_ prefix: String, _ name: String) -> String {
        var path: UnsafeMutablePointer<CChar>?
        guard sd_bus_path_encode(prefix, name, &path) >= 0, let path else { return prefix }
        defer { free(path) }
        return String(cString: path)
    }

    /// D-Bus addresses escape what is not plain with `%` (D-Bus specification, "Server Addresses").
    static func escaped(_ path: String) -> String {
        var escaped = ""
        for byte in path.utf8 {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "/"),
                UInt8(ascii: "."):
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16)
                escaped += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return escaped
    }

    private static func text(_ pointer: UnsafePointer<CChar>?) -> String { pointer.map { String(cString: $0) } ?? "" }

    private static func microseconds(_ duration: Duration) -> UInt64 {
        let (seconds, attoseconds) = duration.components
        return UInt64(max(0, seconds)) * 1_000_000 + UInt64(max(0, attoseconds / 1_000_000_000_000))
    }

    private static func monotonicNow() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1000
    }
}

#endif
