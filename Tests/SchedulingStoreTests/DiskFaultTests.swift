// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSQLite
import CBackgroundFaultVFS
import Glibc
import SchedulingCore
import SchedulingStore
import Testing

/// Each call that SQLite makes to the disk for the store, failing with each of its errors.
@Suite("Every call of SQLite to the disk, failing in every way")
struct DiskFaultTests {
    struct Work: Sendable, CustomTestStringConvertible {
        var testDescription: String
        /// What was submitted runs in a process that died.
        var isOfTheDead = false
        var body: @Sendable (SchedulingStore) throws -> Void
        /// What is on the books when it was done once.
        var done: @Sendable (SchedulingStore) throws -> Bool
    }

    static let works: [Work] = [
        Work(
            testDescription: "submit", body: { try $0.submit(request("new", at: 5)) },
            done: { try $0.occurrences(identifier: "new").count == 1 }),
        Work(
            testDescription: "claim",
            body: { store in
                if try store.claimDue().isEmpty, try store.outlook().claimed != 1 { Issue.record("it is lost") }
            }, done: { try $0.outlook().claimed == 1 }),
        Work(
            testDescription: "finish",
            body: { store in
                for occurrence in try store.claimDue() { try store.end(occurrence) }
                for live in try store.occurrences(identifier: "kept") { try store.end(live.occurrence) }
            }, done: { try $0.outcomes("kept") == [.succeeded] }),
        Work(
            testDescription: "record a wake-up",
            body: { store in
                _ = try store.recordWakeup(ArmedWakeup(name: "w", instant: t(9), generation: "g")) { _ in true }
            }, done: { try $0.wakeup()?.name == "w" }),
        Work(
            testDescription: "cancel", body: { _ = try $0.cancel(identifier: "kept", now: t(1)) },
            done: { try $0.occurrences(identifier: "kept").isEmpty }),
        Work(
            testDescription: "take over from the dead", isOfTheDead: true,
            body: { _ = try $0.becomeOwner(resident: false, now: t(1)) { _ in .again(at: t(1)) } },
            done: { try $0.outcomes("kept") == [.abandoned] && $0.outlook().claimed == 0 }),
    ]

    /// SQLITE_FULL, IOERR_WRITE, IOERR_FSYNC, IOERR_READ, BUSY, CANTOPEN, NOMEM. Not IOERR_SHORT_READ: that is no fault, but
    /// says that the file ends there.
    static let codes: [Int32] = [13, 778, 1034, 266, 5, 14, 7]

    @Test(arguments: works)
    func matrix(_ work: Work) throws {
        for (index, code) in DiskFaultTests.codes.enumerated() {
            var failures = 0
            // Each call meets some of the errors here, and all of them where there is time.
            let step = getenv("SOAK_FAULTS") == nil ? 4 : 1
            // Until it comes to its end before the fault's turn.
            for number in stride(from: index % step, to: 1_000, by: step) {
                let outcome = try fail(work, FaultDisk(), at: number, with: code)
                if case .unmet = outcome { break }
                #expect(number < 900)
                if case .failed = outcome { failures += 1 }
            }
            #expect(failures > 0, "SQLite's error \(code) never showed")
        }
    }

    private enum Result { case unmet, passed, failed }

    private func fail(_ work: Work, _ disk: FaultDisk, at number: Int, with code: Int32) throws -> Result {
        let what: Comment = "\(work.testDescription): call \(number) fails with \(code)"
        var result = Result.passed
        do {
            if work.isOfTheDead {
                let dead = try disk.owner(9)
                try dead.submit(request("kept"))
                _ = try dead.claimDue()
            }
            let store = work.isOfTheDead ? try disk.store(1) : try disk.owner(1)
            if !work.isOfTheDead { try store.submit(request("kept")) }
            disk.fails(at: number, code)
            do {
                try work.body(store)
            } catch let failure as SchedulingFailure {
                result = .failed
                #expect(!failure.cause.isEmpty && !failure.remedy.isEmpty)
                #expect(failure.code != .storeCorrupt, "\(failure) \(what)")
                if code == 13 { #expect(failure.code == .diskFull, "\(failure) \(what)") }
                if code == 5 { #expect(failure.code == .storeBusy, "\(failure) \(what)") }
            }
            if disk.isWaiting { return .unmet }
            // The same connection goes on.
            if try !work.done(store) { try work.body(store) }
            #expect(try work.done(store), what)
        }
        // And so does the next process.
        let next = try disk.store(2)
        let isDone = try work.done(next)
        #expect(isDone, what)
        try next.submit(request("afterwards", at: 7))
        #expect(try next.occurrences(identifier: "afterwards").count == 1)
        return result
    }
}

/// A state directory on a disk in memory, one call of which fails.
private final class FaultDisk {
    let state: TemporaryState
    private let disk: OpaquePointer
    private(set) var made = 0
    private var fault: (number: Int, code: Int32)?

    init() throws {
        state = try TemporaryState()
        #expect(faultvfs_register() == 0)
        disk = faultvfs_disk_new(1)
        faultvfs_disk_observe(
            disk,
            { context, _, _ in
                guard let context else { return 0 }
                return Unmanaged<FaultDisk>.fromOpaque(context).takeUnretainedValue().called()
            }, { _, _ in }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { faultvfs_disk_free(disk) }

    var isWaiting: Bool { fault != nil }

    func fails(at number: Int, _ code: Int32) {
        made = 0
        fault = (number, code)
    }

    private func called() -> Int32 {
        defer { made += 1 }
        guard let fault, made == fault.number else { return 0 }
        self.fault = nil
        return fault.code
    }

    func store(_ process: Int32) throws -> SchedulingStore {
        faultvfs_enter(disk, process)
        return try state.store(pid: process, busyTimeout: .zero, vfs: FAULTVFS_NAME)
    }

    func owner(_ process: Int32) throws -> SchedulingStore {
        let store = try store(process)
        _ = try store.becomeOwner(resident: false, now: t(0)) { _ in .again(at: t(0)) }
        return store
    }
}
#endif
