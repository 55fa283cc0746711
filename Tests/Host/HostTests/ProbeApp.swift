// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

/// The probe under an app id of its own, so that tests do not meet.
struct ProbeApp {
    struct Row: Equatable, CustomStringConvertible {
        var identifier: String
        var outcome: String
        var reason: String
        var attempt: Int
        var scheduled: Double
        var started: Double
        var description: String { "\(identifier) \(outcome) (\(reason)) #\(attempt)" }
    }

    let host: TestHost
    let id: String
    var probe = TestHost.probe
    var home: String { "/home/tester" }
    var state: String { home + "/.local/state/" + id }

    init(_ host: TestHost, _ name: String) {
        self.host = host
        // No dash: in unit names it is escaped, and the tests' patterns should stay readable.
        id = "org.example.\(name.replacing("-", with: "_"))"
    }

    @discardableResult
    func callAsFunction(_ arguments: String...) throws -> String {
        try host.user(["env", "BACKGROUND_APP_ID=" + id, probe] + arguments)
    }

    func attempt(_ arguments: String...) -> (status: Int32, output: String) {
        host.attempt(["user", "env", "BACKGROUND_APP_ID=" + id, probe] + arguments)
    }

    /// Starts `probe stay` and waits until it is the one that acts.
    func startResident() async throws -> ChildProcess {
        let process = try host.start(["user", "env", "BACKGROUND_APP_ID=" + id, probe, "stay"])
        try await Eventually.holds("the resident runs") { !pids(of: "stay").isEmpty }
        return process
    }

    func pids(of argument: String) -> [String] {
        host.attempt(["user", "pgrep", "-f", "hostprobe \(argument)$"]).output.split(separator: "\n").map(String.init)
    }

    var history: [Row] {
        get throws {
            try self("history").split(separator: "\n").compactMap { line in
                let parts = line.split(separator: "|", omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 6 else { return nil }
                return Row(
                    identifier: parts[0], outcome: parts[1], reason: parts[2], attempt: Int(parts[3]) ?? -1,
                    scheduled: Double(parts[4]) ?? 0, started: Double(parts[5]) ?? 0)
            }
        }
    }

    func outcomes(_ identifier: String) throws -> [String] {
        try history.filter { $0.identifier == identifier }.map(\.outcome)
    }

    /// What handlers wrote, without the pids.
    var notes: [String] {
        let output = host.attempt(["user", "cat", state + "/notes"])
        guard output.status == 0 else { return [] }
        return output.output.split(separator: "\n").map { $0.split(separator: " ").dropFirst().joined(separator: " ") }
    }

    func put(_ file: String, _ text: String = "") throws {
        try host.user(["sh", "-c", "mkdir -p \(state) && chmod 700 \(state) && printf %s '\(text)' > \(state)/\(file)"])
    }

    /// The app's timers that are loaded, by name.
    var timers: [String] {
        unitNames("timer")
    }
    var services: [String] { unitNames("service") }

    private func unitNames(_ type: String) -> [String] {
        host.systemctl("list-units", "--plain", "--no-legend", "app-background-\(id)@*.\(type)")
            .split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
            .filter { $0.hasSuffix(type) }
    }

    func waitForNote(_ note: String, count: Int = 1, within seconds: Double = 30) async throws {
        try await Eventually.holds(
            "\(id) notes \(note.debugDescription) \(count) times", within: seconds, seen: { "\(notes)" }
        ) {
            notes.filter { $0.hasPrefix(note) }.count >= count
        }
    }

    /// No launch of it is under way.
    func waitUntilServed(within seconds: Double = 30) async throws {
        try await Eventually.holds("\(id) is served", within: seconds, seen: { "\(services)" }) { services.isEmpty }
    }

    /// Everything is over: nothing runs, and no timer is left.
    func waitUntilQuiet(within seconds: Double = 30) async throws {
        try await Eventually.holds("\(id) is quiet", within: seconds, seen: { "\(timers) \(services)" }) {
            timers.isEmpty && services.isEmpty
        }
    }
}
