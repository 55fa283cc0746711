// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransfersCore
import TransfersCurl

@Suite("Files that change, fill up, or cannot be used", .timeLimit(.minutes(5)))
struct FileTests {
    private func url(_ path: String) async throws -> String { try await BodyPlanTests.origin.server.url(path) }

    /// Each path answers twice, so that the second exchange shows whether the connection is still good.
    private func upload(_ source: FixtureFile, _ range: Range<Int64>) async throws -> ExchangeEnd {
        try await EngineBench().perform(Exchange("PUT", url("/x"), body: [.file(range: range)]), sources: [source])
    }

    @Test("A source that ends early ends the exchange; the server gets no whole request", arguments: [0, 1, 99_999])
    func shrunk(size: Int) async throws {
        let bench = try EngineBench()
        let server = try await TestServer("origin")
        let source = try bench.scratch.file("source", Array(repeating: 1, count: size))
        let end = await bench.perform(
            Exchange("PUT", server.url("/x"), body: [.file(range: 0..<100_000)]), sources: [source])
        #expect(end.failure?.kind == .sourceEnded)
        #expect(end.head == nil)
        #expect(await bench.perform(Exchange("GET", server.url("/bytes/1"))).failure == nil)
        #expect(try await server.log(ended: 2).requests.first?.complete == false)
    }

    @Test("A source that shrinks while it is sent ends the exchange")
    func shrinking() async throws {
        let bench = try EngineBench()
        let source = try bench.scratch.file("source")
        #expect(ftruncate(source.descriptor, 60_000_000) == 0)
        var exchange = Exchange("PUT", try await url("/x"), body: [.file(range: 0..<60_000_000)])
        exchange.limits.sendRate = 2_000_000
        let observer = ExchangeRecorder()
        _ = bench.engine.start(exchange, sources: [source], sink: nil, observer: observer)
        _ = await observer.until { !$0.progress.isEmpty || !$0.ends.isEmpty }
        #expect(ftruncate(source.descriptor, 10) == 0)
        #expect(await observer.end().failure?.kind == .sourceEnded)
    }

    @Test("What is added to a source while it is sent is not sent")
    func grown() async throws {
        let bench = try EngineBench()
        let server = try await TestServer("origin")
        let source = try bench.scratch.file("source", Array(repeating: 1, count: 100_000))
        let observer = ExchangeRecorder()
        _ = bench.engine.start(
            Exchange("PUT", server.url("/x?rate=200000"), body: [.file(range: 0..<100_000)]), sources: [source],
            sink: nil, observer: observer)
        let more = [UInt8](repeating: 2, count: 100_000)
        #expect(pwrite(source.descriptor, more, more.count, 100_000) == more.count)
        #expect(await observer.end().failure == nil)
        let requests = try await server.log(ended: 1).requests
        #expect(requests.map(\.bytes) == [100_000] && requests[0].complete)
        #expect(await bench.perform(Exchange("GET", server.url("/bytes/1"))).failure == nil, "the connection is clean")
    }

    @Test("A source that cannot be read says why")
    func unreadable() async throws {
        let scratch = try ScratchFolder()
        _ = try scratch.file("source", Array(repeating: 1, count: 100))
        let writeOnly = try FixtureFile(scratch.path + "/source", O_WRONLY)
        #expect(try await upload(writeOnly, 0..<100).failure?.kind == .sourceUnreadable(EBADF))
        let folder = try FixtureFile(scratch.path, O_RDONLY)
        #expect(try await upload(folder, 0..<100).failure?.kind == .sourceUnreadable(EISDIR))
    }

    @Test("A sink that cannot be written says why")
    func unwritable() async throws {
        let bench = try EngineBench()
        let full = try FixtureFile("/dev/full")
        let exchange = Exchange("GET", try await url("/bytes/3000000"))
        let end = await bench.perform(exchange, sink: full, ExchangeRecorder(.write(at: 0, count: 3_000_000)))
        #expect(end.failure?.kind == .sinkUnwritable(ENOSPC))
        #expect(end.received == 0)
        // So small that it is written only at the end.
        let small = await bench.perform(
            Exchange("GET", try await url("/bytes/10")), sink: full, ExchangeRecorder(.write(at: 0, count: 10)))
        #expect(small.failure?.kind == .sinkUnwritable(ENOSPC))
        _ = try bench.scratch.file("sink")
        let readOnly = try FixtureFile(bench.scratch.path + "/sink", O_RDONLY)
        let refused = await bench.perform(exchange, sink: readOnly, ExchangeRecorder(.write(at: 0, count: nil)))
        #expect(refused.failure?.kind == .sinkUnwritable(EBADF))
    }

    @Test("A file system that fills up in the middle: what fitted is there", .enabled(if: getuid() == 0))
    func fillsUp() async throws {
        let bench = try EngineBench()
        let mount = try SmallFileSystem(bytes: 2 << 20, at: bench.scratch.path + "/small")
        let sink = try FixtureFile(mount.path + "/sink", O_RDWR | O_CREAT)
        let end = await bench.perform(
            Exchange("GET", try await url("/bytes/8000000?seed=4")), sink: sink,
            ExchangeRecorder(.write(at: 0, count: nil)))
        #expect(end.failure?.kind == .sinkUnwritable(ENOSPC))
        #expect(end.received > 0 && end.received <= 2 << 20)
        #expect(ServerPattern(seed: 4).made(Array(sink.bytes.prefix(Int(end.received))), 0..<end.received))
    }

    @Test("A limit on the size of files is an error, not the end of the process")
    func fileSizeLimit() async throws {
        let bench = try EngineBench()
        let sink = try bench.scratch.file("sink")
        // Beyond what any file may be: EFBIG or EINVAL by the file system.
        let end = await bench.perform(
            Exchange("GET", try await url("/bytes/10")), sink: sink,
            ExchangeRecorder(.write(at: Int64.max - 100, count: 10)))
        guard case .sinkUnwritable(let number) = end.failure?.kind else {
            Issue.record("\(String(describing: end.failure))")
            return
        }
        #expect([EFBIG, EINVAL].contains(number))
    }
}

/// A memory file system of a few bytes, for as long as this lives; root only.
private final class SmallFileSystem {
    let path: String

    init(bytes: Int, at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard mount("none", path, "tmpfs", 0, "size=\(bytes)") == 0 else {
            throw FixtureFailure("mount: \(String(cString: strerror(errno)))")
        }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }
}
