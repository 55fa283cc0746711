// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures

/// The scripts of `Tests/Servers/Matrix.md`, by rows: what is written there is what is tested.
enum MatrixScript {
    static func row(_ number: Int) throws -> String {
        let file = TestServer.folder.appendingPathComponent("Matrix.md")
        let text = try String(contentsOf: file, encoding: .utf8)
        let row = try #require(text.components(separatedBy: "\n## Row \(number):").dropFirst().first)
        let section = row.components(separatedBy: "\n## ")[0]
        return try #require(section.components(separatedBy: "```json\n").dropFirst().first).components(
            separatedBy: "```")[0]
    }

    /// A server that does what the row says.
    static func server(_ number: Int, _ program: String = "scripted", _ options: [String] = []) async throws
        -> TestServer
    {
        let server = try await TestServer(program, options)
        try await server.follow(script: row(number))
        return server
    }
}

@Suite("The matrix of hostile servers")
struct MatrixTests {
    @Test("every row of the matrix that a server can play has a test of its name", arguments: 1...19)
    func isShown(row: Int) throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        let tests = try files.filter { $0.pathExtension == "swift" }.map { try String(contentsOf: $0, encoding: .utf8) }
        #expect(tests.contains { $0.contains("\"row \(row): ") })
    }
}
