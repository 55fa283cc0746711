// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

extension OnAHost {
    @Suite("The manager's socket, failing at each call", .serialized)
    struct BusFaults {
        let host: TestHost
        init() throws { host = try TestHost.shared() }

        /// A call of a process, as the probe prints it: by what it asks, for how often somebody waits varies.
        struct Call: CustomStringConvertible {
            var name: String
            var subject: String
            /// How many like it came before.
            var number = 0
            var description: String { "\(name) \(number) \(subject)" }

            /// That this call fails, for the probe.
            func fails(_ error: Int32, _ how: String = "once") -> String {
                "\(name) \(number) \(error) \(how) \(subject)"
            }

            /// Those of the bus, in their order.
            static func all(_ output: String) -> [Call] {
                var seen: [String: Int] = [:]
                return output.split(separator: "\n").compactMap { line in
                    guard let words = line.wholeMatch(of: #/call (bus[A-Za-z]+) ?(.*)/#)?.output else { return nil }
                    defer { seen[String(line), default: 0] += 1 }
                    return Call(name: "\(words.1)", subject: "\(words.2)", number: seen[String(line), default: 0])
                }
            }
        }

        @Test("submit keeps the request whichever call fails, and a wake-up is armed for it")
        func submit() throws {
            let app = ProbeApp(host, "busfault")
            try app("submit", "quick", "9000")
            // Each is due before all others so far, so that a wake-up is armed for it.
            var due = 8000
            let clean = try submit(app, "bulk0", &due, "none")
            // Waiting takes as many turns as it takes: the first of each will do.
            let distinct = Call.all(clean).filter { $0.name == "busCall" || $0.number == 0 }
            #expect(distinct.count { $0.name == "busCall" } >= 3, "\(distinct)")
            #expect(distinct.contains { $0.subject == "StartTransientUnit" })
            for call in distinct {
                // Once: tried again at once, or by the runner that the process starts when it could not arm.
                var faults = [ENOTCONN, ETIMEDOUT, EACCES].map { call.fails($0) }
                if call.name == "busCall" { faults += [ETIMEDOUT, ENOTCONN].map { call.fails($0, "after") } }
                for fault in faults {
                    let output = try submit(app, "bulk1", &due, fault)
                    #expect(output.contains("submitted"), "\(call) \(fault): \(output)")
                    if !isArmed(app, within: due) {
                        // No manager was found at the start, so that Dispatch has it: the next process arms for both.
                        #expect(
                            call.name != "busCall" || call.description == distinct.first?.description,
                            "\(call) \(fault)")
                        try app("submit", "bulk2", "8500")
                        #expect(isArmed(app, within: due), "\(call) \(fault): \(app.timers)")
                    }
                    #expect(try app("pending").contains("bulk1"), "\(call) \(fault)")
                }
            }
            for name in ["quick", "bulk0", "bulk1", "bulk2"] { try app("cancel", name) }
            #expect(app.timers.isEmpty, "\(app.timers)")
        }

        @Test("when the bus fails from some call on, the request is kept, people are told, and the next process arms")
        func goesOnFailing() throws {
            let app = ProbeApp(host, "busgone")
            try app("submit", "quick", "9000")
            var due = 8000
            let calls = Call.all(try submit(app, "bulk0", &due, "none"))
            let place = try #require(calls.firstIndex { $0.subject == "StartTransientUnit" })
            let start = calls[place]
            let get = try #require(calls[..<place].last { $0.subject == "Get" })
            for (call, error) in [(get, ENOTCONN), (start, ENOTCONN), (start, EACCES), (start, ETIMEDOUT)] {
                let output = try submit(app, "bulk1", &due, call.fails(error, "on"))
                #expect(output.contains("submitted") && output.contains("background: "), "\(call) \(error): \(output)")
                #expect(!isArmed(app, within: due), "the fault had no effect: \(call) \(error)")
                // Its own lies later than what is recorded as armed, and yet it arms for the one before.
                try app("submit", "bulk2", "8500")
                #expect(isArmed(app, within: due), "\(call) \(error): \(app.timers)")
                #expect(try app("pending").contains("bulk1"))
            }
            for name in ["quick", "bulk0", "bulk1", "bulk2"] { try app("cancel", name) }
            #expect(app.timers.isEmpty, "\(app.timers)")
        }

