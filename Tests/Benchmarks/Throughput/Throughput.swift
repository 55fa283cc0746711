// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import CBackgroundLinux
import Foundation
import Synchronization
import TransfersCore
import TransfersCurl

/// How fast the raw engine moves bytes, one line of JSON for a run: seconds, bytes, CPU seconds, peak memory in KiB.
///
///     throughput idle                          the engine, and Foundation, with nothing to do
///     throughput down URL FILE [COUNT]         into FILE (and FILE.1, …), from nothing each time
///     throughput up FILE URL [COUNT]           PUT, as often as said, all at once
///     throughput reserved URL FILE             down, into a file whose space was reserved
///     throughput durable URL FILE              the same, and on stable storage at the end
@main
enum Throughput {
    static func main() throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let engine = try CurlEngine()
        switch (arguments.first, arguments.count) {
        case ("idle", 1):
            report(seconds: 0, bytes: 0)
        case ("down", 3...4), ("reserved", 3), ("durable", 3):
            try down(engine, arguments[1], arguments[2], count(arguments), arguments[0])
        case ("up", 3...4):
            try up(engine, arguments[1], arguments[2], count(arguments))
        default:
            throw Refusal(
                "usage: throughput idle | down URL FILE [COUNT] | up FILE URL [COUNT] | reserved URL FILE | durable URL FILE"
            )
        }
    }

    private static func count(_ arguments: [String]) -> Int {
        arguments.count > 3 ? Int(arguments[3]) ?? 1 : 1
    }

    private static func down(
        _ engine: CurlEngine, _ url: String, _ file: String, _ count: Int, _ way: String
    ) throws {
        var exchange = Exchange("GET", url)
        if way == "durable" { exchange.durability = Exchange.Durability() }
        let sinks = try (0..<count).map { number in
            try Opened(file + (number == 0 ? "" : ".\(number)"), O_RDWR | O_CREAT | O_TRUNC)
        }
        try measure(engine, sinks.map { (exchange, [], $0) }, reserves: way != "down")
    }

    private static func up(_ engine: CurlEngine, _ file: String, _ url: String, _ count: Int) throws {
        let source = try Opened(file, O_RDONLY)
        let size = Int64(lseek(source.descriptor, 0, SEEK_END))
        let exchange = Exchange("PUT", url, body: [.file(range: 0..<size)])
        try measure(engine, Array(repeating: (exchange, [source], nil), count: count))
    }

    private static func measure(
        _ engine: CurlEngine, _ orders: [(Exchange, [Opened], Opened?)], reserves: Bool = false
    ) throws {
        let sink = orders.first?.2
        let observer = Tally(orders.count, writes: sink != nil, reserved: reserves ? sink : nil)
        let begun = ContinuousClock.now
        for (exchange, sources, sink) in orders {
            _ = engine.start(exchange, sources: sources, sink: sink, observer: observer)
        }
        observer.done.wait()
        let passed = (ContinuousClock.now - begun).components
        let tally = observer.total.withLock { $0 }
        if let failure = tally.failure { throw failure }
        report(seconds: Double(passed.seconds) + Double(passed.attoseconds) / 1e18, bytes: tally.bytes)
    }

    private static func report(seconds: Double, bytes: Int64) {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let cpu = [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let peak =
            status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }?
            .filter(\.isNumber) ?? "0"
        print(#"{"seconds": \#(seconds), "bytes": \#(bytes), "cpu": \#(cpu), "peak": \#(peak)}"#)
    }
}

private struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

private final class Opened: OpenFile {
    let descriptor: Int32

    init(_ path: String, _ flags: Int32) throws {
        descriptor = open(path, flags | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Refusal("\(path): \(String(cString: strerror(errno)))") }
    }

    deinit { close(descriptor) }
}

/// Counts what ended, until all have.
private final class Tally: ExchangeObserver {
    struct Total {
        var left: Int
        var bytes: Int64 = 0
        var failure: ExchangeFailure?
    }

    let total: Mutex<Total>
    let done = DispatchSemaphore(value: 0)

    private let writes: Bool
    private let reserved: Opened?

    init(_ count: Int, writes: Bool, reserved: Opened?) {
        self.writes = writes
        self.reserved = reserved
        total = Mutex(Total(left: count))
    }

    func informed(_ head: ResponseHead) {}

    func plan(for head: ResponseHead) -> BodyPlan {
        // As a session does it: beside the bytes that come.
        if let reserved, let length = head.fields["Content-Length"].flatMap(Int64.init) {
            DispatchQueue.global().async { _ = cbackground_reserve(reserved.descriptor, length) }
        }
        return head.isSuccess && writes ? .write(at: 0, count: nil) : .keep(limit: 65_536)
    }

    func progressed(sent: Int64, received: Int64) {}
    func madeDurable(upTo offset: Int64) {}

    func ended(_ end: ExchangeEnd) {
        let isLast = total.withLock { total in
            total.left -= 1
            total.bytes += max(end.sent, end.received)
            if let failure = end.failure { total.failure = failure }
            if let head = end.head, !head.isSuccess {
                total.failure = ExchangeFailure(.malformedAnswer, detail: "the server answered \(head.status)")
            }
            return total.left == 0
        }
        if isLast { done.signal() }
    }
}
