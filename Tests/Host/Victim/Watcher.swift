// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux) && Systemd
import Foundation
import SchedulingSystemd

/// Looks on, some hundred times a second: at every moment at which something is pending or running, systemd holds
/// something that will start the program.
struct Watcher: ~Copyable {
    private let trace: Trace
    private var books: Books?
    private var bus: Bus?
    private var looks = 0
    private var withWork = 0

    init(_ trace: Trace) { self.trace = trace }

    /// Until the host dies, or a file says that all is over.
    mutating func run() {
        var told = 0
        while access(trace.directory + "/over", F_OK) != 0 {
            do {
                try look()
            } catch {
                // No manager or no store yet: there is nothing to be seen.
                bus = nil
                books = nil
                Eventually.rest(milliseconds: 50)
            }
            if looks >= told + 100 {
                trace.note("looks", "\(Trace.boot) \(looks) \(withWork)")
                told = looks
            }
            Eventually.rest(milliseconds: 3)
        }
    }

    /// What is on the books before and after the manager was asked was there while it answered: numbers are never used
    /// twice, and what is gone does not come back.
    private mutating func look() throws {
        if books == nil { books = try Books() }
        guard let before = try books?.live() else { return }
        let units = try units()
        guard let after = try books?.live() else { return }
        looks += 1
        let throughout = before.intersection(after)
        guard !throughout.isEmpty else { return }
        withWork += 1
        if !units.contains(where: \.willStartTheProgram) {
            trace.note(
                "violations",
                "nothing armed at \(Eventually.uptime) \(Trace.boot) for \(throughout.sorted()) units: \(units)")
        }
    }

    private struct Unit: CustomStringConvertible {
        var name: String
        var active: String
        var sub: String
        var job: UInt64

        /// A timer that waits, or whose service runs and that fires anew after it; a service that runs, starts, or is about
        /// to be started.
        var willStartTheProgram: Bool {
            if name.hasSuffix(".timer") { return sub == "waiting" || sub == "running" }
            return active == "active" || active == "activating" || job != 0
        }

        var description: String { "\(name) \(active) \(sub) \(job)" }
    }

    /// One answer of the manager is one moment of it.
    private mutating func units() throws -> [Unit] {
        if bus == nil { bus = try Bus(.peer(socket: ManagerAddress.ofThisProcess(.user).privateSocket), trusted: nil) }
        switch bus {
        case .some(let bus):
            let reply = try bus.call(
                "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager",
                "ListUnitsByPatterns", [.strings([]), .strings(["app-background-" + Victim.app + "@*"])])
            // The manager tells its peers everything, asked or not.
            while try bus.nextSignal(["JobRemoved"]) != nil {}
            return (reply.first?.elements ?? []).compactMap { unit in
                guard let fields = unit.elements, fields.count >= 8, let name = fields[0].text else { return nil }
                return Unit(
                    name: name, active: fields[3].text ?? "", sub: fields[4].text ?? "", job: fields[7].uint64 ?? 0)
            }
        case .none: return []
        }
    }
}

func watch(_ trace: Trace) throws {
    var watcher = Watcher(trace)
    watcher.run()
}
#else
func watch(_ trace: Trace) throws { print("victim: there is no systemd in this build") }
#endif
