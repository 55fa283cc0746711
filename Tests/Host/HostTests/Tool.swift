// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing

/// `backgroundctl` inside the host.
struct Tool {
    let host: TestHost
    private static let installed = Mutex(false)

    init(_ host: TestHost) throws {
        self.host = host
        try Tool.installed.withLock { isInstalled in
            if isInstalled { return }
            let built = URL(filePath: TestHost.builtProbe).deletingLastPathComponent().path + "/backgroundctl"
            try host.call(["install", built, "/usr/local/bin/backgroundctl"])
            isInstalled = true
        }
    }

    /// As the unprivileged user.
    @discardableResult
    func callAsFunction(_ arguments: String...) -> (status: Int32, output: String) {
        host.attempt(["user", "backgroundctl"] + arguments)
    }

    /// The object that a command prints, whatever its status.
    func json(_ arguments: String...) throws -> [String: Any] {
        let (_, output) = host.attempt(["user", "backgroundctl"] + arguments + ["--json"])
        let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
        return try #require(object as? [String: Any], "\(output)")
    }

    /// What the doctor finds wrong with an app, or with the host; by the names of the checks.
    func complaints(_ app: String?) throws -> [String] {
        let findings = try #require(try json("doctor")["findings"] as? [[String: Any]])
        return findings.filter { $0["app"] as? String == app && $0["weight"] as? String != "fine" }
            .compactMap { $0["check"] as? String }
    }

    /// The state of each task of an app, by identifier.
    func states(_ app: ProbeApp) throws -> [String: String] {
        let apps = try #require(try json("list", "--app", app.id)["apps"] as? [[String: Any]])
        let tasks = try #require(apps.first?["tasks"] as? [[String: Any]])
        return Dictionary(
            tasks.compactMap { task in (task["id"] as? String).map { ($0, task["state"] as? String ?? "") } },
            uniquingKeysWith: { $1 })
    }
}
