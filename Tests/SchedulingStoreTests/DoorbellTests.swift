// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import SchedulingCore
import SchedulingStore
import Testing

@Suite("The doorbell")
struct DoorbellTests {
    let state = try! TemporaryState()

    /// Whether it rings during `body`; ten seconds are the limit for a failure, not a wait.
    private func rings(_ body: () throws -> Void) throws -> Bool {
        let rung = DispatchSemaphore(value: 0)
        let watch = try #require(try state.store().watch { rung.signal() })
        try body()
        defer { watch.stop() }
        return rung.wait(timeout: .now() + 10) == .success
    }

    @Test("it rings after what others may care about: submit, cancel, a stop, an end")
    func rings() throws {
        let store = try state.owner()
        #expect(try rings { try store.submit(request("a")) })
        let claimed = try store.claimDue()
        #expect(try rings { _ = try store.requestStop(identifier: "a", reason: .simulated) })
        #expect(try rings { try store.end(claimed[0], .failed, again: 0) })
        #expect(try rings { _ = try store.cancel(identifier: "a", now: t(0)) })
    }

    @Test("ringing writes nothing into it, so that a full disk does not silence it")
    func empty() throws {
        let store = try state.store()
        try store.submit(request("a"))
        #expect(size(state.directory.path + "/doorbell") == 0)
    }

    @Test("what is told when it rings can be read: it rings after the commit")
    func afterCommit() throws {
        let reader = try state.store()
        let rung = DispatchSemaphore(value: 0)
        let watch = try #require(
            reader.watch { if (try? reader.pending().count) == 1 { rung.signal() } })
        try state.store().submit(request("a"))
        #expect(rung.wait(timeout: .now() + 10) == .success)
        watch.stop()
    }
}
