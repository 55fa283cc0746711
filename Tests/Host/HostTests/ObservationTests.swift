// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    @Suite("What happened, in the journal of the host", .serialized)
    struct Observation {
        let host: TestHost
        init() throws { host = try TestHost.shared() }

        /// The entries that `journalctl` finds by these matches, the oldest first.
        private func entries(_ matches: String...) throws -> [[String: String]] {
            let output = try host.call(["run", "journalctl", "--no-pager", "--quiet", "-o", "json"] + matches)
            return try output.split(separator: "\n").compactMap { line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                return object?.compactMapValues { $0 as? String }
            }
        }

        @Test("journalctl BACKGROUND_TASK=… finds the submission, the start and the end of a task that a launch ran")
        func runOfALaunch() async throws {
            let app = ProbeApp(host, "journal")
            try app("submit", "quick", "1")
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
            try await Eventually.holds("its end is in the journal", seen: { "\((try? entries()) ?? [])" }) {
                try entries("BACKGROUND_APP=" + app.id, "BACKGROUND_EVENT=launch-ended").count == 1
            }
            let found = try entries("BACKGROUND_APP=" + app.id, "BACKGROUND_TASK=quick")
            #expect(found.map { $0["BACKGROUND_EVENT"] } == ["submitted", "started", "ended"], "\(found)")
            let (submitted, started, ended) = (found[0], found[1], found[2])
            #expect(Set(found.map { $0["BACKGROUND_RUN"] }).count == 1 && ended["BACKGROUND_RUN"] != nil)
            #expect(Set(found.map { $0["BACKGROUND_INSTANT"] }).count == 1)
            #expect(submitted["_PID"] != started["_PID"] && started["_PID"] == ended["_PID"])
            #expect(started["_PID"] == started["BACKGROUND_PID"])
            #expect(started["_SYSTEMD_USER_UNIT"]?.hasPrefix("app-background-" + app.id) == true)
            #expect(ended["BACKGROUND_OUTCOME"] == "succeeded" && ended["BACKGROUND_ATTEMPT"] == "1")
            #expect(ended["BACKGROUND_DURATION_USEC"].flatMap { Int($0) }.map { $0 < 5_000_000 } == true)
            #expect(ended["SYSLOG_IDENTIFIER"] == "hostprobe" && ended["PRIORITY"] == "6")
            #expect(ended["MESSAGE"]?.hasPrefix("quick succeeded after 0.") == true)
            // The user finds it too, among the program's own lines, and by the kind of entry.
            let own = try host.user([
                "journalctl", "--user", "--no-pager", "--quiet", "-o", "cat", "BACKGROUND_TASK=quick",
                "BACKGROUND_APP=" + app.id, "MESSAGE_ID=" + (ended["MESSAGE_ID"] ?? ""),
            ])
            #expect(own.split(separator: "\n").count == 1, "\(own)")
            let launch = try entries("BACKGROUND_APP=" + app.id, "_PID=" + (ended["_PID"] ?? ""))
            #expect(
                launch.map { $0["BACKGROUND_EVENT"] } == [
                    "launch-began", "started", "wakeup-moved", "ended", "wakeup-stopped", "launch-ended",
                ], "\(launch.map { $0["BACKGROUND_EVENT"] })")
        }

        @Test("a program that only watches sees the end of a run in a launch, once, without asking again and again")
        func watching() async throws {
            let app = ProbeApp(host, "watching")
            let window = try host.start(["user", "env", "BACKGROUND_APP_ID=" + app.id, app.probe, "watch"])
            try await app.waitForNote("watches")
            try app("submit", "quick", "1")
            window.wait()
            #expect(app.notes.filter { $0.hasPrefix("saw: quick succeeded after 0.") }.count == 1, "\(app.notes)")
            try await app.waitUntilQuiet()
        }

        @Test("a warning of a launch is one entry with fields, not a line on standard error beside it")
        func warning() async throws {
            let app = ProbeApp(host, "journal_warning")
            try app("submit", "hold", "0")
            try await app.waitForNote("hold started, attempt 1")
            let pid = try #require(try entries("BACKGROUND_APP=" + app.id, "BACKGROUND_EVENT=started").last?["_PID"])
            try host.run("kill", "-9", pid)
            try await app.waitForNote("hold started, attempt 2")
            try app.put("release")
            try await app.waitForNote("hold done")
            try await app.waitUntilQuiet()
            let abandoned = try entries("BACKGROUND_APP=" + app.id, "BACKGROUND_OUTCOME=abandoned")
            #expect(abandoned.count == 1 && abandoned.first?["BACKGROUND_PID"] == pid, "\(abandoned)")
            #expect(abandoned.first?["_PID"] != pid)
            let lines = try host.user([
                "journalctl", "--user", "--no-pager", "--quiet", "-o", "cat", "--user-unit",
                "app-background-\(app.id)@*",
            ])
            #expect(lines.split(separator: "\n").filter { $0.contains("abandoned") }.count == 1, "\(lines)")
        }
    }
}
