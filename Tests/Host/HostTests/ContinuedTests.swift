// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    @Suite("Continued processing, and the debugger's commands, on the host", .serialized)
    struct Continued {
        let host: TestHost
        init() throws { host = try TestHost.shared() }

        /// A program whose user asked for an export; it ends with it.
        private func startExport(_ app: ProbeApp, _ variables: String...) async throws -> ChildProcess {
            let process = try host.start(
                ["user", "env", "BACKGROUND_APP_ID=" + app.id] + variables + [app.probe, "continue"])
            try await Eventually.holds("another process sees its progress", seen: { app.attempt("tasks").output }) {
                try app("tasks").contains("Exporting: 50 % (photos)")
            }
            return process
        }

        @Test("others see its progress and can expire it; it holds a lock while it runs")
        func visibleAndStoppable() async throws {
            let app = ProbeApp(host, "export")
            let process = try await startExport(app)
            #expect(try host.run("systemd-inhibit", "--list").contains(app.id))
            try app("bare", "expire", "export")
            try await app.waitForNote("export cut: an expiration was simulated")
            process.wait()
            #expect(try app.outcomes("export") == ["expired"])
        }

        @Test("its progress is a notification on the desktop, and goes with it")
        func notification() async throws {
            let app = ProbeApp(host, "desktop")
            let log = "/home/tester/notifications"
            let desktop = try host.start([
                "user", "sh", "-c",
                "exec /usr/bin/python3 -m dbusmock --session --template notification_daemon --logfile \(log)",
            ])
            defer { _ = host.attempt(["user", "pkill", "-f", "dbusmock"]) }
            try await Eventually.holds("the desktop is there", seen: { host.attempt(["user", "cat", log]).output }) {
                host.attempt([
                    "user", "busctl", "--user", "call", "org.freedesktop.Notifications",
                    "/org/freedesktop/Notifications", "org.freedesktop.Notifications", "GetCapabilities",
                ]).status == 0
            }
            let process = try await startExport(app, "DISPLAY=:0")
            try await Eventually.holds("it is shown", seen: { host.attempt(["user", "cat", log]).output }) {
                let text = host.attempt(["user", "cat", log]).output
                return text.contains("Notify") && text.contains("Exporting") && text.contains("50")
            }
            try app.put("release")
            try await app.waitForNote("export done")
            process.wait()
            try await Eventually.holds("it is taken away", seen: { host.attempt(["user", "cat", log]).output }) {
                host.attempt(["user", "cat", log]).output.contains("CloseNotification")
            }
            _ = desktop
        }

        @Test("simulateLaunch from a process without the handler makes systemd start the program at once")
        func simulatedLaunch() async throws {
            let app = ProbeApp(host, "simulated")
            try app("submit", "quick", "3600")
            try app("bare", "launch", "quick")
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
        }
    }
}
