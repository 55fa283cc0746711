// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

/// Kills the processes of a program at random moments, and the whole host too; then has the books compared.
///
/// Everything that decides is in `Tests/Host/Victim`, inside the host; here the host is killed and booted.
struct CrashSoak {
    let host: TestHost
    var kills: Int
    var boots: Int
    var seed: UInt64
    var tells = false

    static let victim = "/usr/local/bin/hostvictim"

    /// The lines of the account: "acknowledged 123", and "violation: …".
    func run() async throws -> [String] {
        try host.call(["install", TestHost.builtVictim, CrashSoak.victim])
        try host.user(["sh", "-c", "rm -rf ~/trace ~/.local/state/org.example.victim"])
        var random = SystemRandomNumberGenerator()
        for boot in 0...boots {
            let watch = try host.start(["user", CrashSoak.victim, "watch"])
            let seed = seed &+ UInt64(boot)
            if boot < boots {
                let direct = try host.start(["user", CrashSoak.victim, "direct", "1000000", "\(seed)"])
                let share = kills * (boot + 1) / (boots + 1)
                try await Eventually.holds("\(share) kills", within: 300, seen: { "\(killed)" }) { killed >= share }
                // At any moment of what goes on.
                try await Eventually.nothingHappens(for: Double.random(in: 0..<0.4, using: &random))
                try host.call(["crash"])
                direct.wait()
                watch.wait()
            } else {
                try host.user([CrashSoak.victim, "direct", "\(max(1, kills - killed))", "\(seed)"])
                try await settle()
                try host.user(["touch", "trace/over"])
                watch.wait()
            }
            tell("\(killed) processes killed, the host killed \(min(boot + 1, boots)) times")
        }
        let (_, output) = host.attempt(["user", CrashSoak.victim, "account"])
        tell(output)
        return output.split(separator: "\n").map(String.init)
    }

    /// A last process of the app that nobody kills; then all is done in time, and nothing is left.
    private func settle() async throws {
        let next = host.contents("trace/next")
        try host.user(["sh", "-c", "printf %s \((Int(next) ?? 0) + 1) > trace/next"])
        try host.user([CrashSoak.victim, "submit", next, "1", "1"])
        try await Eventually.holds("everything is over", within: 600, seen: { units }) { units.isEmpty }
    }

    private var killed: Int { host.contents("trace/kills").split(separator: "\n").count }

    private var units: String {
        host.systemctl("list-units", "--plain", "--no-legend", "app-background-org.example.victim@*")
            .split(separator: "\n").filter { $0.hasPrefix("app-background") }.joined(separator: "; ")
    }

    private func tell(_ line: String) {
        if tells { print(line) }
    }
}

extension OnAHost {
    @Suite("Death at random moments", .serialized)
    struct RandomDeaths {
        /// `Tests/soak crashes` asks for more.
        @Test("everything acknowledged runs once to its end, nothing is held twice, and something is always armed")
        func soak() async throws {
            let asked = ProcessInfo.processInfo.environment
            let soak = CrashSoak(
                host: try TestHost.shared(), kills: asked["CRASH_KILLS"].flatMap(Int.init) ?? 20,
                boots: asked["CRASH_BOOTS"].flatMap(Int.init) ?? 2, seed: asked["CRASH_SEED"].flatMap(UInt64.init) ?? 1,
                tells: asked["CRASH_KILLS"] != nil)
            let account = try await soak.run()
            func figure(_ name: String) -> Int {
                account.compactMap { $0.hasPrefix(name + " ") ? Int($0.dropFirst(name.count + 1)) : nil }.first ?? -1
            }
            #expect(figure("violations") == 0, "\(account)")
            #expect(figure("kills") >= soak.kills)
            #expect(figure("acknowledged") > 0 && figure("succeeded") >= figure("acknowledged"))
            #expect(figure("looks-with-work") > 0, "the watcher saw nothing: \(account)")
        }
    }
}
