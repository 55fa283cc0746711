// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import Foundation
import Synchronization

/// A program of `Tests/Servers` that serves on 127.0.0.1 until its last reference is gone, or the tests end.
package final class TestServer: Sendable {
    package let port: Int
    /// Where it is asked for its log and told what to do; it has none if this is the served port.
    package let control: Int
    /// What else its first line said; see `Tests/Servers/README.md`.
    package let facts: Facts
    /// The mutex guards the process, which is told to end once.
    private let process: Mutex<Process?>
    // Closing it tells the program to end.
    private let input: Pipe

    /// - Parameter ready: what its first line has to say before it is used; see `Tests/Servers/README.md`.
    package init(_ program: String, _ arguments: [String] = []) async throws {
        let process = Process()
        let input = Pipe()
        let output = Pipe()
        process.executableURL = Self.folder.appendingPathComponent(program)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        let line = await firstLine(of: output.fileHandleForReading)
        guard let ready = try? JSONDecoder().decode(Facts.self, from: line) else {
            process.terminate()
            throw FixtureFailure(
                "\(program) did not say where it serves, but: \(String(decoding: line, as: UTF8.self))")
        }
        port = ready.port
        control = ready.control ?? ready.port
        facts = ready
        self.process = Mutex(process)
        self.input = input
    }

    /// One of which each download of `/file` stops at half until the gate `go` opens.
    package static func gatedHalfway() async throws -> TestServer {
        let server = try await TestServer("scripted")
        try await server.follow(
            script: """
                {"rules": [{"path": "/file", "do": {"answer": {"headers": [["ETag", "\\"a\\""], ["Accept-Ranges", "bytes"]],
                "body": {"seed": 1, "length": 400000}, "at": [{"body": 200000, "do": {"wait": "go"}}]}}}]}
                """)
        return server
    }

    deinit { stop() }

    package func stop() {
        process.withLock { process in
            try? input.fileHandleForWriting.close()
            process?.terminate()
            process = nil
        }
    }

    package func url(_ path: String, scheme: String = "http", host: String = "127.0.0.1") -> String {
        "\(scheme)://\(host):\(port)\(path)"
    }

    /// Replaces the script of `scripted`.
    package func follow(script: String) async throws {
        _ = try await order("POST", "/__script", script)
    }

    package func open(gate: String) async throws {
        _ = try await order("POST", "/__open/\(gate)")
    }

    /// Other orders, of `tusd`, `rufh` and `proxy`.
    @discardableResult
    package func obey(_ order: String) async throws -> Data { try await self.order("POST", "/__control", order) }

    /// What came, once so many requests have begun and ended since the start or the last reset.
    package func log(began: Int = 0, ended: Int = 0) async throws -> ServerLog {
        try JSONDecoder().decode(ServerLog.self, from: await order("GET", "/__log?began=\(began)&ended=\(ended)"))
    }

    package func reset() async throws {
        _ = try await order("POST", "/__reset")
    }

    /// An order to the control port; the body of a 200 comes back.
    package func order(_ method: String, _ path: String, _ body: String = "") async throws -> Data {
        try await PlainRequest(port: control, method: method, path: path, body: body).answer()
    }

    /// What is served there.
    package func get(_ path: String) async throws -> Data {
        try await PlainRequest(port: port, method: "GET", path: path, body: "").answer()
    }

    /// `Tests/Servers`, beside this folder.
    package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Servers")
}

extension TestServer {
    /// The line by which a program says that it is ready.
    package struct Facts: Decodable, Sendable {
        package var port: Int
        package var control: Int?
        /// Of nginx: the port with a good certificate, those with others by their names, and where all of them lie.
        package var tls: Int?
        package var secure: [String: Int]?
        package var certificates: String?
        /// Where a server of others keeps what it got.
        package var files: String?
        /// Of moto: where URLs are presigned.
        package var presigner: Int?
    }
}

/// Why a fixture is of no use.
package struct FixtureFailure: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// What a server saw.
package struct ServerLog: Decodable, Sendable {
    package struct Request: Decodable, Sendable {
        package var connection: Int
        package var client: String?
        package var method: String
        package var target: String
        package var headers: [[String]]
        package var bytes: Int64
        package var sha256: String
        package var complete: Bool
        package var answered: [Int]

        /// Every value of a field of this name.
        package func values(_ name: String) -> [String] {
            headers.filter { $0.count == 2 && $0[0].lowercased() == name.lowercased() }.map { $0[1] }
        }
    }

    package var connections: Int
    package var requests: [Request]
}

private func firstLine(of handle: FileHandle) async -> Data {
    await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
            var line = Data()
            while let byte = try? handle.read(upToCount: 1), !byte.isEmpty, byte.first != UInt8(ascii: "\n") {
                line.append(byte)
            }
            continuation.resume(returning: line)
        }
    }
}
