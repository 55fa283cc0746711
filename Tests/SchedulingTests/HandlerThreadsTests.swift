// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Dispatch
import Synchronization
import Testing

@testable import SchedulingRuntime

/// Handlers that are quick share a thread; those that are not delay nobody.
@Suite("The threads of handlers")
struct HandlerThreadsTests {
    private let threads = HandlerThreads()

    @Test("handlers that keep their threads, until the last of them has begun, all begin", arguments: [1, 2, 16])
    func sideBySide(count: Int) async {
        let (ends, end) = AsyncStream<Void>.makeStream()
        let all = DispatchSemaphore(value: 0)
        let begun = Mutex(0)
        for _ in 1...count {
            threads.start {
                let isLast = begun.withLock { begun in
                    begun += 1
                    return begun == count
                }
                if isLast { (1..<count).forEach { _ in all.signal() } } else { all.wait() }
                end.yield()
            }
        }
        var ended = 0
        for await _ in ends {
            ended += 1
            if ended == count { break }
        }
        #expect(begun.withLock { $0 } == count)
    }

    @Test("what is left while others wait is done once, also if all who wait keep their threads")
    func leaving() async {
        let (events, event) = AsyncStream<String>.makeStream()
        let done = DispatchSemaphore(value: 0)
        let mayLeave = DispatchSemaphore(value: 0)
        #expect(!threads.leave { event.yield("on no thread") })
        threads.start { [threads] in
            mayLeave.wait()
            // Both that follow wait still, or keep threads of their own by now.
            for _ in 1...3 where !threads.leave({ event.yield("left") }) { event.yield("at once") }
        }
        for _ in 1...2 {
            threads.start {
                done.wait()
                event.yield("kept")
            }
        }
        mayLeave.signal()
        var heard: [String] = []
        for await what in events {
            heard.append(what)
            // Nobody lets the others go before.
            if heard.count == 1 { (1...2).forEach { _ in done.signal() } }
            if heard.filter({ $0 == "kept" }).count == 2 { break }
        }
        #expect(heard.first == "left" || heard.prefix(3) == ["at once", "at once", "at once"])
        #expect(heard.filter { $0 == "left" }.count <= 1)
    }
}
