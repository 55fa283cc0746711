// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures

extension OnAHost {
    @Suite("Transfers over kill -9 and the death of the host", .serialized)
    struct TransferLife {
        let host: TestHost
        let size: Int64 = 24_000_000

        init() throws { host = try TestHost.shared() }

        private func carrier(_ arguments: [String]) -> [String] {
            ["user", "env", "BACKGROUND_APP_ID=org.example.carrier", "/usr/local/bin/hostcarrier"] + arguments
        }

        /// How far a transfer has come, by what the program wrote.
        private func reached(_ name: String) -> Int64 {
            host.contents("notes").split(separator: "\n").filter { $0.hasPrefix(name + " ") }
                .compactMap { Int64($0.dropFirst(name.count + 1)) }.max() ?? 0
        }

        private func transfers() -> String { host.attempt(carrier(["list"])).output }

        @Test(
            "an upload and a download of a program that is killed, on a host that dies, end in background launches, byte for byte, and each end is told once"
        )
        func survives() async throws {
            try host.call(["install", TestHost.builtCarrier, "/usr/local/bin/hostcarrier"])
            try host.user(["rm", "-f", "archive", "notes"])
            let tus = try await TestServer("tusd")
            let origin = try await TestServer("origin")
            let addresses = [tus.url("/files/"), origin.url("/bytes/\(size)?seed=3&rate=2000000")]
            let film = ScratchFile(ServerPattern(seed: 5).bytes(0..<size))
            try host.call(["install", film.path, "/home/tester/film"])
            try host.run("chown", "tester", "/home/tester/film")
            var bridge = try await Bridge(host, [tus.port, origin.port])

            let app = ProbeApp(host, "carrier")
            let started = try host.start(carrier(["start"] + addresses))
            try await Eventually.holds("both have come to 40 %", within: 60, seen: { host.contents("notes") }) {
                min(reached("up"), reached("down")) >= size * 2 / 5
            }
            try host.user(["pkill", "-9", "-x", "hostcarrier"])
            _ = started.wait()
            #expect(max(reached("up"), reached("down")) < size)
            bridge.end()
            try host.call(["crash"])
            bridge = try await Bridge(host, [tus.port, origin.port])
            defer { bridge.end() }
            // Nobody starts it but systemd.
            try await Eventually.holds("the download has its name", within: 120) {
                host.attempt(["user", "test", "-e", "archive"]).status == 0
            }
            try await app.waitUntilServed(within: 120)
            let list = transfers()
            #expect(list.components(separatedBy: "\n").filter { $0.contains("ended") }.count == 2, "\(list)")
            let ends = host.attempt(carrier(["collect"] + addresses)).output
            #expect(Set(ends.split(separator: "\n")) == ["film 204", "archive /home/tester/archive"])
            #expect(transfers().isEmpty)

            let archive = ScratchFile(ServerPattern(seed: 3).bytes(0..<size))
            #expect(try host.user(["sha256sum", "archive"]).prefix(64) == archive.digest.prefix(64))
            let log = try await tus.log()
            let patches = log.requests.filter { $0.method == "PATCH" }
            let target = try #require(patches.first?.target)
            let there = ScratchFile(Array(try await tus.get(target)))
            #expect(there.digest.prefix(64) == film.digest.prefix(64))
            // What the server had was not sent again; the download went on from where the disk was.
            #expect(patches.count >= 2 && Set(patches.map(\.target)).count == 1)
            #expect(patches.reduce(0) { $0 + $1.bytes } == size)
            let ranges = try await origin.log().requests.flatMap { $0.values("Range") }
            #expect(ranges.contains { $0 != "bytes=0-" }, "\(ranges)")
        }
    }
}

/// A file of this machine with these bytes, while it is referred to.
final class ScratchFile {
    let path = "/var/tmp/carrier-\(UUID().uuidString)"
    init(_ bytes: [UInt8]) { _ = FileManager.default.createFile(atPath: path, contents: Data(bytes)) }
    deinit { try? FileManager.default.removeItem(atPath: path) }
    var digest: String { TestHost.execute(["/usr/bin/sha256sum", path]).output }
}

/// Servers of this machine, reached from inside the host until it dies.
struct Bridge {
    private let process: ChildProcess

    init(_ host: TestHost, _ ports: [Int]) async throws {
        process = try host.start(["bridge"] + ports.map(String.init))
        let port = ports[0]
        try await Eventually.holds("the servers are reached from the host") {
            host.attempt(["user", "/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/\(port)"]).status == 0
        }
    }

    func end() { process.terminate() }
}
