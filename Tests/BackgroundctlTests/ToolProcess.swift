// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing

/// The tool that was built beside the tests, called as a person without a service manager calls it.
struct ToolProcess {
    struct Answer {
        var status: Int32
        var output: String
        var errors: String

        /// The object that it printed.
        func json() throws -> [String: Any] {
            let object = try JSONSerialization.jsonObject(with: Data(output.utf8))
            return try #require(object as? [String: Any], "\(output)")
        }
    }

    let home: TemporaryHome

    private static var executable: URL {
        Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }.map { $0.bundleURL.deletingLastPathComponent() }
            .map { $0.appendingPathComponent("backgroundctl") }
            ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("backgroundctl")
    }

    private func process(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = arguments + (arguments.contains("--system") ? [] : ["--user"])
        process.environment = [
            "HOME": home.path, "XDG_STATE_HOME": home.path + "/state", "XDG_RUNTIME_DIR": home.path + "/nothing",
            "LANG": "C.UTF-8", "TZ": "UTC", "TERM": "xterm", "NO_COLOR": "1",
        ]
        process.standardInput = FileHandle.nullDevice
        return process
    }

    /// Calls it, and waits on a thread that no test runs on.
    func callAsFunction(_ arguments: String...) async throws -> Answer {
        let process = process(arguments)
        let (output, errors) = (Pipe(), Pipe())
        (process.standardOutput, process.standardError) = (output, errors)
        let (reading, failing) = (output.fileHandleForReading, errors.fileHandleForReading)
        try process.run()
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let text = String(decoding: (try? reading.readToEnd()) ?? Data(), as: UTF8.self)
                let told = String(decoding: (try? failing.readToEnd()) ?? Data(), as: UTF8.self)
                process.waitUntilExit()
                continuation.resume(returning: Answer(status: process.terminationStatus, output: text, errors: told))
            }
        }
    }

    /// Calls it on a terminal of so many columns, and gives what it writes to `heard` until that has heard enough; then it is
    /// interrupted.
    func onTerminal(
        _ arguments: String..., columns: UInt16 = 100,
        until heard: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async throws -> String {
        // As posix_openpt(3), unlockpt(3) and ptsname(3) do it, which Swift's Glibc does not have (ioctl_tty(2)).
        let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
        var (isLocked, number): (Int32, UInt32) = (0, 0)
        try #require(
            master >= 0 && ioctl(master, 0x4004_5431, &isLocked) == 0 && ioctl(master, 0x8004_5430, &number) == 0)
        let slave = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
        try #require(slave >= 0)
        var size = winsize(ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0)
        try #require(ioctl(slave, UInt(TIOCSWINSZ), &size) == 0)
        let process = process(arguments)
        let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
        (process.standardOutput, process.standardError) = (terminal, terminal)
        try process.run()
        close(slave)
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var text = ""
                var isEnough = false
                var buffer = [UInt8](repeating: 0, count: 65_536)
                while true {
                    // A terminal whose last writer is gone fails with EIO (pty(7)).
                    let count = read(master, &buffer, buffer.count)
                    if count <= 0 { break }
                    text += String(decoding: buffer.prefix(count), as: UTF8.self)
                    if !isEnough, heard(text) {
                        isEnough = true
                        kill(process.processIdentifier, SIGINT)
                    }
                }
                process.waitUntilExit()
                close(master)
                continuation.resume(returning: text)
            }
        }
    }

    /// Starts a watch that is no terminal; its lines come one by one.
    func watch(_ arguments: String...) throws -> Watching {
        let process = process(arguments)
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        return Watching(process, output.fileHandleForReading)
    }

    /// A call that goes on; it is interrupted with its last reference.
    final class Watching: @unchecked Sendable {
        // Unchecked: `Process` is not Sendable; it is only asked for its number and signalled after it was started.
        let lines: AsyncStream<String>
        private let process: Process

        init(_ process: Process, _ reading: FileHandle) {
            self.process = process
            let (lines, continuation) = AsyncStream.makeStream(of: String.self)
            self.lines = lines
            Thread.detachNewThread {
                var rest = ""
                var buffer = [UInt8](repeating: 0, count: 4096)
                while true {
                    // Not `read(upToCount:)`, which waits until there are so many.
                    let count = read(reading.fileDescriptor, &buffer, buffer.count)
                    if count <= 0 { break }
                    rest += String(decoding: buffer.prefix(count), as: UTF8.self)
                    let parts = rest.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
                    for line in parts.dropLast() { continuation.yield(line) }
                    rest = parts.last ?? ""
                }
                continuation.finish()
            }
        }

        deinit { kill(process.processIdentifier, SIGINT) }

        /// The next line that holds these words; nil if it ends before.
        func line(with words: String) async -> String? {
            for await line in lines where line.contains(words) { return line }
            return nil
        }
    }
}
