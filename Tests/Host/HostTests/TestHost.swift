// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing

/// A real systemd host in namespaces, driven through `Tests/Host/testhost`; one for the whole run.
struct TestHost: Sendable {
    struct Failed: Error, CustomStringConvertible {
        let command: [String]
        let status: Int32
        let output: String
        var description: String { "\(command.joined(separator: " ")) ended with \(status): \(output)" }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    private static let script = root + "/Tests/Host/testhost"
    private static let directory = "/var/tmp/testhost-\(ProcessInfo.processInfo.processIdentifier)"

    /// Why no host can be booted here; nil when one can. The same words for every test that is skipped for it.
    static let unavailable: String? = {
        let (status, output) = execute([script, "check"])
        return status == 0 ? nil : output.trimmingCharacters(in: .whitespacesAndNewlines)
    }()

    private static let booted = Mutex<Bool>(false)

    /// The host, booted by the first test that asks; it goes with this process.
    static func shared() throws -> TestHost {
        try booted.withLock { isBooted in
            if isBooted { return }
            let owner = "\(ProcessInfo.processInfo.processIdentifier)"
            _ = execute([script, "destroy"])  // of a process that had our number
            let libraries = execute([root + "/Tests/Host/swift-libraries"]).output.trimmingCharacters(in: .newlines)
            let command = [script, "up", "--libraries", libraries, "--owner", owner]
            let (status, output) = execute(command)
            guard status == 0 else { throw Failed(command: command, status: status, output: output) }
            isBooted = true
            // A copy, because the directories above our build may be closed to the host's user.
            try TestHost().call(["install", builtProbe, probe])
        }
        return TestHost()
    }

    /// The probe that was built with these tests, outside the host: beside the test bundle or the runner that loads it.
    static let builtProbe: String = {
        let bundle = CommandLine.arguments.first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        return URL(filePath: bundle).deletingLastPathComponent().path + "/hostprobe"
    }()

    /// The program that the crash soak kills, built beside the probe.
    static let builtVictim = URL(filePath: builtProbe).deletingLastPathComponent().path + "/hostvictim"

    /// The program that carries files.
    static let builtCarrier = URL(filePath: builtProbe).deletingLastPathComponent().path + "/hostcarrier"

    /// What a file of the host's user says, read from outside; empty while it is missing. Costs no process.
    func contents(_ path: String) -> String {
        (try? String(contentsOfFile: TestHost.directory + "/upper/home/tester/" + path, encoding: .utf8)) ?? ""
    }

    /// The probe inside the host.
    static let probe = "/usr/local/bin/hostprobe"

    @discardableResult
    func run(_ arguments: String...) throws -> String { try call(["run"] + arguments) }

    @discardableResult
    func user(_ arguments: [String]) throws -> String { try call(["user"] + arguments) }

    /// A subcommand of the script: `suspend`, `power battery`, `crash`.
    @discardableResult
    func call(_ arguments: [String]) throws -> String {
        let (status, output) = TestHost.execute([TestHost.script] + arguments)
        guard status == 0 else { throw Failed(command: ["testhost"] + arguments, status: status, output: output) }
        return output
    }

    /// The same, for what may fail.
    @discardableResult
    func attempt(_ arguments: [String]) -> (status: Int32, output: String) {
        TestHost.execute([TestHost.script] + arguments)
    }

    /// Starts a command that stays.
    func start(_ arguments: [String]) throws -> ChildProcess {
        try ChildProcess([TestHost.script] + arguments, environment: TestHost.environment)
    }

    @discardableResult
    func systemctl(_ arguments: String...) -> String {
        attempt(["user", "systemctl", "--user", "--no-pager"] + arguments).output
    }

    private static var environment: [String: String] {
        ProcessInfo.processInfo.environment.merging(["TESTHOST_DIR": directory]) { _, ours in ours }
    }

    static func execute(_ command: [String], onSharedHost: Bool = true) -> (status: Int32, output: String) {
        do {
            // The demo boots a host of its own, and ends it.
            let environment = onSharedHost ? environment : ProcessInfo.processInfo.environment
            return try ChildProcess(command, environment: environment).wait()
        } catch {
            return (-1, "\(error)")
        }
    }
}
