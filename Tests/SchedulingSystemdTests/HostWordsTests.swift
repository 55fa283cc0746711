// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd

import Glibc
import SchedulingCore
import SchedulingSystemd
import Testing

@Suite("The host's words")
struct HostWordsTests {
    private func signal(
        _ member: String, _ arguments: [BusValue], interface: String = "org.freedesktop.login1.Manager",
        path: String = "/org/freedesktop/login1"
    ) -> Bus.Signal {
        Bus.Signal(sender: ":1.1", path: path, interface: interface, member: member, arguments: arguments)
    }

    @Test("logind's signals become events, with the grace that logind gives")
    func maps() {
        func event(_ member: String, _ begins: Bool) -> HostEvent? {
            LogindHost.event(signal(member, [.bool(begins)]), grace: .seconds(7))
        }
        #expect(event("PrepareForSleep", true) == .willSleep(grace: .seconds(7)))
        #expect(event("PrepareForSleep", false) == .didWake)
        #expect(event("PrepareForShutdown", true) == .willShutDown(grace: .seconds(7)))
        // A shutdown that was called off: tasks start again, as after sleep.
        #expect(event("PrepareForShutdown", false) == .didWake)
        #expect(event("SessionNew", true) == nil)
    }

    @Test("what only looks like a signal of logind is no event")
    func ignores() {
        let grace: Duration = .seconds(5)
        #expect(LogindHost.event(signal("PrepareForSleep", []), grace: grace) == nil)
        #expect(LogindHost.event(signal("PrepareForSleep", [.string("true")]), grace: grace) == nil)
        #expect(LogindHost.event(signal("PrepareForSleep", [.bool(true)], interface: "a.b"), grace: grace) == nil)
        #expect(LogindHost.event(signal("PrepareForSleep", [.bool(true)], path: "/"), grace: grace) == nil)
    }

    @Test("a connection that is gone is told apart from a refusal and from silence")
    func judgesErrors() {
        #expect(BusError(message: "", number: ECONNRESET).isDisconnected)
        #expect(BusError(name: "System.Error.ENOTCONN", message: "", number: ENOTCONN).isDisconnected)
        #expect(BusError(name: "org.freedesktop.DBus.Error.NoReply", message: "", number: ETIMEDOUT).isDisconnected)
        #expect(!BusError(name: "org.freedesktop.DBus.Error.Timeout", message: "", number: ETIMEDOUT).isDisconnected)
        #expect(!BusError(name: "org.freedesktop.DBus.Error.AccessDenied", message: "", number: EACCES).isDisconnected)
        #expect(BusError(name: "org.freedesktop.systemd1.NoSuchUnit", message: "", number: ENOENT).isUnitMissing)
        #expect(BusError(name: "a.b", message: "no", number: 1).cause == "no (a.b)")
        let failure = BusError(message: "no", number: 1).failure(doing: "arm", subject: "x", remedy: "Wait.")
        #expect(failure.code == .busFailed)
        #expect(failure.description == "Could not arm \"x\": no. Wait.")
    }

    @Test("a status is one line, and an extension is in microseconds")
    func writesLines() {
        #expect(ServiceNotifier.lines(status: "a\nREADY=1", extendBy: nil) == "STATUS=a READY=1")
        #expect(
            ServiceNotifier.lines(status: "b", extendBy: .milliseconds(1500)) == "STATUS=b\nEXTEND_TIMEOUT_USEC=1500000"
        )
        #expect(ServiceNotifier.lines(status: "", extendBy: .zero) == "STATUS=\nEXTEND_TIMEOUT_USEC=1")
    }

    @Test("the notifier reaches a socket by its path and by its abstract name")
    func notifies() throws {
        let directory = try output(of: "/bin/mktemp", ["-d"])
        defer { _ = try? output(of: "/bin/rm", ["-rf", directory]) }
        for name in [directory + "/notify", "@swift-background-test-\(getpid())"] {
            let listener = try Listener(name)
            #expect(ServiceNotifier(socket: name).send("READY=1"))
            #expect(listener.receive() == "READY=1")
        }
    }

    @Test("without a socket that can be reached, the notifier is silent")
    func staysSilent() {
        for socket in [nil, "", "relative", "/nonexistent/notify", "/" + String(repeating: "x", count: 200)] {
            #expect(!ServiceNotifier(socket: socket).send("READY=1"))
        }
    }
}

/// A datagram socket as a service manager has it.
private final class Listener {
    private let number: Int32

    init(_ name: String) throws {
        number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var bytes = Array(name.utf8)
        if bytes[0] == UInt8(ascii: "@") { bytes[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(number, $0, length) }
        }
        guard result == 0 else { throw Unstarted(number: errno) }
    }

    deinit { close(number) }

    /// What has arrived.
    func receive() -> String {
        var buffer = [UInt8](repeating: 0, count: 1024)
        let count = recv(number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}

#endif
