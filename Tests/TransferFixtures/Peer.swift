// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import Foundation

/// A server that nobody here wrote, as `Tests/Servers/peers` installs and starts it.
package enum Peer: String, CaseIterable, Sendable {
    case nginx, tuspyserver, moto, httpbin, rclone

    /// `Tests/Servers/peers install` brings what is missing.
    package var isInstalled: Bool { !Self.missing.contains(rawValue) }

    package static let remedy: String = "not installed; Tests/Servers/peers install does it"

    private static let missing: Set<String> = {
        let program = Process()
        let output = Pipe()
        program.executableURL = TestServer.folder.appendingPathComponent("peers")
        program.arguments = ["missing"]
        program.standardOutput = output
        guard (try? program.run()) != nil, let text = try? output.fileHandleForReading.readToEnd() ?? Data() else {
            return Set(allCases.map(\.rawValue))
        }
        return Set(String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init))
    }()

    /// Starts it with all its files in a folder that goes with the last reference.
    package func start(_ options: [String] = []) async throws -> RunningPeer {
        let folder = try ScratchFolder()
        return RunningPeer(
            server: try await TestServer("peers", ["start", rawValue, folder.path + "/it"] + options), folder: folder)
    }
}

/// A peer that serves until its last reference is gone.
package struct RunningPeer: Sendable {
    package let server: TestServer
    private let folder: ScratchFolder

    init(server: TestServer, folder: ScratchFolder) {
        self.server = server
        self.folder = folder
    }

    /// A file of those that it keeps.
    package func stored(_ name: String) -> [UInt8] {
        FileManager.default.contents(atPath: (server.facts.files ?? "") + "/" + name).map(Array.init) ?? []
    }

    /// What it wrote, for messages of tests.
    package var words: String {
        String(decoding: FileManager.default.contents(atPath: folder.path + "/it/log") ?? Data(), as: UTF8.self)
    }

    /// A proxy in front of one of its ports, or of the usual one.
    package func proxied(port: Int? = nil) async throws -> TestServer {
        try await TestServer("proxy", ["--to", "127.0.0.1:\(port ?? server.port)"])
    }
}
