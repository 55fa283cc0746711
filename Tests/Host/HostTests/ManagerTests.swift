// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    @Suite("What people and systemd do to a wake-up", .serialized)
    struct Manager {
        let host: TestHost
        init() throws { host = try TestHost.shared() }

        @Test(
            "a wake-up survives daemon-reload and daemon-reexec, also at its very instant",
            arguments: ["reload", "reexec"])
        func reloads(verb: String) async throws {
            let app = ProbeApp(host, "daemon-\(verb)")
            try app("submit", "quick", "3")
            host.systemctl("daemon-\(verb)")
            try await Eventually.nothingHappens(for: 1)
            // Again and again over the instant itself.
            let deadline = Date.timeIntervalSinceReferenceDate + 4
            while Date.timeIntervalSinceReferenceDate < deadline { host.systemctl("daemon-\(verb)") }
            try await app.waitForNote("quick ran")
            // The manager may have been deaf when the launch stopped its timers: one that is left launches in vain at the
            // worst, and the next launch tidies up.
            try app("submit", "bulk0", "0.5")
            try await app.waitForNote("bulk0 ran")
            try await app.waitUntilQuiet()
            #expect(app.notes == ["quick ran", "bulk0 ran"])
        }

        @Test("a timer stopped by hand is armed again by the next process of the app")
        func stoppedTimer() async throws {
            let app = ProbeApp(host, "stopped")
            try app("submit", "quick", "4")
            let timer = try #require(app.timers.first)
            host.systemctl("stop", timer)
            #expect(app.timers.isEmpty)
            try app("submit", "bulk0", "60")
            #expect(app.timers.count == 1)
            try await app.waitForNote("quick ran")
            try app("cancel", "bulk0")
            try await app.waitUntilQuiet()
        }

        @Test(
            "a unit file that was removed or edited by hand is put right by the next process of the app",
            arguments: ["removed", "edited"])
        func brokenUnit(how: String) async throws {
            let app = ProbeApp(host, "unit-\(how)")
            try app("submit", "quick", "60")
            let unit = "/home/tester/.local/share/systemd/user/app-background-\(app.id)@.service"
            if how == "removed" {
                try host.user(["rm", unit])
            } else {
                try host.user(["sed", "-i", "s/^ExecStart=.*/ExecStart=\\/bin\\/false/", unit])
            }
            host.systemctl("daemon-reload")
            try app("submit", "quick", "1")
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }

        @Test("a unit that its owner masked is not started, the mask stays, and the backend says so")
        func masked() async throws {
            let app = ProbeApp(host, "masked")
            try app("submit", "quick", "60")
            host.systemctl("mask", "app-background-\(app.id)@.service")
            try app("submit", "quick", "1")
            #expect(try app("backend").contains("mask"))
            try await Eventually.nothingHappens(for: 3)
            #expect(app.notes.isEmpty)
            host.systemctl("unmask", "app-background-\(app.id)@.service")
            host.systemctl("daemon-reload")
            try app("submit", "quick", "0.5")
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }

        @Test("the launch at login that its owner disabled stays disabled, and the backend says so")
        func disabled() async throws {
            let app = ProbeApp(host, "disabled")
            try app("submit", "quick", "60")
            let unit = "app-background-\(app.id)@login.service"
            #expect(host.systemctl("is-enabled", unit).contains("enabled"))
            host.systemctl("disable", unit)
            try app("submit", "quick", "3")
            #expect(!host.systemctl("is-enabled", unit).hasPrefix("enabled"))
            #expect(try app("backend").contains("disabled"))
            try await app.waitForNote("quick ran")
        }

        @Test("a user manager that is restarted has forgotten the timer; the launch at login arms it again")
        func managerRestart() async throws {
            let app = ProbeApp(host, "restart")
            try app("submit", "quick", "6")
            try app("submit", "bulk0", "2")
            try host.run("systemctl", "restart", "user@2000.service")
            try await app.waitForNote("bulk0 ran")
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }

        @Test("an executable that cannot be started is tried again, and the task runs when it is back")
        func missingExecutable() async throws {
            var app = ProbeApp(host, "missing")
            try host.user(["mkdir", "-p", "/home/tester/bin"])
            app.probe = "/home/tester/bin/hostprobe"
            try host.call(["install", TestHost.builtProbe, app.probe])
            try app("submit", "quick", "1")
            try host.run("mv", app.probe, app.probe + ".away")
            try await Eventually.holds("systemd fails to start it", seen: { "\(app.services)" }) {
                host.systemctl("status", "app-background-\(app.id)@*.service").contains("203/EXEC")
                    || host.attempt(["user", "journalctl", "--user", "--no-pager", "-n", "50"]).output.contains(
                        "203/EXEC")
            }
            #expect(!app.timers.isEmpty)
            try host.run("mv", app.probe + ".away", app.probe)
            try await app.waitForNote("quick ran", within: 60)
        }

        @Test("an executable that moved is started from its new place as soon as it has run there once")
        func moved() async throws {
            var app = ProbeApp(host, "moved")
            app.probe = "/home/tester/bin/before"
            try host.call(["install", TestHost.builtProbe, app.probe])
            try app("submit", "quick", "60")
            try host.run("mv", app.probe, "/home/tester/bin/after")
            app.probe = "/home/tester/bin/after"
            let output = try app("submit", "quick", "1")
            #expect(!output.contains("two executables"))
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }

        @Test("two executables with one app id: the last one is started, and people are told")
        func twoExecutables() async throws {
            var app = ProbeApp(host, "twins")
            app.probe = "/home/tester/bin/first"
            try host.call(["install", TestHost.builtProbe, app.probe])
            try app("submit", "quick", "60")
            app.probe = "/home/tester/bin/second"
            try host.call(["install", TestHost.builtProbe, app.probe])
            #expect(try app("submit", "quick", "1").contains("two executables use one app id"))
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }

        @Test("a resident whose manager dies under it arms with the next one, and loses nothing")
        func managerDiesUnderAResident() async throws {
            let app = ProbeApp(host, "orphaned")
            let resident = try await app.startResident()
            try app("submit", "bulk0", "3600")
            try await Eventually.holds("the resident has armed", seen: { "\(app.timers)" }) { app.timers.count == 1 }
            try host.run("systemctl", "kill", "--signal=KILL", "user@2000.service")
            try host.run("systemctl", "restart", "user@2000.service")
            try app("submit", "quick", "1")
            try await app.waitForNote("quick ran")
            try await Eventually.holds("a wake-up is armed again", seen: { "\(app.timers)" }) { app.timers.count == 1 }
            try app("cancel", "bulk0")
            try host.user(["pkill", "-TERM", "-f", "hostprobe stay"])
            resident.wait()
            try await app.waitUntilQuiet()
        }

        @Test("an executable that was replaced by an upgrade is started in its new form")
        func upgraded() async throws {
            var app = ProbeApp(host, "upgraded")
            try host.user(["mkdir", "-p", "/home/tester/bin"])
            app.probe = "/home/tester/bin/hostprobe2"
            try host.call(["install", TestHost.builtProbe, app.probe])
            try app("submit", "quick", "2")
            try host.run("sh", "-c", "cp \(app.probe) \(app.probe).new && mv \(app.probe).new \(app.probe)")
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }

        @Test("a service that is stopped tells its run, records it, and burns no attempt")
        func stoppedService() async throws {
            let app = ProbeApp(host, "service-stop")
            try app("submit", "hold", "0")
            try await app.waitForNote("hold started, attempt 1")
            host.systemctl("stop", "app-background-\(app.id)@*.service")
            try await app.waitForNote("hold cut: the program was asked to stop")
            #expect(try app.outcomes("hold") == ["interrupted"])
            #expect(!app.timers.isEmpty)
            try app("cancel", "hold")
            try await app.waitUntilQuiet()
        }
    }
}
