// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    @Suite("Sleep, power, death and boot of the host", .serialized)
    struct HostLife {
        let host: TestHost
        init() throws { host = try TestHost.shared() }

        @Test("sleep waits for the expiration handler, and the work is finished after waking, no attempt burnt")
        func sleep() async throws {
            let app = ProbeApp(host, "sleep")
            try app("submit", "hold", "0")
            try await app.waitForNote("hold started, attempt 1")
            #expect(try host.run("systemd-inhibit", "--list").contains(app.id))
            try host.call(["suspend", "1"])
            try await app.waitForNote("hold cut: the host went to sleep")
            try await app.waitForNote("hold started, attempt 1", count: 2)
            try app.put("release")
            try await app.waitForNote("hold done")
            try await app.waitUntilQuiet()
            #expect(try app.outcomes("hold") == ["interrupted", "succeeded"])
            #expect(try !host.run("systemd-inhibit", "--list").contains(app.id))
        }

        @Test("a handler that ignores the announcement does not hold the host up for ever")
        func deafHandler() async throws {
            let app = ProbeApp(host, "deaf")
            try app("submit", "deaf", "0")
            try await app.waitForNote("deaf started")
            try host.call(["suspend", "1"])
            try await Eventually.holds("the run is recorded") { try app.outcomes("deaf").contains("interrupted") }
            try app("cancel", "deaf")
            host.systemctl("stop", "app-background-\(app.id)@*.service")
        }

        @Test("a task that needs external power waits on battery, says so, and runs when plugged in")
        func power() async throws {
            let app = ProbeApp(host, "power")
            try host.call(["power", "battery"])
            try app("submit", "quick", "0", "power")
            try await Eventually.holds("it waits") { try app("explain", "quick").contains("external power") }
            try await Eventually.nothingHappens(for: 3)
            #expect(app.notes.isEmpty)
            try host.call(["power", "ac"])
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }

        @Test("a task that needs a network waits without one, and a resident sees it come back by itself")
        func network() async throws {
            let app = ProbeApp(host, "network")
            try host.call(["network", "down"])
            let resident = try await app.startResident()
            defer { resident.terminate() }
            try app("submit", "quick", "0", "network")
            try await Eventually.holds("it waits") { try app("explain", "quick").contains("a network") }
            #expect(app.notes.isEmpty)
            try host.call(["network", "up"])
            try await app.waitForNote("quick ran")
            try host.user(["pkill", "-TERM", "-f", "hostprobe stay"])
        }

        @Test("a program that stays runs its task at its instant; systemd starts no second one")
        func resident() async throws {
            let app = ProbeApp(host, "resident")
            let resident = try await app.startResident()
            try app("submit", "quick", "1")
            try await app.waitForNote("quick ran")
            let runner = host.attempt(["user", "cat", app.state + "/notes"]).output.split(separator: " ").first.map(
                String.init)
            #expect(app.pids(of: "stay").contains(runner ?? "none"))
            // Killed with something pending, it is replaced a few seconds after the instant.
            try app("submit", "bulk0", "1")
            try host.user(["pkill", "-9", "-f", "hostprobe stay"])
            try await app.waitForNote("bulk0 ran")
            try await app.waitUntilQuiet()
            resident.wait()
        }

        @Test("a resident that is killed in the middle of a run is replaced by systemd")
        func residentKilled() async throws {
            let app = ProbeApp(host, "resident-killed")
            let resident = try await app.startResident()
            try app("submit", "hold", "0")
            try await app.waitForNote("hold started, attempt 1")
            try host.user(["pkill", "-9", "-f", "hostprobe stay"])
            try await app.waitForNote("hold started, attempt 2", within: 60)
            try app.put("release")
            try await app.waitForNote("hold done")
            try await app.waitUntilQuiet()
            resident.wait()
        }

        @Test("without polkit there are no locks, and tasks run all the same")
        func noPolkit() async throws {
            let app = ProbeApp(host, "nopolkit")
            try host.call(["polkit", "off"])
            defer { _ = host.attempt(["polkit", "on"]) }
            try app("submit", "quick", "0.5")
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }

        @Test("lingering that is off is a warning with the command that turns it on")
        func lingering() throws {
            let app = ProbeApp(host, "linger")
            try host.call(["login"])  // without a session or lingering there is no user manager at all
            try host.call(["linger", "off"])
            defer {
                host.attempt(["linger", "on"])
                host.attempt(["logout"])
            }
            #expect(try app("backend").contains("loginctl enable-linger"))
        }

        @Test(
            "what was pending when the host died runs once, late; what is due later is armed again",
            arguments: ["crash", "reboot"])
        func boot(how: String) async throws {
            let app = ProbeApp(host, "host-\(how)")
            try app("submit", "quick", "1.2")
            try app("submit", "bulk0", "600")
            try host.call([how])
            try await app.waitForNote("quick ran")
            try await Eventually.holds("the later one is armed", seen: { "\(app.timers)" }) {
                app.timers.count == 1 && app.services.isEmpty
            }
            #expect(app.notes.count == 1)
            try app("cancel", "bulk0")
            try await app.waitUntilQuiet()
        }

        @Test("a host that dies or reboots in the middle of a run burns no attempt", arguments: ["crash", "reboot"])
        func bootInARun(how: String) async throws {
            let app = ProbeApp(host, "run-\(how)")
            try app("submit", "hold", "0")
            try await app.waitForNote("hold started, attempt 1")
            try host.call([how])
            try await app.waitForNote("hold started, attempt 1", count: 2)
            try app.put("release")
            try await app.waitForNote("hold done")
            try await app.waitUntilQuiet()
            #expect(try app.outcomes("hold") == ["interrupted", "succeeded"])
        }
    }
}
