// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    @Suite("Activities and their locks in logind", .serialized)
    struct Activities {
        let host: TestHost
        init() throws { host = try TestHost.shared() }

        /// Starts an activity that works until it is released.
        func start(_ app: ProbeApp, _ kind: String) throws -> ChildProcess {
            try host.start(["user", "env", "BACKGROUND_APP_ID=" + app.id, app.probe, "activity", kind])
        }

        /// What the app holds, as `systemd-inhibit` lists it: a line for each lock.
        func locks(_ app: ProbeApp) throws -> [Substring] {
            try host.run("systemd-inhibit", "--list", "--no-pager", "--no-legend").split(separator: "\n")
                .filter { $0.contains(app.id) }
        }

        @Test("a user-initiated activity is in logind's list while it runs: sleep, shutdown and idle; then it is not")
        func plain() async throws {
            let app = ProbeApp(host, "activity_plain")
            let process = try start(app, "plain")
            try await app.waitForNote("plain began")
            let held = try locks(app).filter { $0.contains("probing") }
            #expect(held.count == 3)
            #expect(held.contains { $0.contains(" sleep ") && $0.contains("delay") })
            #expect(held.contains { $0.contains(" shutdown ") && $0.contains("delay") })
            #expect(held.contains { $0.contains(" idle ") && $0.contains("block") })
            try app.put("release")
            try await app.waitForNote("plain ended")
            #expect(try locks(app).isEmpty)  // the process lives
            try host.user(["rm", app.state + "/release"])
            process.wait()
        }

        @Test("an expiring activity is told when the host goes to sleep, and sleep waits for it")
        func expiring() async throws {
            let app = ProbeApp(host, "activity_expiring")
            let process = try start(app, "expiring")
            try await app.waitForNote("expiring false")
            #expect(try locks(app).count == 2)
            try host.call(["suspend", "1"])
            try await app.waitForNote("expiring true")
            try app.put("release")
            #expect(process.wait().status == 0)
            #expect(app.notes == ["expiring false", "expiring true"])
            try await Eventually.holds("the host is awake") {
                try host.run(
                    "busctl", "get-property", "org.freedesktop.login1", "/org/freedesktop/login1",
                    "org.freedesktop.login1.Manager", "PreparingForSleep"
                ).contains("false")
            }
        }

        @Test("without polkit an expiring activity is told at once that it cannot be protected")
        func noPolkit() async throws {
            try host.call(["polkit", "off"])
            defer { _ = host.attempt(["polkit", "on"]) }
            let app = ProbeApp(host, "activity_refused")
            try app.put("release")
            #expect(try start(app, "expiring").wait().status == 0)
            #expect(app.notes == ["expiring true"])
        }

        @Test("a scheduled activity waits on battery, runs when plugged in, and sees the power go again")
        func scheduled() async throws {
            let app = ProbeApp(host, "activity_scheduled")
            try host.call(["power", "battery"])
            defer { _ = host.attempt(["power", "ac"]) }
            let process = try start(app, "scheduled")
            try await app.waitForNote("scheduled waits")
            try host.call(["power", "ac"])
            try await app.waitForNote("scheduled began, should defer: false")
            #expect(try locks(app).count == 2)
            try host.call(["power", "battery"])
            try await Eventually.nothingHappens(for: 1.5)  // it looks for power once a second at most
            try app.put("release")
            try await app.waitForNote("scheduled ends, should defer: true")
            process.wait()
        }
    }
}
