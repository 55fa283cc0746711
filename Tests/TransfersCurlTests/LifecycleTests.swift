// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Testing
import TransferFixtures
import TransfersCore
@testable import TransfersCurl

@Suite("Cancelling, shutting down, and many at once", .timeLimit(.minutes(5)), .serialized)
struct LifecycleTests {
    private func hostile(_ path: String) async throws -> Exchange {
        var exchange = Exchange("GET", try await ConnectionTests.server.server.url(path))
        exchange.limits.stall = 60
        return exchange
    }

    @Test("Cancelled at any moment it ends once, as cancelled or as it had ended already", arguments: 0..<40)
    func cancelled(delay: Int) async throws {
        let bench = try EngineBench()
        let url = try await BodyPlanTests.origin.server.url("/bytes/300000?seed=1")
        let sink = try bench.scratch.file("sink")
        let observer = ExchangeRecorder(.write(at: 0, count: nil))
        let running = bench.engine.start(Exchange("GET", url), sources: [], sink: sink, observer: observer)
        // Not time: other exchanges are begun and ended in between.
        for _ in 0..<delay / 4 { _ = await bench.perform(Exchange("GET", "nothing:")) }
        running.cancel()
        running.cancel()
        let end = await observer.end()
        #expect(end.failure == nil || end.failure?.kind == .cancelled)
        #expect(ServerPattern().made(Array(sink.bytes.prefix(Int(end.received))), 0..<end.received))
        bench.engine.shutDown()
        #expect(observer.record.ends.count == 1 && observer.record.late == 0)
    }

