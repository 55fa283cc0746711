// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundStore
import BackgroundSystemCalls
import Glibc
import SchedulingCore
import SchedulingStore
import Testing

/// Each system call that the store makes, failing with each error that the manual pages know for it.
///
/// The calls are recorded once without a fault; then each in turn fails. What it was part of either has its effect, or
/// throws a failure that helps; no descriptor is left open, and the next try without a fault succeeds.
@Suite("Every system call of the store, failing in every way")
struct SystemCallFaultTests {
    /// Calls whose failure changes nothing: what they do is a courtesy, or unknown then.
    static let courtesies: Set<SystemCall> = [
        .close, .ring, .futimens, .unlink, .statfs, .inotifyInit, .inotifyAddWatch, .opendir,
    ]

    struct Scenario: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// Makes what is there before.
        var prepare: @Sendable (TemporaryState) throws -> Void = { _ = try $0.store().submit(request("kept")) }
        var body: @Sendable (TemporaryState) throws -> Void
        /// Whether this call may fail in silence here; nil: the courtesies may, and nothing else.
        var mayPass: @Sendable (FaultScript.Call) -> Bool = { SystemCallFaultTests.courtesies.contains($0.name) }
        /// Whether it had its effect, once.
        var isDone: @Sendable (SchedulingStore) throws -> Bool = { _ in true }
        /// Whether what `prepare` submitted is still there afterwards.
        var keeps = true
    }

    static let scenarios: [Scenario] = [
        Scenario(
            testDescription: "a store is made, in directories that are missing", prepare: { _ in },
            body: { state in
                _ = try SchedulingStore(
                    directory: StateDirectory(path: state.root + "/a/b/state"), machine: "m1", boot: "b1", pid: 1)
            },
            mayPass: { courtesies.contains($0.name) || ($0.name == .open && $0.subject.hasSuffix("/state")) },
            keeps: false),
        Scenario(
            testDescription: "a store is opened", body: { _ = try $0.store() },
            mayPass: { courtesies.contains($0.name) || ($0.name == .open && $0.subject.hasSuffix("/state")) }),
        Scenario(
            testDescription: "a request is submitted, and a wake-up is armed for",
            body: { state in
                let store = try state.store(lockPatience: .milliseconds(1))
                try store.withArmingLock { () throws(SchedulingFailure) in
                    _ = try store.submit([request("new")], limits: .unlimited, now: t(0), relying: .none)
                }
            }, mayPass: { courtesies.contains($0.name) || ($0.name == .open && $0.subject.hasSuffix("/state")) },
            isDone: { try $0.occurrences(identifier: "new").count == 1 }),
        Scenario(
            testDescription: "a run is claimed and ended",
            body: { state in
                let owner = try state.owner()
                for occurrence in try owner.claimDue() { try owner.end(occurrence, .failed, again: 5) }
                _ = try owner.hasLiveResident()
            }, mayPass: { courtesies.contains($0.name) || ($0.name == .open && $0.subject.hasSuffix("/state")) },
            isDone: { try $0.outcomes() == [.failed] }),
        Scenario(
            testDescription: "what dead owners held is taken over",
            prepare: { state in
                let dead = try state.owner(pid: 7)
                try dead.submit(request("kept"))
                _ = try dead.claimDue()
            },
            body: { state in
                let store = try state.store()
                _ = try store.becomeOwner(resident: true, now: t(9)) { _ in .again(at: t(10)) }
            },
            // A test that fails counts as held: nobody is taken for dead without proof.
            mayPass: {
                courtesies.contains($0.name) || $0.name == .testLock
                    || ($0.name == .open && $0.subject.hasSuffix("/state"))
            }),
        Scenario(
            testDescription: "a launch is marked, handled, and others' marks are read",
            prepare: { state in
                try state.store().submit(request("kept"))
                _ = LaunchMarker(directory: state.directory, instance: "dead-1")
            },
            body: { state in
                let marker = LaunchMarker(directory: state.directory, instance: "live-1")
                _ = LaunchMarker.unhandled(in: state.directory, now: t(0))
                marker?.handled()
            }, mayPass: { _ in true }),
        Scenario(
            testDescription: "a damaged database is set aside",
            prepare: { state in
                _ = try state.store()
                let descriptor = open(state.database, O_WRONLY)
                _ = pwrite(descriptor, Array(repeating: UInt8(0xA5), count: 4096), 4096, 0)
                close(descriptor)
            },
            body: { state in
                do {
                    _ = try state.store()
                    Issue.record("it is damaged")
                } catch let error as SchedulingFailure where error.code == .storeCorrupt {
                    // With the new names, or why there are none.
                    #expect("\(error)".contains("set aside as") || "\(error)".contains("could not be renamed"))
                    _ = try? state.store()
                }
            }, mayPass: { _ in true }, keeps: false),
        Scenario(
            testDescription: "the doorbell is watched",
            body: { state in
                let store = try state.store()
                _ = store.watch {}
            }, mayPass: { courtesies.contains($0.name) || ($0.name == .open && $0.subject.hasSuffix("/state")) }),
    ]

    /// What the manual page of each call names, as far as the argument cannot rule it out.
    static let errors: [SystemCall: [Int32]] = [
        .open: [EACCES, EMFILE, ENFILE, ENOSPC, EROFS, EIO, ENOMEM, ELOOP, EDQUOT, EOVERFLOW],
        .close: [EIO, EINTR, ENOSPC], .fsync: [EIO, ENOSPC, EROFS, EDQUOT],
        .rename: [EACCES, ENOSPC, EROFS, EIO, EDQUOT, EPERM], .unlink: [EACCES, EROFS, EIO, EPERM],
        .mkdir: [EACCES, ENOSPC, EROFS, EMLINK, EDQUOT, EIO], .lstat: [EACCES, EIO, ENOMEM, ELOOP],
        .access: [EACCES, EROFS, EIO], .opendir: [EACCES, EMFILE, ENOMEM], .futimens: [EACCES, EROFS, EPERM],
        .ring: [EMFILE, EACCES, ENOENT], .statfs: [EIO, ENOSYS], .lock: [ENOLCK, EAGAIN, EBADF],
        .testLock: [ENOLCK, EIO],
        .inotifyInit: [EMFILE, ENOMEM], .inotifyAddWatch: [ENOSPC, EACCES, ENOMEM],
    ]
    /// Tried again by themselves when a signal came in between.
    static let retried: Set<SystemCall> = [.open, .fsync]

    @Test(arguments: scenarios)
    func matrix(_ scenario: Scenario) throws {
        let clean = FaultScript()
        let first = try TemporaryState()
        try scenario.prepare(first)
        try clean.during { try scenario.body(first) }
        #expect(leaks(clean, nil).isEmpty)
        var refused = 0
        for (number, call) in clean.calls.enumerated() {
            let errors = try #require(SystemCallFaultTests.errors[call.name], "no errors are listed for \(call)")
            for error in errors {
                let fault = FaultScript.Fault(number: number, error: error)
                // Somebody else holds the lock for a moment: it is waited for.
                let isWaitedFor = call.name == .lock && error == EAGAIN
                if try run(scenario, fault, call, mayPass: scenario.mayPass(call) || isWaitedFor) { refused += 1 }
            }
            if SystemCallFaultTests.retried.contains(call.name) {
                let fault = FaultScript.Fault(number: number, error: EINTR, times: 3)
                #expect(try !run(scenario, fault, call, mayPass: true), "\(call) was not tried again after EINTR")
            }
        }
        #expect(clean.calls.count > 3)
        #expect(refused > 0 || scenario.mayPass(.init(name: .fsync, subject: "")))
    }

    /// What was left open. A watch that was begun is closed on a queue of its own, in its time.
    private func leaks(_ script: FaultScript, _ failed: FaultScript.Call?) -> [Int32: SystemCall] {
        script.openDescriptors.filter { $0.value != .inotifyInit || failed?.name == .inotifyAddWatch }
    }

    /// Returns whether it was refused.
    private func run(
        _ scenario: Scenario, _ fault: FaultScript.Fault, _ call: FaultScript.Call, mayPass: Bool
    ) throws -> Bool {
        let state = try TemporaryState()
        try scenario.prepare(state)
        let script = FaultScript(fault)
        let what: Comment = "call \(fault.number), \(call.name) of \(call.subject), fails with \(fault.error)"
        var failure: SchedulingFailure?
        do {
            try script.during { try scenario.body(state) }
            #expect(mayPass, "passed in silence: \(what)")
        } catch let error as SchedulingFailure {
            failure = error
            #expect(!error.doing.isEmpty && !error.cause.isEmpty && !error.remedy.isEmpty, what)
            #expect(error.subject.hasPrefix("/"), "\(error): \(what)")
            if fault.error == ENOSPC || fault.error == EDQUOT { #expect(error.code == .diskFull, "\(error): \(what)") }
            #expect(error.code != .storeCorrupt || !scenario.keeps, "\(error): \(what)")
        }
        #expect(leaks(script, call).isEmpty, "left open: \(what)")
        // The fault is over.
        if failure != nil { #expect(throws: Never.self, what) { try scenario.body(state) } }
        let store = try state.store()
        if scenario.keeps { #expect(try store.occurrences(identifier: "kept").count == 1, what) }
        #expect(try scenario.isDone(store), what)
        try store.submit(request("afterwards"))
        #expect(try state.connection().text("PRAGMA integrity_check") == "ok", what)
        return failure != nil
    }
}
#endif
