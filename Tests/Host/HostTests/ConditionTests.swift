// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    /// Each with a program that stays, and a task that runs until it is released or told to stop.
    @Suite("Conditions that daemons and the kernel tell", .serialized)
    struct Conditions {
        let host: TestHost
        init() throws { host = try TestHost.shared() }

        private func set(_ name: String, _ type: String, _ value: String, of object: [String]) throws {
            try host.call(["run", "busctl", "set-property"] + object + [name, type, value])
        }

        private func setUPower(onBattery: Bool) throws {
            try set(
                "OnBattery", "b", "\(onBattery)",
                of: ["org.freedesktop.UPower", "/org/freedesktop/UPower", "org.freedesktop.UPower"])
        }

        private func setBattery(_ name: String, _ type: String, _ value: String) throws {
            try set(
                name, type, value,
                of: [
                    "org.freedesktop.UPower", "/org/freedesktop/UPower/devices/DisplayDevice",
                    "org.freedesktop.UPower.Device",
                ])
        }

        private func setNetwork(_ property: String, _ value: Int) throws {
            try set(
                property, "u", "\(value)",
                of: [
                    "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager",
                    "org.freedesktop.NetworkManager",
                ])
        }

        /// Ends the task that holds, and the program that stays.
        private func finish(_ app: ProbeApp, starts: Int) async throws {
            try await app.waitForNote("hold started", count: starts)
            try app.put("release")
            try await app.waitForNote("hold done")
            try await end(app)
        }

        private func end(_ app: ProbeApp) async throws {
            for pid in app.pids(of: "stay") { host.attempt(["user", "kill", "-TERM", pid]) }
            try await Eventually.holds("the resident is gone") { app.pids(of: "stay").isEmpty }
        }

        private func waits(_ app: ProbeApp, _ words: String...) async throws {
            try await Eventually.holds("it says \(words)", seen: { (try? app("explain", "hold")) ?? "" }) {
                let text = try app("explain", "hold")
                return words.allSatisfy { text.contains($0) }
            }
        }

        @Test("UPower is believed first: it wakes what waits, stops what runs, and when it goes logind is asked")
        func power() async throws {
            try host.call(["daemon", "upower", "on"])
            defer { _ = host.attempt(["daemon", "upower", "off"]) }
            let app = ProbeApp(host, "upower")
            try setUPower(onBattery: true)  // the kernel and logind see a plug
            let resident = try await app.startResident()
            defer { resident.terminate() }
            try app("submit", "hold", "0", "power")
            try await waits(app, "external power", "on battery, says UPower")
            #expect(app.notes.isEmpty)
            try setUPower(onBattery: false)
            try await app.waitForNote("hold started")
            try setUPower(onBattery: true)
            try await app.waitForNote("hold cut: external power was lost")
            try await waits(app, "external power")
            try host.call(["daemon", "upower", "off"])
            try await finish(app, starts: 2)
            #expect(try app.outcomes("hold") == ["interrupted", "succeeded"])
        }

        @Test("a battery that runs low stops a run, and a plug starts it again; the kernel announces the plug")
        func battery() async throws {
            try host.call(["daemon", "upower", "on"])
            defer { _ = host.attempt(["daemon", "upower", "off"]) }
            try setBattery("Type", "u", "2")
            try setBattery("IsPresent", "b", "true")
            try setBattery("Percentage", "d", "60")
            try setUPower(onBattery: true)
            let app = ProbeApp(host, "battery")
            let resident = try await app.startResident()
            defer { resident.terminate() }
            try app("submit", "hold", "0", "charged")
            try await app.waitForNote("hold started")
            try setBattery("Percentage", "d", "12")
            try await app.waitForNote("hold cut: the battery ran low")
            try await waits(app, "a charged battery (12 % left, says UPower)")
            // UPower goes, and the kernel's own battery holds 80 percent.
            try host.call(["power", "battery"])
            defer { _ = host.attempt(["power", "ac"]) }
            try host.call(["daemon", "upower", "off"])
            try await app.waitForNote("hold started", count: 2)
            try await finish(app, starts: 2)
        }

        @Test("a plug that the kernel announces wakes what waits, without any daemon")
        func kernel() async throws {
            let app = ProbeApp(host, "plug")
            try host.call(["power", "battery"])
            defer { _ = host.attempt(["power", "ac"]) }
            let resident = try await app.startResident()
            defer { resident.terminate() }
            try app("submit", "hold", "0", "power")
            try await waits(app, "external power")
            try host.call(["power", "ac"])
            try await finish(app, starts: 1)
        }

        @Test("NetworkManager tells whether there is a network, what it costs and how far it leads")
        func network() async throws {
            try host.call(["daemon", "networkmanager", "on"])
            defer { _ = host.attempt(["daemon", "networkmanager", "off"]) }
            try host.call(["network", "down"])  // what it says counts, not the kernel's routes
            defer { _ = host.attempt(["network", "up"]) }
            let app = ProbeApp(host, "metered")
            let resident = try await app.startResident()
            defer { resident.terminate() }
            try setNetwork("Metered", 1)
            try setNetwork("Connectivity", 2)
            try app("submit", "hold", "0", "unmetered", "unconstrained")
            try await waits(
                app, "an unmetered network (metered, says NetworkManager)",
                "an unconstrained network (constrained, says NetworkManager)")
            try setNetwork("Metered", 2)
            try setNetwork("Connectivity", 4)
            try await app.waitForNote("hold started")
            try setNetwork("Metered", 3)
            try await app.waitForNote("hold cut: the network became metered")
            try setNetwork("Metered", 4)
            try await app.waitForNote("hold started", count: 2)
            try setNetwork("Connectivity", 3)
            try await app.waitForNote("hold cut: the network became constrained")
            try setNetwork("Connectivity", 4)
            try await app.waitForNote("hold started", count: 3)
            try setNetwork("State", 20)
            try await app.waitForNote("hold cut: the network was lost")
            try await waits(app, "a network (offline, says NetworkManager)")
            // The kernel knows of a route that NetworkManager does not manage.
            try host.call(["network", "up"])
            try await finish(app, starts: 4)
        }

        @Test("a login stops a task for idle hours, and the logout starts it again, by logind's word")
        func idle() async throws {
            let app = ProbeApp(host, "idle")
            let resident = try await app.startResident()
            defer { resident.terminate() }
            try app("submit", "hold", "0", "idle")
            try await app.waitForNote("hold started")
            try host.call(["login"])
            defer { _ = host.attempt(["logout"]) }
            try await app.waitForNote("hold cut: somebody used the machine")
            try await waits(app, "an idle user (in use, says logind)")
            try host.call(["logout"])
            try await finish(app, starts: 2)
        }

        @Test("little space on the state directory's own file system is waited out, launch after launch")
        func storage() async throws {
            let app = ProbeApp(host, "storage")
            try app.put("made")
            try host.run("mount", "-t", "tmpfs", "-o", "size=64m,uid=2000,gid=2000,mode=700", "tmpfs", app.state)
            try host.user(["dd", "if=/dev/zero", "of=\(app.state)/ballast", "bs=1M", "count=61", "status=none"])
            try app("submit", "quick", "0", "storage")
            try await Eventually.holds("it waits", seen: { (try? app("explain", "quick")) ?? "" }) {
                try app("explain", "quick").contains("free storage (")
            }
            try await Eventually.nothingHappens(for: 2)
            #expect(app.notes.isEmpty)
            try host.user(["rm", app.state + "/ballast"])
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }

        @Test("a machine that stays busy stops a run that asks for a calm one; the kernel's pressure is looked at")
        func load() async throws {
            let app = ProbeApp(host, "load")
            // The pressure of this host is what the files say that lie over the kernel's.
            func press(_ percent: Int) throws {
                try host.run(
                    "sh", "-c", "echo some avg10=0.00 avg60=\(percent).00 avg300=0.00 total=0 > /run/testhost-pressure")
            }
            try press(5)
            let files = ["cpu", "memory"].map { "/proc/pressure/" + $0 }
            for file in files { try host.run("mount", "--bind", "/run/testhost-pressure", file) }
            defer { for file in files { _ = host.attempt(["run", "umount", file]) } }
            let resident = try await app.startResident()
            defer { resident.terminate() }
            try app("submit", "hold", "0", "calm")
            try await app.waitForNote("hold started")
            try press(70)
            try await app.waitForNote("hold cut: the machine became busy")
            try await waits(app, "low load (work waited 70 % of the time, says /proc/pressure/")
            try app("cancel", "hold")
            try press(3)  // nothing waits for it any more
            try await end(app)
        }
    }
}
