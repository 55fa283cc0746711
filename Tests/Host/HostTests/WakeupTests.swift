// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension Trait where Self == ConditionTrait {
    /// Skips, always with the same words, where no host can be booted.
    static var needsHost: Self {
        .enabled(if: TestHost.unavailable == nil, "no systemd host can be booted here: \(TestHost.unavailable ?? "")")
    }
}

/// Everything that needs a real systemd host, one after the other on one host.
@Suite("On a real systemd host", .serialized, .needsHost)
struct OnAHost {}

extension OnAHost {
    @Suite("A wake-up is never lost", .serialized)
    struct Wakeups {
        let host: TestHost
        init() throws { host = try TestHost.shared() }

        @Test("a submitted task runs in a launch by systemd, on time, and nothing is left afterwards")
        func wokenUp() async throws {
            let app = ProbeApp(host, "woken")
            try app("submit", "quick", "1.5")
            #expect(app.timers.count == 1)
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
            let row = try #require(try app.history.first)
            #expect(row.outcome == "succeeded")
            #expect(row.started >= row.scheduled && row.started < row.scheduled + 5)
        }

        @Test("a task that submits itself again runs again and again")
        func repeating() async throws {
            let app = ProbeApp(host, "repeating")
            try app("submit", "repeating", "0")
            try await app.waitForNote("repeating ran", count: 3)
            try app("cancel", "repeating")
            try await app.waitUntilQuiet()
        }

        @Test(
            "killed between two steps of submit: a request that was committed runs, one that was not leaves no harm",
            arguments: ["afterArm", "afterCommit"])
        func killedInSubmit(point: String) async throws {
            let app = ProbeApp(host, "submit-\(point.lowercased())")
            try app.put("crash-at", point)
            #expect(app.attempt("submit", "quick", "1").status != 0)
            if point == "afterCommit" {
                try await app.waitForNote("quick ran")
            }
            try await app.waitUntilQuiet()
            #expect(app.notes.count == (point == "afterCommit" ? 1 : 0))
            // And it goes on working.
            try app("submit", "quick", "1")
            try await app.waitForNote("quick ran", count: point == "afterCommit" ? 2 : 1)
        }

        @Test(
            "killed at each step of a launch: the task runs all the same",
            arguments: [
                "launch-start", "beforeLaunchHandled", "afterClaim", "beforeHandler", "afterHandler", "afterFinish",
                "afterArm", "beforeDisarm", "beforeExit",
            ])
        func killedInLaunch(point: String) async throws {
            let app = ProbeApp(host, "launch-\(point.lowercased())")
            try app("submit", "quick", "2")
            try app.put("crash-at", point)
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
            let history = try app.history
            #expect(history.last?.outcome == "succeeded", "\(history) \(app.notes)")
            // Between its claim and the record of its end a run that dies is tried again, everywhere else it is not.
            // The launch arms its watchdog while the run is under way, so dying there is dying in a run, too.
            let burnt = ["afterClaim", "beforeHandler", "afterHandler", "afterArm", "beforeDisarm"].contains(point)
            #expect(try app.outcomes("quick").contains("abandoned") == burnt)
        }

        @Test("killed in the middle of a run: it runs again by itself, and the history shows both")
        func killedInARun() async throws {
            let app = ProbeApp(host, "killed")
            try app("submit", "hold", "0")
            try await app.waitForNote("hold started, attempt 1")
            #expect(!app.timers.isEmpty, "a wake-up is armed while something runs")
            try host.user(["pkill", "-9", "-x", "hostprobe"])
            try await app.waitForNote("hold started, attempt 2")
            try app.put("release")
            try await app.waitForNote("hold done")
            try await app.waitUntilQuiet()
            #expect(try app.outcomes("hold") == ["abandoned", "succeeded"])
        }

        @Test("a handler that kills its process every time is given up after five attempts, and nothing loops")
        func crashLoop() async throws {
            let app = ProbeApp(host, "suicidal")
            try app("submit", "suicidal", "0")
            try await Eventually.holds("it is given up", within: 60, seen: { "\(app.notes)" }) {
                try app.outcomes("suicidal").last == "gave up"
            }
            try await app.waitUntilQuiet()
            #expect(app.notes.count == 5)
        }

        @Test("a program that never calls handleBackgroundLaunch is told of in history, and its task is not lost")
        func unhandledLaunch() async throws {
            let app = ProbeApp(host, "unhandled")
            try app.put("launch-ignored")
            try app("submit", "quick", "1")
            try await Eventually.holds("the launch is over", seen: { "\(app.services)" }) {
                host.attempt(["user", "ls", app.state + "/launches"]).output.contains("-") && app.services.isEmpty
            }
            #expect(app.notes.isEmpty)
            #expect(!app.timers.isEmpty, "systemd tries again later")
            try host.user(["rm", app.state + "/launch-ignored"])
            try app("submit", "bulk0", "0.5")
            try await app.waitForNote("quick ran")
            try await app.waitUntilQuiet()
            #expect(try app.history.contains { $0.outcome == "launch unhandled" })
        }

        @Test("two programs of one app that submit at once lose nothing")
        func simultaneousSubmits() async throws {
            let app = ProbeApp(host, "many")
            let processes = try (0..<8).map { number in
                try host.start([
                    "user", "env", "BACKGROUND_APP_ID=" + app.id, app.probe, "submit", "bulk\(number)",
                    "\(1.0 + Double(7 - number) / 10)",
                ])
            }
            for process in processes { process.wait() }
            try await Eventually.holds("all eight ran", seen: { "\(app.notes)" }) { Set(app.notes).count == 8 }
            try await app.waitUntilQuiet()
            #expect(app.notes.count == 8)
        }

        @Test("ten requests in a row that are due at once start few processes, and all run once")
        func burst() async throws {
            let app = ProbeApp(host, "burst")
            for number in 0..<10 { try app("submit", "bulk\(number)", "0") }
            try await Eventually.holds("all ten ran", seen: { "\(app.notes)" }) { app.notes.count >= 10 }
            try await app.waitUntilQuiet()
            #expect(app.notes.count == 10)
        }
    }
}
