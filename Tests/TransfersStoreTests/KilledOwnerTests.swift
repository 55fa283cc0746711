// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransfersCore
import TransfersStore

/// The program `transfersprobe`, in a process of its own, which is killed after so many lines.
private struct Probe {
    /// Beside the bundle of the tests.
    private static var executable: URL {
        Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }.map { $0.bundleURL.deletingLastPathComponent() }
            .map { $0.appendingPathComponent("transfersprobe") }
            ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("transfersprobe")
    }

    /// Every line that it wrote, those included that were under way when it was killed; after so many of them, unless the
    /// test does it.
    static func run(
        _ state: TemporaryTransfers, round: Int, until count: Int = .max, started: (Int32) -> Void = { _ in }
    ) async throws -> [Substring] {
        let process = Process()
        process.executableURL = executable
        process.arguments = [state.directory.path, "s", "\(round)"]
        let output = Pipe()
        process.standardOutput = output
        let reading = output.fileHandleForReading
        return try await withCheckedThrowingContinuation { continuation in
            do { try process.run() } catch { return continuation.resume(throwing: error) }
            started(process.processIdentifier)
            // Not one of the threads that tests run on: it blocks.
            Thread.detachNewThread {
                var text = Data()
                var isKilled = false
                while let piece = try? reading.read(upToCount: 4096), !piece.isEmpty {
                    text += piece
                    if !isKilled, text.count(where: { $0 == UInt8(ascii: "\n") }) >= count {
                        isKilled = true
                        kill(process.processIdentifier, SIGKILL)
                    }
                }
                process.waitUntilExit()
                continuation.resume(returning: String(decoding: text, as: UTF8.self).split(separator: "\n"))
            }
        }
    }
}

@Suite("A process that is killed")
struct KilledOwnerTests {
    @Test(
        "what it had done is on the books at every moment, and the next one takes over at once", .timeLimit(.minutes(5))
    )
    func killed() async throws {
        let state = try TemporaryTransfers()
        let heir = try state.store(pid: 1, busyTimeout: .seconds(5))
        var ended: Set<String> = []
        var moved: [String: Int64] = [:]
        for round in 0..<25 {
            // It waits in the kernel while the owner lives, and gets the session when it is killed.
            let lines = try await Probe.run(state, round: round, until: 1 + round * 7 % 43)
            #expect(lines.first?.hasPrefix("began") == true, "\(lines)")
            for line in lines {
                let words = line.split(separator: " ").map(String.init)
                switch words[0] {
                case "began": moved[words[1]] = 0
                case "moved": moved[words[1]] = Int64(words[2])
                case "ended": ended.insert(words[1])
                default: Issue.record("\(line)")
                }
            }
            let owned = try #require(try heir.own("s"), "its lock did not end with it")
            let interrupted = Set(try heir.takeOver(owned, now: t(Int64(round))))
            owned.release()
            let books = try heir.list()
            let names = Set(books.map(\.identifier))
            #expect(names.isSuperset(of: moved.keys))
            // One more may have been begun and not told.
            #expect(names.subtracting(moved.keys).count <= 1)
            for line in books {
                let told = moved[line.identifier] ?? 0
                // What was done and not told yet: one step, and the first is the longest.
                let step: Int64 = told == 0 ? 100 : 50
                #expect(line.acknowledged >= told && line.acknowledged <= told + step, "\(line) was told as \(told)")
                moved[line.identifier] = line.acknowledged
                if ended.contains(line.identifier) { #expect(line.state == .ended) }
                if line.state == .ended { ended.insert(line.identifier) }
                #expect(line.state != .running)
                #expect(!interrupted.contains(line.id) || line.due == t(Int64(round)))
            }
        }
        #expect(ended.count > 10 && moved.count > ended.count)
        #expect(Set(try heir.results(session: "s").map(\.intent.identifier)) == ended)
        #expect(try state.connection().text("PRAGMA integrity_check") == "ok")
    }

    @Test("who waits for a session has it when its owner is killed", .timeLimit(.minutes(5)))
    func takenOver() async throws {
        let state = try TemporaryTransfers()
        let heir = try state.store(pid: 1, busyTimeout: .seconds(5))
        let (had, having) = AsyncStream.makeStream(of: SessionOwnership.self)
        let (rings, ringing) = AsyncStream.makeStream(of: Void.self)
        let watch = try #require(heir.watch { ringing.yield() })
        defer { watch.stop() }
        let (pids, telling) = AsyncStream.makeStream(of: Int32.self)
        async let lines = Probe.run(state, round: 0) { telling.yield($0) }
        var started = pids.makeAsyncIterator()
        let pid = try #require(await started.next())
        // Until the owner is at work; then nobody else can have the session.
        for await _ in rings where try heir.counts(session: "s").running > 0 { break }
        #expect(try heir.own("s") == nil)
        let wait = try heir.whenFree("s") { having.yield($0) }
        defer { wait.cancel() }
        #expect(kill(pid, SIGKILL) == 0)
        var iterator = had.makeAsyncIterator()
        let owned = await iterator.next()
        #expect(try await !lines.isEmpty)
        let session = try #require(owned)
        let running = try heir.counts(session: "s").running
        #expect(try heir.takeOver(session, now: t(0)).count == running)
        #expect(try heir.counts(session: "s").running == 0 && heir.owner(of: "s") == 1)
    }

    @Test("two programs of one session: the second one sees that it is taken", .timeLimit(.minutes(5)))
    func taken() async throws {
        let state = try TemporaryTransfers()
        let store = try state.store(pid: 1)
        let owned = try #require(try store.own("s"))
        #expect(try await Probe.run(state, round: 0, until: 100) == ["busy"])
        owned.release()
        #expect(try await Probe.run(state, round: 0, until: 3).count >= 3)
    }
}
