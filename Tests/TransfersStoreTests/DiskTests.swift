// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)
import BackgroundSurroundings
import CBackgroundFaultVFS
import Foundation
import Testing
import TransfersCore
import TransfersStore

/// A state directory whose database is on a disk in memory, of which one call fails, or at one call of which power is cut.
private final class FaultDisk {
    let state: TemporaryTransfers
    private let disk: OpaquePointer
    /// Calls until it happens; nil: it has happened, or nothing is to happen.
    private(set) var left: Int?
    /// 0 for a power cut.
    private var code: Int32 = 0

    init(seed: UInt64 = 1) throws {
        state = try TemporaryTransfers()
        #expect(faultvfs_register() == 0)
        disk = faultvfs_disk_new(seed)
        faultvfs_disk_observe(
            disk,
            { context, _, _ in
                guard let context else { return 0 }
                return Unmanaged<FaultDisk>.fromOpaque(context).takeUnretainedValue().called()
            }, { _, _ in }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { faultvfs_disk_free(disk) }

    func strikes(after calls: Int, code: Int32) { (left, self.code) = (calls, code) }

    private func called() -> Int32 {
        guard let left else { return 0 }
        self.left = left > 0 ? left - 1 : nil
        guard left == 0 else { return 0 }
        if code == 0 { faultvfs_power_cut(disk) }
        return code
    }

    func store(_ process: Int32) throws -> TransfersStore {
        faultvfs_enter(disk, process)
        return try state.store(pid: process, busyTimeout: .zero, vfs: FAULTVFS_NAME)
    }

    func namesAreDurable() { faultvfs_sync_names(disk) }
}

@Suite("A disk that fails, and power that is cut")
struct DiskTests {
    struct Work: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var body: @Sendable (TransfersStore) throws -> Void
        var isDone: @Sendable (TransfersStore) throws -> Bool
    }

    private static func id(_ store: TransfersStore) throws -> Int64 {
        try #require(try store.transfer(session: "s", identifier: "kept")).id
    }

    static let works: [Work] = [
        Work(
            testDescription: "begin",
            body: { _ = try $0.begin([upload("x"), upload("y")]) },
            isDone: { try $0.list().map(\.identifier) == ["kept", "x", "y"] }),
        Work(
            testDescription: "a durable checkpoint",
            body: { try $0.update(id($0), checkpoint(.paused, 7, position: [1]), durably: true) },
            isDone: { try $0.transfer(id($0))?.checkpoint == checkpoint(.paused, 7, position: [1]) }),
        Work(
            testDescription: "a tick",
            body: { store in
                try store.update(id(store), checkpoint(.running, 9), durably: false)
                _ = try store.flush()
            }, isDone: { try $0.list().first?.acknowledged == 9 }),
        Work(
            testDescription: "an end", body: { try $0.finish(id($0), TransferResult(.succeeded, ended: t(1))) },
            isDone: { try $0.results(session: "s").count == 1 }),
    ]

    /// SQLITE_FULL, IOERR_WRITE, IOERR_FSYNC, BUSY.
    @Test(
        "each call failing: refused with its reason, nothing half done, and the same object goes on", arguments: works)
    func fails(work: Work) throws {
        for code: Int32 in [13, 778, 1034, 5] {
            var failures = 0
            for number in 0..<200 {
                let disk = try FaultDisk()
                let store = try disk.store(1)
                try store.start(upload("kept"))
                disk.strikes(after: number, code: code)
                do {
                    try work.body(store)
                } catch let failure as TransferFailure {
                    failures += 1
                    #expect(failure.code == (code == 13 ? .diskFull : .storage), "\(failure)")
                    #expect(try disk.left != nil || !work.isDone(store))
                }
                if disk.left != nil { break }
                if try !work.isDone(store) { try work.body(store) }
                #expect(try work.isDone(store))
                #expect(try work.isDone(disk.store(2)), "call \(number) failing with \(code)")
            }
            #expect(failures > 0, "the error \(code) never showed")
        }
    }

    private struct Expected: Equatable {
        var attempts = 0
        /// What no loss of power takes, and the latest that was written.
        var durable: Int64 = 0
        var latest: Int64 = 0
        var isEnded = false

        var whenDurable: Expected {
            var durable = self
            durable.durable = latest
            return durable
        }

        func admits(_ line: TransferSummary) -> Bool {
            line.attempts == attempts && (durable...latest).contains(line.acknowledged)
                && (line.state == .ended) == isEnded
        }
    }

    @Test("a power cut takes ticks at the most, and never half of anything", arguments: [1, 2, 3, 4])
    func powerCuts(seed: UInt64) throws {
        let disk = try FaultDisk(seed: seed)
        var random = Numbers(state: seed)
        _ = try disk.store(1_000_000)
        disk.namesAreDurable()
        var books: [String: Expected] = [:]
        var lostTicks = 0
        for process in Int32(1)...60 {
            var doubtful: (name: String, after: Expected?)?
            do {
                let store = try disk.store(process)
                var ids: [String: Int64] = [:]
                for line in try store.list() { ids[line.identifier] = line.id }
                disk.strikes(after: Int(random.next() % 300), code: 0)
                while disk.left != nil {
                    let name = "t\(random.next() % 40)"
                    var after = books[name] ?? Expected()
                    var makesDurable = true
                    let id = ids[name] ?? 0
                    doubtful = (name, after)
                    switch random.next() % 6 {
                    case _ where books[name] == nil:
                        doubtful = (name, Expected())
                        if case .began(let began) = try store.begin(upload(name)) { ids[name] = began.id }
                    case 0 where after.isEnded:
                        doubtful = (name, nil)
                        try store.acknowledge([id])
                    case 1 where !after.isEnded:
                        after.isEnded = true
                        doubtful = (name, after)
                        try store.finish(id, TransferResult(.succeeded, ended: t(1)))
                    case 2...3 where !after.isEnded:
                        after.attempts += 1
                        after.latest += 100
                        doubtful = (name, after)
                        try store.update(
                            id, checkpoint(.running, after.latest, attempts: after.attempts), durably: true)
                    default:
                        if after.isEnded { continue }
                        makesDurable = false
                        after.latest += 1
                        doubtful = (name, after)
                        try store.update(
                            id, checkpoint(.running, after.latest, attempts: after.attempts), durably: false)
                        try store.flush()
                    }
                    if disk.left == nil { break }
                    books[name] = doubtful?.after
                    // A synced log holds everything before it.
                    if makesDurable { books = books.mapValues(\.whenDurable) }
                    doubtful = nil
                }
            } catch _ as TransferFailure where disk.left == nil {}
            // What was in memory of the dead process is gone with it.
            let next = try disk.store(process + 1000)
            let lines = try next.list()
            for line in lines {
                let expected = books[line.identifier]
                if expected?.admits(line) == true {
                    if line.acknowledged < expected?.latest ?? 0 { lostTicks += 1 }
                    continue
                }
                var after = doubtful?.name == line.identifier ? doubtful?.after : nil
                // A commit that is there brings everything before it; a tick alone may be half the way.
                if let begun = expected, let new = after, new.attempts == begun.attempts, new.isEnded == begun.isEnded {
                    after?.durable = begun.durable
                } else {
                    after = after?.whenDurable
                }
                #expect(after?.admits(line) == true, "\(line) instead of \(String(describing: expected))")
                books[line.identifier] = after
            }
            let names = Set(lines.map(\.identifier))
            for name in books.keys where !names.contains(name) {
                let mayBeGone = doubtful.map { $0.name == name && $0.after == nil } ?? false
                #expect(mayBeGone, "\(name) is lost")
                books[name] = nil
            }
            for line in lines {
                books[line.identifier]?.latest = line.acknowledged
                books[line.identifier]?.durable = line.acknowledged
            }
            next.close()
        }
        #expect(books.count > 5)
        #expect(lostTicks > 0, "no tick was ever lost: the cut cuts nothing")
    }
}

/// SplitMix64.
private struct Numbers {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
#endif
