// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    @Suite("The doctor finds what keeps a task from ever running", .serialized)
    struct Doctors {
        let host: TestHost
        let tool: Tool
        init() throws {
            host = try TestHost.shared()
            tool = try Tool(host)
        }

        @Test(
            "an app that is well; then its unit edited, masked and disabled, its timer stopped, and all of it mended as told"
        )
        func units() async throws {
            let app = ProbeApp(host, "doctor-units")
            try app("submit", "quick", "3600")
            #expect(try tool.complaints(app.id).isEmpty)
            let template = "app-background-\(app.id)@.service"
            let unit = "/home/tester/.local/share/systemd/user/" + template
            try host.user(["sed", "-i", "s/^RestartSec=.*/RestartSec=7s/", unit])
            #expect(try tool.complaints(app.id) == ["unit"])
            #expect(tool("doctor").output.contains("was edited by hand"))
            try app("submit", "quick", "3600")
            #expect(try tool.complaints(app.id).isEmpty)
            host.systemctl("mask", template)
            #expect(try tool.complaints(app.id) == ["unit"])
            #expect(tool("doctor").status == 1)
            host.systemctl("unmask", template)
            let login = "app-background-\(app.id)@login.service"
            host.systemctl("disable", login)
            #expect(try tool.complaints(app.id) == ["unit"])
            host.systemctl("enable", login)
            host.systemctl("stop", try #require(app.timers.first))
            #expect(try tool.complaints(app.id) == ["wakeup"])
            #expect(tool("doctor").output.contains("systemctl --user start '\(login)'"))
            host.systemctl("start", login)
            try await Eventually.holds("the launch has armed anew", seen: { tool("doctor").output }) {
                try tool.complaints(app.id).isEmpty
            }
            try app("cancel", "quick")
        }

        @Test("an executable that is gone or may not be executed, and a state directory that may not be written")
        func files() async throws {
            var app = ProbeApp(host, "doctor-files")
            app.probe = "/home/tester/bin/doctored"
            try host.user(["mkdir", "-p", "/home/tester/bin"])
            try host.call(["install", TestHost.builtProbe, app.probe])
            try app("submit", "quick", "3600")
            try host.run("chmod", "644", app.probe)
            #expect(try tool.complaints(app.id) == ["executable"])
            #expect(tool("doctor").output.contains("chmod +x '\(app.probe)'"))
            try host.run("mv", app.probe, app.probe + ".away")
            #expect(try tool.complaints(app.id) == ["executable"])
            #expect(tool("doctor").status == 1)
            try host.run("mv", app.probe + ".away", app.probe)
            try host.run("chmod", "755", app.probe)
            try host.user(["chmod", "500", app.state])
            #expect(try tool.complaints(app.id) == ["state"])
            #expect(tool("list").status == 1)
            try host.user(["chmod", "700", app.state])
            #expect(try tool.complaints(app.id).isEmpty)
            try app("cancel", "quick")
        }

        @Test("what systemd could not do for a launch is said in words, and what mends it mends it")
        func refused() async throws {
            let app = ProbeApp(host, "doctor-refused")
            try app("submit", "quick", "3600")
            let template = "app-background-\(app.id)@.service"
            let folder = "/home/tester/.config/systemd/user/\(template).d"
            // No ordinary user may ask for real time. It is tried again later than anybody looks.
            func drop(_ policy: String) throws {
                let text = "[Service]\\nCPUSchedulingPolicy=\(policy)\\nRestartSec=1h\\n"
                try host.user(["sh", "-c", "mkdir -p \(folder) && printf '\(text)' > \(folder)/own.conf"])
                host.systemctl("daemon-reload")
            }
            try drop("fifo")
            try app("submit", "quick", "0")
            try await Eventually.holds("the launch is found", seen: { tool("doctor").output }) {
                try tool.complaints(app.id).contains("launch")
            }
            let said = tool("doctor").output
            let words = "its CPU scheduling policy was refused (214/SETSCHEDULER): app-background-"
            #expect(said.contains(words), "\(said)")
            #expect(said.contains("systemctl --user edit '\(template)'"))
            try drop("")
            host.systemctl("stop", "app-background-\(app.id)@*.service")
            host.systemctl("start", "app-background-\(app.id)@login.service")
            try await Eventually.holds("the launch has run it", seen: { (try? "\(app.outcomes("quick"))") ?? "" }) {
                try app.outcomes("quick").contains("succeeded") && tool.complaints(app.id).isEmpty
            }
            try host.user(["rm", "-r", folder])
            host.systemctl("daemon-reload")
        }

        @Test("a launch that nobody handles is found while the task still waits")
        func unhandled() async throws {
            let app = ProbeApp(host, "doctor-unhandled")
            try app.put("launch-ignored")
            try app("submit", "quick", "0")
            try await Eventually.holds("the launch is found", seen: { tool("doctor").output }) {
                try tool.complaints(app.id).contains("launch")
            }
            #expect(tool("doctor").output.contains("handleBackgroundLaunch()"))
            try host.user(["rm", app.state + "/launch-ignored"])
            try app("cancel", "quick")
            try await app.waitUntilQuiet()
        }

        @Test("lingering that is off, and locks that are refused without polkit")
        func hosts() async throws {
            #expect(try !tool.complaints(nil).contains { ["lingering", "inhibitors", "manager", "bus"].contains($0) })
            try host.call(["login"])
            try host.call(["linger", "off"])
            #expect(try tool.complaints(nil).contains("lingering"))
            #expect(tool("doctor").output.contains("loginctl enable-linger tester"))
            try host.call(["linger", "on"])
            try host.call(["logout"])
            try host.call(["polkit", "off"])
            #expect(try tool.complaints(nil).contains("inhibitors"))
            try host.call(["polkit", "on"])
        }
    }
}
