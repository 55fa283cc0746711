// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures

extension OnAHost {
    @Suite("Launches for transfers", .serialized)
    struct TransferLaunches {
        let host: TestHost
        let tool: Tool
        private let task = "background.transfers.media"

        init() throws {
            host = try TestHost.shared()
            tool = try Tool(host)
            try host.call(["install", TestHost.builtCarrier, "/usr/local/bin/hostcarrier"])
            try host.user(["rm", "-f", "archive", "notes"])
        }

        private func carrier(_ app: ProbeApp, _ arguments: String...) -> [String] {
            ["user", "env", "BACKGROUND_APP_ID=" + app.id, "/usr/local/bin/hostcarrier"] + arguments
        }

        private func isFetched() -> Bool { host.attempt(["user", "test", "-e", "archive"]).status == 0 }

        /// What the tool says of an app's one transfer, and of its session.
        private func looked(_ app: ProbeApp, _ object: String) throws -> [String: Any] {
            let objects = try tool.json("transfers", "--app", app.id)[object] as? [[String: Any]]
            return objects?.first ?? [:]
        }

        private func waitsFor(_ app: ProbeApp) throws -> String {
            try looked(app, "transfers")["waitsFor"] as? String ?? ""
        }

        /// Instants of JSON, in seconds since 1970.
        private func seconds(_ instant: Any?) -> Double? {
            let format = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
            return (instant as? String).flatMap { try? format.parse($0) }?.timeIntervalSince1970
        }

        /// The runs of the session's task, oldest first: how each ended, and after how many seconds.
        private func runs(_ app: ProbeApp) throws -> [(outcome: String, seconds: Double)] {
            let runs = try tool.json("history", "--app", app.id)["runs"] as? [[String: Any]] ?? []
            return runs.filter { $0["id"] as? String == task }.reversed().map {
                ($0["outcome"] as? String ?? "", $0["seconds"] as? Double ?? 0)
            }
        }

