// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Dispatch
import Glibc
import SchedulingCore
import SchedulingStore
import Testing

@Suite("Waiting for those who are stopped")
struct BoundedWaitTests {
    let state = try! TemporaryState()

    @Test("a store that another process opens for ever is an error with the path and what to do, not a hang")
    func opening() throws {
        _ = try state.store()
        let hanging = try HeldByte(state.directory.path + "/store.lock")
        #expect {
            _ = try state.store(lockPatience: .milliseconds(2))
        } throws: { error in
            (error as? SchedulingFailure)?.code == .storeBusy && "\(error)".contains("store.lock")
                && "\(error)".contains("kill -CONT")
        }
        hanging.release()
        try state.store().submit(request("a"))
    }

    @Test("who arms for ever keeps others waiting only as long as their patience lasts; the store goes on")
    func arming() throws {
        let store = try state.store(lockPatience: .milliseconds(2))
        let hanging = try HeldByte(state.directory.path + "/arming.lock")
        #expect {
            try store.withArmingLock { () throws(SchedulingFailure) in Issue.record("it is held by another") }
        } throws: {
            ($0 as? SchedulingFailure)?.code == .storeBusy
        }
        try store.submit(request("a"))
        hanging.release()
        #expect(try store.withArmingLock { () throws(SchedulingFailure) in try store.outlook() }.earliest == t(0))
    }

    @Test("who waits gets the lock when its holder lets go")
    func getsIt() async throws {
        let store = try state.store(lockPatience: .seconds(60))
        let holder = try HeldByte(state.directory.path + "/arming.lock")
        let got = await withCheckedContinuation { continuation in
            DispatchQueue(label: "waiter").async {
                let got = try? store.withArmingLock { () throws(SchedulingFailure) in true }
                continuation.resume(returning: got)
            }
            DispatchQueue(label: "holder").async { holder.release() }
        }
        #expect(got == true)
    }
}

/// Byte 0 of a file, locked as another process would.
private final class HeldByte: Sendable {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        // F_OFD_SETLK of fcntl_locking(2), which Swift's Glibc does not show.
        var lock = flock(l_type: Int16(F_WRLCK), l_whence: 0, l_start: 0, l_len: 1, l_pid: 0)
        guard fcntl(descriptor, 37, &lock) == 0 else { throw Errno(code: errno) }
    }

    func release() {
        var lock = flock(l_type: Int16(F_UNLCK), l_whence: 0, l_start: 0, l_len: 1, l_pid: 0)
        _ = fcntl(descriptor, 37, &lock)
    }

    deinit { close(descriptor) }
}
