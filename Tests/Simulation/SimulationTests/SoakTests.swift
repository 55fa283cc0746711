// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing

/// The program `soak`, in a process of its own: it has one thread, and decides the order of its own dictionaries.
private struct SoakProcess {
    /// Beside the bundle of the tests.
    private static var executable: URL {
        Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }.map { $0.bundleURL.deletingLastPathComponent() }
            .map { $0.appendingPathComponent("soak") }
            ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("soak")
    }

    static func run(_ arguments: String...) async throws -> (status: Int32, lines: [Substring]) {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        // Not a pipe: nobody reads it before the end, and on a busy machine one may hold a page only (pipe(7)).
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("soak-said-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: output) }
        #expect(FileManager.default.createFile(atPath: output.path, contents: nil))
        process.standardOutput = try FileHandle(forWritingTo: output)
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do {
                try process.run()
            } catch {
                continuation.resume(throwing: error)
            }
        }
        let said = try Data(contentsOf: output)
        return (status, String(decoding: said, as: UTF8.self).split(separator: "\n"))
    }
}

@Suite struct SoakTests {
    @Test("in seeded random worlds no promise is broken", arguments: [1, 2])
    func worldsKeepPromises(stride: Int) async throws {
        let result = try await SoakProcess.run(
            "--seed", "\(stride)", "--stride", "2", "--steps", "4000", "--moves", "500", "--failures",
            NSTemporaryDirectory())
        #expect(result.status == 0, "\(result.lines.suffix(40).joined(separator: "\n"))")
        #expect(result.lines.contains { $0.contains("no promise broken") })
    }

    @Test("the same seed takes the same way")
    func seedsRepeat() async throws {
        let script = FileManager.default.temporaryDirectory.appendingPathComponent("soak-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: script) }
        let moves = (0..<200).map { "\(["submit", "deliver", "advance", "resident", "kill"][$0 % 5]) \($0)\n" }
        try ("seed 7\n" + moves.joined()).write(to: script, atomically: true, encoding: .utf8)
        let first = try await SoakProcess.run("--replay", script.path)
        let second = try await SoakProcess.run("--replay", script.path)
        #expect(first.lines.count > 500)
        #expect(first.lines == second.lines)
    }

    @Test("an option that nobody knows is a misuse")
    func misuse() async throws {
        #expect(try await SoakProcess.run("--nonsense").status == 2)
    }
}