        @Test("a launch runs what is due once, and leaves armed what is pending, whichever call fails")
        func launch() async throws {
            let app = ProbeApp(host, "launchfault")
            try app("submit", "bulk0", "9000")
            var count = 0
            func launch(_ fault: String) async throws -> [Call] {
                try app.put("fault", fault)
                try app("submit", "quick", "0")
                count += 1
                try await app.waitForNote("quick ran", count: count)
                try await app.waitUntilServed()
                #expect(try app.outcomes("quick") == Array(repeating: "succeeded", count: count), "\(fault)")
                return Call.all(try host.user(["cat", app.state + "/calls"]))
            }
            let calls = try await launch("none").filter { $0.name == "busCall" || $0.number == 0 }
            #expect(calls.contains { $0.subject == "StartTransientUnit" }, "\(calls)")
            let faults = calls.map { call in
                let ways = [ENOTCONN, ETIMEDOUT, EACCES].map { call.fails($0) }
                return call.name == "busCall" ? ways + [ETIMEDOUT, ENOTCONN].map { call.fails($0, "after") } : ways
            }
            for (place, ways) in faults.enumerated() {
                // Each call fails in one way here, and in all of them where there is time.
                for fault in getenv("SOAK_FAULTS") == nil ? [ways[place % ways.count]] : ways {
                    _ = try await launch(fault)
                    #expect(isArmed(app, within: 9000), "\(fault): \(app.timers)")
                }
            }
            // What could not be tidied away is, by the next one.
            _ = try await launch("none")
            #expect(app.timers.count == 1 && isArmed(app, within: 9000), "\(app.timers)")
            // It is the one for what is pending: the one that has fired comes again after a quarter of an hour.
            #expect(!isArmed(app, within: 1800), "\(app.timers)")
            try app("cancel", "bulk0")
            #expect(app.timers.isEmpty, "\(app.timers)")
        }

        private func submit(_ app: ProbeApp, _ identifier: String, _ due: inout Int, _ fault: String) throws -> String {
            due -= 20
            return try host.user([
                "env", "BACKGROUND_APP_ID=" + app.id, "PROBE_FAULT=" + fault, app.probe, "submit", identifier, "\(due)",
            ])
        }

        /// Whether a timer fires by then, in seconds from now.
        private func isArmed(_ app: ProbeApp, within seconds: Int) -> Bool {
            // In microseconds since 1970: [{"next":1798761600000000,…
            let output = host.systemctl("list-timers", "--output=json", "app-background-\(app.id)@*.timer")
            let next = output.components(separatedBy: "\"next\":").dropFirst()
                .compactMap { Double($0.prefix { $0.isNumber }).map { $0 / 1e6 } }
            return next.contains { $0 <= Eventually.now + Double(seconds) + 9 }
        }

        @Test("a process that is stopped while it arms holds up a submission for ten seconds, not for ever")
        func stoppedWhileArming() async throws {
            let app = ProbeApp(host, "stopped-arming")
            try app("submit", "quick", "9000")
            try app.put("stop-at", "afterArm")
            // Not a child of ours: who enters the host stops with what it started there.
            try host.user(["sh", "-c", "BACKGROUND_APP_ID=\(app.id) \(app.probe) submit bulk0 600 >/dev/null 2>&1 &"])
            try await Eventually.holds("it is stopped") {
                host.attempt(["user", "sh", "-c", "grep -l '^State:.T' /proc/[0-9]*/status"]).output.contains("status")
            }
            let output = try app("submit", "bulk1", "300")
            #expect(output.contains("submitted") && output.contains("arming.lock"), "\(output)")
            #expect(try app("pending").contains("bulk1"))
            try host.user(["pkill", "-CONT", "-x", "hostprobe"])
            try await Eventually.holds("it has submitted after all") { try app("pending").contains("bulk0") }
            try app("submit", "bulk2", "8000")
            #expect(isArmed(app, within: 300), "\(app.timers)")
            for name in ["quick", "bulk0", "bulk1", "bulk2"] { try app("cancel", name) }
            #expect(app.timers.isEmpty, "\(app.timers)")
        }
    }
}
