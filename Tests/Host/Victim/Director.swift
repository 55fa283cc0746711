// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

/// Starts victims and kills them at random moments: young ones in their first milliseconds, where they arm and commit,
/// and old ones anywhere, launches of systemd among them.
struct Director {
    let trace: Trace
    let kills: Int
    let program = CommandLine.arguments[0]
    var random: Seeded
    /// Children that live, by pid: what they were started for.
    var children: [pid_t: String] = [:]

    init(_ trace: Trace, kills: Int, seed: UInt64) {
        self.trace = trace
        self.kills = kills
        random = Seeded(seed)
    }

    consuming func run() throws {
        var done = 0
        while done < kills {
            try keepAlive()
            let young = try spawnSubmitter()
            // Most of the time within what a start and a few submissions take, sometimes later or not at all.
            Eventually.rest(milliseconds: Int.random(in: 0..<90, using: &random))
            if Int.random(in: 0..<3, using: &random) > 0 {
                done += kill(young, "submitter")
            }
            Eventually.rest(milliseconds: Int.random(in: 0..<120, using: &random))
            if let (pid, role) = victims().randomElement(using: &random) { done += kill(pid, role) }
            reap()
        }
        // The last of the residents goes too: what is left has to be done by systemd's launches.
        for (pid, role) in victims() where role == "resident" { _ = kill(pid, role) }
        while !children.isEmpty { reap() }
    }

    /// One that stays, half of the time.
    private mutating func keepAlive() throws {
        if !children.values.contains("resident"), Int.random(in: 0..<4, using: &random) == 0 {
            try spawn("resident", ["stay"])
        }
    }

    private mutating func spawnSubmitter() throws -> pid_t {
        let count = Int.random(in: 1...5, using: &random)
        let path = trace.directory + "/next"
        let from = Int((try? String(contentsOfFile: path, encoding: .utf8)) ?? "") ?? 0
        // Known to every process before it is submitted. Whole at any moment: launches read it.
        try "\(from + count)".write(toFile: path, atomically: true, encoding: .utf8)
        return try spawn("submitter", ["submit", "\(from)", "\(count)", "\(random.next() >> 1)"])
    }

    @discardableResult
    private mutating func spawn(_ role: String, _ arguments: [String]) throws -> pid_t {
        var pid: pid_t = 0
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        guard posix_spawn(&pid, program, nil, nil, &words, environ) == 0 else { throw CocoaError(.executableLoad) }
        children[pid] = role
        return pid
    }

    /// Counts only a process that was alive.
    private func kill(_ pid: pid_t, _ role: String) -> Int {
        guard self.role(of: pid) == role, Foundation.kill(pid, SIGKILL) == 0 else { return 0 }
        trace.note("kills", "\(role) \(pid) \(Trace.boot) \(Eventually.uptime)")
        return 1
    }

    private mutating func reap() {
        var status: Int32 = 0
        while case let pid = waitpid(-1, &status, WNOHANG), pid > 0 {
            if children.removeValue(forKey: pid) == "submitter", status & 0x7f == 0, status != 0 {
                trace.note("failures", "submitter \(pid) ended with status \(status >> 8)")
            }
        }
    }

    /// Every process of the program that is not of the experiment itself.
    private func victims() -> [(pid_t, String)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.sorted().compactMap { pid in role(of: pid).map { (pid, $0) } }
    }

    private func role(of pid: pid_t) -> String? {
        guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !line.isEmpty else { return nil }
        let words = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
        guard words.first == program else { return nil }
        switch words.dropFirst().first {
        case nil: return "launch"
        case "submit": return "submitter"
        case "stay": return "resident"
        default: return nil
        }
    }
}
