// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    @Suite("The tool sees and steers every app of its user", .serialized)
    struct Tools {
        let host: TestHost
        let tool: Tool
        init() throws {
            host = try TestHost.shared()
            tool = try Tool(host)
        }

        @Test("what is pending, runs, waits and ended is listed, shown, explained, and left as it is")
        func looking() async throws {
            let app = ProbeApp(host, "tool-looking")
            try app("submit", "quick", "3600")
            let timers = app.timers
            for command in ["list", "history", "timeline", "doctor"] { #expect(!tool(command).output.isEmpty) }
            for command in ["show", "why"] { #expect(tool(command, app.id + "/quick").status == 0) }
            #expect(app.timers == timers && timers.count == 1)
            try app("submit", "hold", "0")
            try await app.waitForNote("hold started, attempt 1")
            try host.call(["power", "battery"])
            try app("submit", "bulk0", "0", "power")
            try await Eventually.holds("bulk0 waits", seen: { tool("list").output }) {
                try tool.states(app) == ["quick": "scheduled", "hold": "running", "bulk0": "waiting"]
            }
            #expect(tool("list", "--names", "--app", app.id).output.split(separator: "\n").count == 3)
            let why = tool("why", app.id + "/bulk0")
            #expect(
                why.status == 0 && why.output.contains("is due and waits") && why.output.contains("plug the machine in")
            )
            let shown = tool("show", app.id + "/quick").output
            #expect(
                shown.contains(app.probe) && shown.contains("app-background-\(app.id)@.service")
                    && shown.contains("in 59 min"))
            #expect(tool("timeline", "--app", app.id).output.contains("hold"))
            #expect(tool("timeline", "--html", "--app", app.id).output.hasSuffix("</html>\n"))
            try host.call(["power", "ac"])
            try await app.waitForNote("bulk0 ran")
            let history = tool("history", "--app", app.id)
            #expect(history.output.contains("bulk0") && history.output.contains("succeeded"))
            #expect(app.notes.filter { $0.hasPrefix("hold started") }.count == 1)
            // And the orders: one that runs is told to stop, one that waits for its time runs now.
            #expect(tool("run", app.id + "/hold").output.contains("is running already"))
            #expect(tool("expire", app.id + "/hold").status == 0)
            try await app.waitForNote("hold cut: an expiration was simulated")
            #expect(tool("expire", app.id + "/hold").output.contains("is not running"))
            #expect(tool("run", app.id + "/quick").status == 0)
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
            #expect(tool("run", app.id + "/quick").status == 1)
        }

        @Test(
            "a task that recurs is shown with the runs that come, and one that is run beside its grid leaves the grid alone"
        )
        func recurring() async throws {
            let app = ProbeApp(host, "tool-recurring")
            try app("submit", "quick", "1200", "every=3600")
            #expect(
                tool("show", app.id + "/quick").output.contains("every 1 h"),
                "\(tool("show", app.id + "/quick").output)")
            let next = try next(app, "quick")
            let marks = try #require(try tool.json("timeline", "--app", app.id)["marks"] as? [[String: Any]])
            #expect(marks.count { $0["kind"] as? String == "coming" } == 24)
            #expect(tool("run", app.id + "/quick").status == 0)
            try await app.waitForNote("quick ran")
            try await Eventually.holds("the grid is armed again", seen: { tool("list").output }) {
                try tool.states(app) == ["quick": "scheduled"]
            }
            #expect(try self.next(app, "quick") == next)
            #expect(tool("cancel", app.id + "/quick").status == 0)
            try await app.waitUntilQuiet()
        }

        private func next(_ app: ProbeApp, _ task: String) throws -> String {
            let shown = try tool.json("show", app.id + "/" + task)
            return try #require((shown["task"] as? [String: Any])?["next"] as? String)
        }

        @Test("what was cancelled goes with its timer, and the launch at login with it")
        func cancelling() async throws {
            let app = ProbeApp(host, "tool-cancel")
            try app("submit", "quick", "3600")
            try app("submit", "bulk0", "7200")
            #expect(tool("cancel", app.id + "/quick").status == 0)
            try await Eventually.holds("the wake-up moved", seen: { "\(app.timers)" }) { app.timers.count == 1 }
            #expect(try tool.states(app) == ["bulk0": "scheduled"])
            #expect(tool("cancel", app.id + "/bulk0").status == 0)
            try await app.waitUntilQuiet()
            #expect(host.systemctl("is-enabled", "app-background-\(app.id)@login.service").hasPrefix("disabled"))
            #expect(try app.outcomes("quick") == ["cancelled"])
            // The app has lost nothing: its next request is woken for.
            try app("submit", "bulk1", "1")
            try await app.waitForNote("bulk1 ran")
            try await app.waitUntilQuiet()
        }

        @Test("a watch that is no terminal tells what happens in lines, until it is interrupted")
        func watching() async throws {
            let app = ProbeApp(host, "tool-watch")
            try app("submit", "bulk0", "3600")
            let watch = try host.start(["user", "backgroundctl", "watch", "--app", app.id])
            try await Eventually.holds("it watches") {
                host.attempt(["user", "pgrep", "-f", "backgroundctl watch --app \(app.id)$"]).status == 0
            }
            try app("submit", "quick", "1")
            try await app.waitForNote("quick ran")
            try await Eventually.nothingHappens(for: 1)
            try host.user(["pkill", "-INT", "-f", "backgroundctl watch --app \(app.id)$"])
            let (status, output) = watch.wait()
            #expect(status == 0)
            #expect(output.contains("\(app.id)/bulk0  scheduled, in 59 min"), "\(output)")
            #expect(output.contains("\(app.id)/quick  succeeded, took"), "\(output)")
            try app("cancel", "bulk0")
        }

        @Test("uninstalling ends what runs, takes timers, unit and link away, and the state only if that is said")
        func uninstalling() async throws {
            let app = ProbeApp(host, "tool-uninstall")
            try app("submit", "quick", "3600")
            try app("submit", "hold", "0")
            try await app.waitForNote("hold started, attempt 1")
            #expect(tool("uninstall", app.id).status == 1)
            #expect(!app.timers.isEmpty)
            let done = tool("uninstall", app.id, "--yes")
            #expect(done.status == 0 && done.output.contains("2 pending"), "\(done.output)")
            #expect(app.timers.isEmpty && app.services.isEmpty)
            #expect(app.notes.contains("hold cut: the program was asked to stop"))
            let unit = "/home/tester/.local/share/systemd/user/app-background-\(app.id)@.service"
            let link = "/home/tester/.config/systemd/user/default.target.wants/app-background-\(app.id)@login.service"
            #expect(host.attempt(["user", "test", "-e", unit]).status == 1)
            #expect(host.attempt(["user", "test", "-L", link]).status == 1)
            #expect(try app.outcomes("hold") == ["interrupted"])
            let state = tool("uninstall", app.id, "--yes", "--state")
            #expect(state.status == 0 && state.output.contains("something else is in it"), "\(state.output)")
            #expect(host.attempt(["user", "ls", app.state]).output == "notes\n")
            #expect(tool("uninstall", app.id, "--yes").output.contains("there is no app"))
        }

        @Test("root's apps are the system manager's; nobody else reads their state, and hears why")
        func system() async throws {
            let id = "org.example.tool_system"
            try host.run("env", "BACKGROUND_APP_ID=" + id, TestHost.probe, "submit", "quick", "3600")
            let list = try host.run("backgroundctl", "list", "--app", id)
            #expect(list.contains("quick  scheduled"), "\(list)")
            let foreign = tool("list", "--system", "--app", id)
            #expect(foreign.status == 1 && foreign.output.contains("it belongs to user 0"), "\(foreign.output)")
            #expect(tool("list", "--app", id).output.contains("there is no app"))
            try host.run("backgroundctl", "uninstall", id, "--yes", "--state")
            #expect(host.attempt(["run", "test", "-e", "/var/lib/" + id]).status == 1)
        }

        @Test("apps whose manager is gone are found all the same, and one that is damaged hides no other")
        func unreachable() async throws {
            let app = ProbeApp(host, "tool-alone")
            try app("submit", "quick", "3600")
            let broken = ProbeApp(host, "tool-broken")
            try host.user([
                "sh", "-c", "mkdir -m 700 \(broken.state) && echo nonsense > \(broken.state)/scheduling.sqlite",
            ])
            let nowhere = ["XDG_RUNTIME_DIR=/nowhere", "DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere"]
            let alone = host.attempt(["user", "env"] + nowhere + ["backgroundctl", "list"])
            #expect(alone.status == 1)
            #expect(alone.output.contains(app.id) && alone.output.contains("if its manager runs"), "\(alone.output)")
            #expect(alone.output.contains(broken.id) && alone.output.contains("cannot be read"), "\(alone.output)")
            #expect(host.attempt(["user", "cat", broken.state + "/scheduling.sqlite"]).output == "nonsense\n")
            try host.user(["rm", "-r", broken.state])
            try app("cancel", "quick")
        }
    }
}