        @Test(
            "an upload that lasts longer than every budget, and is killed twice, arrives over three launches; nothing is sent twice"
        )
        func longerThanBudgets() async throws {
            let (app, size) = (ProbeApp(host, "patient"), Int64(16_000_000))
            let tus = try await TestServer("tusd")
            let bridge = try await Bridge(host, [tus.port])
            defer { bridge.end() }
            let film = ScratchFile(ServerPattern(seed: 6).bytes(0..<size))
            try host.call(["install", film.path, "/home/tester/film"])
            try host.run("chown", "tester", "/home/tester/film")
            // The program's tasks have a second each; and systemd would end the launch after three, were it not asked for more.
            let place = ".config/systemd/user/app-background-\(app.id)@.service.d"
            let setting = "printf '[Service]\\nRuntimeMaxSec=3s\\n' > \(place)/short.conf"
            try host.user(["sh", "-c", "mkdir -p \(place); " + setting])
            host.systemctl("daemon-reload")

            try host.call(carrier(app, "send", tus.url("/files/")))
            var killed: [String] = []
            for share in [size / 6, size / 3] {
                try await Eventually.holds("the server has more than \(share) bytes", within: 60) {
                    try arrived(tus) > share
                }
                let pid = host.attempt(["user", "pgrep", "-x", "hostcarrier"]).output
                killed.append(pid)
                try host.user(["pkill", "-9", "-x", "hostcarrier"])
                try await Eventually.holds("another launch carries it on", within: 60) {
                    let now = host.attempt(["user", "pgrep", "-x", "hostcarrier"]).output
                    return !now.isEmpty && now != pid
                }
            }
            #expect(killed.allSatisfy { $0.split(separator: "\n").count == 1 }, "one process at a time: \(killed)")
            try await Eventually.holds("the upload has ended", within: 120) {
                try looked(app, "transfers")["outcome"] as? String == "succeeded"
            }
            try await app.waitUntilServed(within: 60)
            let patches = try await tus.log().requests.filter { $0.method == "PATCH" }
            #expect(patches.reduce(0) { $0 + $1.bytes } == size, "\(patches.map(\.bytes))")
            #expect(patches.filter { $0.bytes > 0 }.count >= 3 && Set(patches.map(\.target)).count == 1)
            let there = ScratchFile(Array(try await tus.get(try #require(patches.first?.target))))
            #expect(there.digest.prefix(64) == film.digest.prefix(64))
            let runs = try runs(app)
            #expect(runs.map(\.outcome) == ["abandoned", "abandoned", "succeeded"])
            // More than half of 16 MB, at 2 MB a second.
            #expect(try #require(runs.last).seconds > 3)
        }

        /// Bytes of the body of each PATCH, as far as they have come.
        private func arrived(_ tus: TestServer) throws -> Int64 {
            let address = "http://127.0.0.1:\(tus.control)/__log"
            let ask = "import urllib.request as r; print(r.urlopen('\(address)').read().decode())"
            let (status, output) = TestHost.execute(["/usr/bin/python3", "-c", ask])
            guard status == 0 else { return 0 }
            let log = try JSONDecoder().decode(ServerLog.self, from: Data(output.utf8))
            return log.requests.filter { $0.method == "PATCH" }.reduce(0) { $0 + $1.bytes }
        }

        @Test("of two programs one carries and the other watches, and takes over when the first is killed")
        func twoPrograms() async throws {
            let (app, size) = (ProbeApp(host, "twins"), Int64(24_000_000))
            let origin = try await TestServer("origin")
            let bridge = try await Bridge(host, [origin.port])
            defer { bridge.end() }
            let url = origin.url("/bytes/\(size)?seed=4&rate=2000000")
            func pids() -> [String] {
                host.attempt(["user", "pgrep", "-x", "hostcarrier"]).output.split(separator: "\n").map(String.init)
            }
            /// How far the program of this number has seen it come.
            func seen(_ pid: String) -> Int64 {
                host.contents("notes").split(separator: "\n").filter { $0.hasSuffix(" of \(pid)") }
                    .compactMap { Int64($0.prefix { $0 != " " }) }.max() ?? 0
            }
            let first = try host.start(carrier(app, "follow", url))
            try await Eventually.holds("the first carries it") { pids().count == 1 && seen(pids()[0]) > 0 }
            let one = pids()[0]
            let second = try host.start(carrier(app, "follow", url))
            try await Eventually.holds("both see it come", seen: { host.contents("notes") }) {
                let others = pids().filter { $0 != one }
                return others.count == 1 && seen(others[0]) > 0 && seen(one) > 0
            }
            try await Eventually.holds("a part of it is safely on the disk") {
                let transfer = try tool.json("transfers", "\(app.id)/media/archive")["checkpoint"] as? [String: Any]
                return transfer?["acknowledged"] as? Int ?? 0 > 0
            }
            let other = try #require(pids().first { $0 != one })
            #expect(try looked(app, "sessions")["pid"] as? Int == Int(one))
            try host.user(["kill", "-9", one])
            _ = first.wait()
            #expect(!isFetched(), "it was killed in the middle")
            try await Eventually.holds("the other has carried it to its end", within: 60) {
                host.contents("notes").contains("end of \(other): archive /home/tester/archive")
            }
            #expect(second.wait().status == 0)
            #expect(seen(other) == size)
            let archive = ScratchFile(ServerPattern(seed: 4).bytes(0..<size))
            #expect(try host.user(["sha256sum", "archive"]).prefix(64) == archive.digest.prefix(64))
            let ranges = try await origin.log().requests.map { $0.values("Range").first ?? "" }
            #expect(ranges.count == 2 && ranges[0].isEmpty && !ranges[1].isEmpty, "\(ranges)")
            // No launch of systemd had any part in it.
            #expect(try runs(app).isEmpty)
        }

        @Test("a discretionary transfer waits for its network and its power, says so, and runs when it has both")
        func choosy() async throws {
            let app = ProbeApp(host, "choosy")
            let origin = try await TestServer("origin")
            let bridge = try await Bridge(host, [origin.port])
            defer { bridge.end() }
            func setMetered(_ value: Int) throws {
                try host.run(
                    "busctl", "set-property", "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager",
                    "org.freedesktop.NetworkManager", "Metered", "u", "\(value)")
            }
            try host.call(["daemon", "networkmanager", "on"])
            try host.call(["power", "battery"])
            defer {
                _ = host.attempt(["daemon", "networkmanager", "off"])
                _ = host.attempt(["power", "ac"])
            }
            try setMetered(1)
            let asked = Eventually.now
            try host.call(carrier(app, "fetch", origin.url("/bytes/1000?seed=1"), "choosy"))
            #expect(try waitsFor(app) == "unmeteredNetwork")
            #expect(tool("transfers", "--app", app.id).output.contains("waits for a network that it may use"))
            try setMetered(2)
            #expect(try waitsFor(app) == "externalPower")
            #expect(host.attempt(carrier(app, "list")).output.contains("externalPower"))
            // It is looked at again in a quarter of an hour, by a task that one timer wakes for.
            let next = try #require(seconds(try looked(app, "sessions")["next"]))
            #expect((asked + 800...Eventually.now + 900).contains(next))
            #expect(app.timers.count == 1 && app.services.isEmpty)

            // Sooner, by hand: still on battery, then plugged in.
            #expect(tool("run", task, "--app", app.id).status == 0)
            try await Eventually.holds("a launch has looked, and gone") { try runs(app).count == 1 }
            try await app.waitUntilServed()
            #expect(try waitsFor(app) == "externalPower" && !isFetched())
            #expect(try await origin.log().requests.isEmpty)
            try host.call(["power", "ac"])
            #expect(tool("run", task, "--app", app.id).status == 0)
            try await Eventually.holds("it is fetched", within: 60) { isFetched() }
            try await app.waitUntilServed()
            #expect(try runs(app).map(\.outcome) == ["succeeded", "succeeded"])
        }

        @Test("a server that wants to be left alone is: no process waits, and systemd wakes the program at its instant")
        func retryAfter() async throws {
            let app = ProbeApp(host, "retry")
            let server = try await TestServer("scripted")
            try await server.follow(
                script: """
                    {"rules": [{"path": "/file", "answers": [
                    {"answer": {"status": 503, "headers": [["Retry-After", "12"]]}}, {"serve": {"body": {"seed": 1, "length": 1000}}}]}]}
                    """)
            let bridge = try await Bridge(host, [server.port])
            defer { bridge.end() }
            let asked = Eventually.now
            try host.call(carrier(app, "fetch", server.url("/file")))
            _ = try await server.log(ended: 1)
            try await Eventually.holds("it waits") {
                try ["serverBusy", "retry"].contains(waitsFor(app)) && app.services.isEmpty
            }
            let until = try #require(seconds(try looked(app, "transfers")["until"]))
            // And up to a second on top, so that those who were told the same do not come together.
            #expect((asked + 12...Eventually.now + 13).contains(until))
            #expect(seconds(try looked(app, "sessions")["next"]) == until)
            #expect(app.timers.count == 1)
            try await Eventually.holds("it is fetched", within: 60) { isFetched() }
            #expect(Eventually.now >= until)
            try await app.waitUntilServed()
            #expect(try await server.log().requests.map(\.answered) == [[503], [200]])
            #expect(try runs(app).last?.outcome == "succeeded")
        }
    }
}