    @Test("Cancelled before its turn, while it connects, at its head, and in its body: once each")
    func moments() async throws {
        var configuration = CurlEngine.Configuration()
        configuration.exchangesPerHost = 1
        let bench = try EngineBench(configuration)
        let first = ExchangeRecorder()
        let inBody = bench.engine.start(try await hostile("/stall"), sources: [], sink: nil, observer: first)
        let waiting = ExchangeRecorder()
        let beforeTurn = bench.engine.start(try await hostile("/stall"), sources: [], sink: nil, observer: waiting)
        _ = await first.until { !$0.progress.isEmpty }
        beforeTurn.cancel()
        #expect(await waiting.end().failure?.kind == .cancelled)
        #expect(waiting.record.plans.isEmpty)
        inBody.cancel()
        let end = await first.end()
        #expect(end.failure?.kind == .cancelled && end.head?.status == 200 && end.body.count == 500)

        let silent = ExchangeRecorder()
        let beforeHead = bench.engine.start(try await hostile("/silent"), sources: [], sink: nil, observer: silent)
        let requests = try await ConnectionTests.server.server
        _ = try await requests.log(began: 1)
        beforeHead.cancel()
        #expect(await silent.end().head == nil)
        for recorder in [first, waiting, silent] { #expect(recorder.record.ends.count == 1) }
    }

    @Test("From within its own callbacks an exchange may be cancelled, and another one begun")
    func reentrant() async throws {
        let bench = try EngineBench()
        let exchange = Exchange("GET", try await BodyPlanTests.origin.server.url("/bytes/5000000"))
        let second = ExchangeRecorder()
        let engine = bench.engine
        let first = ExchangeRecorder { _ in
            engine.start(exchange, sources: [], sink: nil, observer: second).cancel()
            return .stop
        }
        #expect(await bench.perform(exchange, first).failure?.kind == .stoppedByPlan)
        #expect(await second.end().failure?.kind == .cancelled)
    }

    @Test("An engine that is shut down ends all it has, and refuses what comes later; each ends once")
    func shutDown() async throws {
        var configuration = CurlEngine.Configuration()
        configuration.exchangesPerHost = 2
        let bench = try EngineBench(configuration)
        let recorders = (0..<10).map { _ in ExchangeRecorder() }
        let exchange = try await hostile("/stall")
        for recorder in recorders { _ = bench.engine.start(exchange, sources: [], sink: nil, observer: recorder) }
        _ = await recorders[0].until { !$0.plans.isEmpty }
        bench.engine.shutDown()
        for recorder in recorders { #expect(recorder.record.ends.map(\.failure?.kind) == [.cancelled]) }
        let late = ExchangeRecorder()
        let running = bench.engine.start(exchange, sources: [], sink: nil, observer: late)
        running.cancel()
        #expect(await late.end().failure?.kind == .cancelled)
        bench.engine.shutDown()
    }

    @Test("The last reference ends the engine, even on the engine's own thread")
    func released() async throws {
        final class Holder: Sendable {
            nonisolated(unsafe) var engine: CurlEngine?
        }
        let exchange = try await hostile("/stall")
        let recorder = ExchangeRecorder()
        do {
            let bench = try EngineBench()
            _ = bench.engine.start(exchange, sources: [], sink: nil, observer: recorder)
            _ = await recorder.until { !$0.plans.isEmpty }
        }
        #expect(recorder.record.ends.count == 1)

        let holder = Holder()
        holder.engine = try CurlEngine()
        let other = ExchangeRecorder { _ in
            holder.engine = nil
            return .keep(limit: 10)
        }
        _ = holder.engine?.start(exchange, sources: [], sink: nil, observer: other)
        #expect(await other.end().failure?.kind == .cancelled)
    }

    @Test("Thousands of small exchanges share a few connections, each ends once, and no descriptor is left")
    func many() async throws {
        let server = try await TestServer("origin")
        let scratch = try ScratchFolder()
        do {
            var configuration = CurlEngine.Configuration()
            configuration.exchangesPerHost = 4
            let bench = try EngineBench(configuration)
            let source = try scratch.file("source", Array(repeating: 3, count: 4096))
            let recorders = (0..<2000).map { _ in ExchangeRecorder() }
            for (number, recorder) in recorders.enumerated() {
                let exchange =
                    number.isMultiple(of: 2)
                    ? Exchange("GET", server.url("/bytes/4096"))
                    : Exchange("PUT", server.url("/x"), body: [.file(range: 0..<4096)])
                _ = bench.engine.start(exchange, sources: [source], sink: nil, observer: recorder)
            }
            for recorder in recorders {
                let end = await recorder.end()
                #expect(end.failure == nil)
            }
            bench.engine.shutDown()
            #expect(recorders.allSatisfy { $0.record.ends.count == 1 && $0.record.late == 0 })
        }
        #expect(try await server.log(ended: 2000).connections <= 4 + 1)
        #expect(try descriptors(of: server, below: scratch) == [])
    }

    /// Connections to this server and files of this folder: other suites, which run beside this one, have theirs.
    private func descriptors(of server: TestServer, below scratch: ScratchFolder) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter { link in
            let file = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(link)")
            if file?.hasPrefix(scratch.path) == true { return true }
            var peer = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let result = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    getpeername(Int32(link) ?? -1, $0, &length)
                }
            }
            return result == 0 && peer.sin_family == sa_family_t(AF_INET)
                && Int(UInt16(bigEndian: peer.sin_port)) == server.port
        }
    }

    @Test("Hosts take turns, each has its limit, and all together theirs")
    func admission() {
        var admission = Admission(perHost: 2, inAll: 3)
        for key in 1...4 { admission.add(UInt64(key), host: "a") }
        for key in 5...6 { admission.add(UInt64(key), host: "b") }
        #expect([admission.next(), admission.next(), admission.next(), admission.next()] == [1, 5, 2, nil])
        admission.end(host: "a")
        #expect([admission.next(), admission.next()] == [6, nil], "b's turn")
        admission.end(host: "b")
        admission.end(host: "b")
        #expect([admission.next(), admission.next()] == [3, nil], "a has two")
        admission.end(host: "a")
        #expect([admission.next(), admission.next()] == [4, nil])
        admission.end(host: "a")
        admission.end(host: "a")
        #expect(admission.running == 0 && admission.next() == nil)
        var one = Admission(perHost: 1, inAll: 10)
        for key in 0..<1000 { one.add(UInt64(key), host: "a") }
        for key in 0..<1000 {
            #expect(one.next() == UInt64(key))
            one.end(host: "a")
        }
        #expect(one.next() == nil)
    }

    @Test(
        "A host is a scheme and an authority",
        arguments: [
            ("http://a/x", "http://a"), ("HTTP://A:80?x", "http://a:80"), ("https://[::1]:8/", "https://[::1]:8"),
            ("x", ""), ("http:", "http:"), ("", ""),
        ])
    func host(url: String, host: String) {
        #expect(Admission.host(of: url) == host)
    }
}
