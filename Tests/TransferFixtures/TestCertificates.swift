// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import Foundation

/// Certificates, good and bad, as `Tests/Servers/certificates` makes them.
package final class TestCertificates: Sendable {
    private let folder: ScratchFolder

    package init() async throws {
        let folder = try ScratchFolder()
        self.folder = folder
        let program = Process()
        program.executableURL = TestServer.folder.appendingPathComponent("certificates")
        program.arguments = [folder.path]
        let status: Int32 = try await withCheckedThrowingContinuation { continuation in
            program.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try program.run() } catch { continuation.resume(throwing: error) }
        }
        guard status == 0 else { throw FixtureFailure("certificates ended with \(status)") }
    }

    package func path(_ name: String) -> String { folder.path + "/" + name }

    package func text(_ name: String) throws -> String {
        try String(contentsOfFile: path(name), encoding: .utf8).filter { !$0.isNewline }
    }
}
