// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import TransferFixtures

/// A life of the program `transfersvictim`: what it says, until it ends or is killed.
final class VictimProcess: Sendable {
    private struct State {
        var lines: [Substring] = []
        var isOver = false
        var wasKilled = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())
    let pid: Int32

    var lines: [Substring] { state.withLock(\.lines) }
    /// By SIGKILL; once it has ended.
    var wasKilled: Bool { state.withLock(\.wasKilled) }
    var isOver: Bool { state.withLock(\.isOver) }

    /// - Parameter mask: the umask that it is born with.
    init(_ arguments: [String], mask: String? = nil) throws {
        let process = Process()
        process.executableURL = mask == nil ? Self.executable : URL(fileURLWithPath: "/bin/sh")
        let shell = ["-c", "umask \(mask ?? "") && exec \"$0\" \"$@\"", Self.executable.path]
        process.arguments = (mask == nil ? [] : shell) + arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        pid = process.processIdentifier
        // Not one of the threads that tests run on: it blocks.
        Thread.detachNewThread { [self] in
            var rest = Data()
            while let piece = try? output.fileHandleForReading.read(upToCount: 4096), !piece.isEmpty {
                rest += piece
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = Substring(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                    rest = Data(rest[(end + 1)...])
                    state.withLock { $0.lines.append(line) }
                }
            }
            process.waitUntilExit()
            let waiting = state.withLock { state in
                state.isOver = true
                state.wasKilled = process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGKILL
                defer { state.waiting = [] }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    func kill() { if !isOver { _ = Foundation.kill(pid, SIGKILL) } }

    func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiting.append(continuation) }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    private static var executable: URL {
        let folder =
            Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL.deletingLastPathComponent()
            ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
        return folder.appendingPathComponent("transfersvictim")
    }
}
