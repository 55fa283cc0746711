// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import CBackgroundFaultVFS
import Foundation
import SchedulingStore
import Testing

/// A directory for one disk, and the disk.
private final class Scratch {
    let path: String
    let disk: OpaquePointer
    var kills: Int?
    /// Whether all calls after that one fail too, until `kills` is nil.
    var lasts = false
    var failures = 0
    var code: Int32 = 0
    var commits = 0
    var cutsPower = false
    /// Only calls of this kind count; nil: all.
    var kind: faultvfs_call?

    init(seed: UInt64) throws {
        let parent = FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        path = parent + "/background-faultdisk-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        #expect(faultvfs_register() == 0)
        disk = faultvfs_disk_new(seed)
        faultvfs_disk_observe(
            disk,
            { context, process, call in
                guard let context else { return 0 }
                return Unmanaged<Scratch>.fromOpaque(context).takeUnretainedValue().called(process, call)
            },
            { context, _ in
                guard let context else { return }
                Unmanaged<Scratch>.fromOpaque(context).takeUnretainedValue().commits += 1
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    deinit {
        faultvfs_disk_free(disk)
        try? FileManager.default.removeItem(atPath: path)
    }

    /// After `kills` more calls of the VFS it happens.
    private func called(_ process: Int32, _ call: faultvfs_call) -> Int32 {
        guard let left = kills, kind == nil || kind == call else { return 0 }
        kills = left - 1
        guard left <= 0 else { return 0 }
        failures += 1
        kills = lasts ? 0 : nil
        if code != 0 { return code }
        if cutsPower { faultvfs_power_cut(disk) } else { faultvfs_kill(disk, process) }
        return 0
    }

    func open(_ process: Int32, synchronous: String = "FULL") throws -> Database {
        faultvfs_enter(disk, process)
        let database = try Database(path: path + "/db", mode: .create, vfs: FAULTVFS_NAME, busyTimeout: .zero)
        try database.execute("PRAGMA synchronous = \(synchronous); PRAGMA journal_mode = WAL")
        try database.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, filler BLOB NOT NULL)")
        return database
    }
}

/// Inserts rows until the power is cut, again and again; returns how many acknowledged rows were missing afterwards, and
/// how often the database was damaged.
private func lost(cuts: Int, synchronous: String, seed: UInt64) throws -> (rows: Int, damaged: Int, bytes: UInt64) {
    let scratch = try Scratch(seed: seed)
    var random = Seeded(state: seed)
    _ = try scratch.open(1_000_000)
    faultvfs_sync_names(scratch.disk)
    var acknowledged: Int64 = 0
    var missing = 0
    var damaged = 0
    for process in 1...Int32(cuts) {
        scratch.cutsPower = true
        do {
            let database = try scratch.open(process, synchronous: synchronous)
            scratch.kills = Int(random.next() % 400)
            while scratch.kills != nil {
                let row = acknowledged + 1
                let size = random.next() % 6000
                try database.transaction {
                    try database.execute("INSERT OR REPLACE INTO t VALUES (\(row), zeroblob(\(size)))")
                    if row % 7 == 0 { try database.execute("DELETE FROM t WHERE id < \(row - 20)") }
                }
                acknowledged = row
                if row % 13 == 0 { try database.checkpoint(patience: .zero, thenBusyTimeout: .zero) }
            }
        } catch is SQLiteError {
            // The power went in the middle.
        }
        scratch.kills = nil
        faultvfs_reap(scratch.disk)
        do {
            let database = try scratch.open(1_000_000 + process)
            if try database.text("PRAGMA integrity_check") != "ok" { damaged += 1 }
            let last = try database.integer("SELECT max(id) FROM t") ?? 0
            if last < acknowledged { missing += 1 }
            // One more than was acknowledged: its commit was on the disk before the power went.
            if last > acknowledged + 1 { damaged += 1 }
            acknowledged = last
        } catch is SQLiteError {
            damaged += 1
            return (missing, damaged, faultvfs_lost(scratch.disk))
        }
    }
    return (missing, damaged, faultvfs_lost(scratch.disk))
}

private struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}

@Suite struct FaultDiskTests {
    @Test("with synchronous FULL no power cut takes what was committed, nor damages the database")
    func fullKeepsCommits() throws {
        let result = try lost(cuts: 1500, synchronous: "FULL", seed: 1)
        #expect(result.rows == 0)
        #expect(result.damaged == 0)
        #expect(result.bytes > 0)
    }

    @Test("with synchronous NORMAL power cuts take commits, so the disk does lose what is not synced")
    func normalLosesCommits() throws {
        let result = try lost(cuts: 200, synchronous: "NORMAL", seed: 2)
        #expect(result.rows > 0)
    }

    @Test("with synchronous OFF power cuts take commits or damage the database")
    func offLosesCommits() throws {
        let result = try lost(cuts: 200, synchronous: "OFF", seed: 3)
        #expect(result.rows + result.damaged > 0)
    }

    @Test("a process that is killed in any call leaves the others a sound database, and its locks")
    func killsLeaveOthersAlone() throws {
        let scratch = try Scratch(seed: 4)
        let witness = try scratch.open(1)
        for call in 0..<300 {
            do {
                let database = try scratch.open(Int32(2 + call))
                scratch.kills = call
                for row in 0..<20 {
                    try database.execute("INSERT OR REPLACE INTO t VALUES (\(row), zeroblob(\(call)))")
                }
            } catch is SQLiteError {
                // Killed; its connection is let go with it.
            }
            scratch.kills = nil
            faultvfs_reap(scratch.disk)
            try witness.execute("INSERT OR REPLACE INTO t VALUES (1000, zeroblob(\(call)))")
            #expect(try witness.text("PRAGMA integrity_check") == "ok")
        }
        #expect(scratch.commits > 300)
    }

    @Test("an injected error is what SQLite reports, and the next try succeeds", arguments: [Int32(13), 10, 5])
    func injectedErrors(code: Int32) throws {
        let scratch = try Scratch(seed: 5)
        let database = try scratch.open(1)
        scratch.code = code
        var failures = 0
        for call in 0..<40 {
            scratch.kills = call
            do {
                try database.execute("INSERT OR REPLACE INTO t VALUES (\(call), zeroblob(2000))")
            } catch {
                failures += 1
                #expect([5, 10, 13, 14].contains(error.code))
            }
            scratch.kills = nil
            try database.execute("INSERT OR REPLACE INTO t VALUES (\(call), zeroblob(1))")
        }
        #expect(failures > 0)
        #expect(try database.text("PRAGMA integrity_check") == "ok")
    }

    @Test(
        "whichever syncs fail while a store is made and opened: it is opened with a log, or not at all",
        arguments: [false, true])
    func storesHaveLogs(lasting: Bool) throws {
        var refusals = 0
        for sync in 0..<20 {
            let scratch = try Scratch(seed: 9)
            faultvfs_enter(scratch.disk, 1)
            func open() throws -> SchedulingStore {
                try SchedulingStore(
                    directory: StateDirectory(path: scratch.path), machine: "m", boot: "b", pid: 1, vfs: FAULTVFS_NAME)
            }
            scratch.kind = FAULTVFS_SYNC
            scratch.code = 10 | 4 << 8
            scratch.lasts = lasting
            scratch.kills = sync
            let first = try? open()
            scratch.kills = nil
            if first == nil { refusals += 1 }
            let store = try first ?? open()
            let path = store.directory.path + "/scheduling.sqlite"
            let witness = try Database(path: path, mode: .existing, vfs: FAULTVFS_NAME, busyTimeout: .zero)
            #expect(try witness.text("PRAGMA journal_mode") == "wal", "sync \(sync) failed")
            if scratch.failures == 0 { break }
            #expect(sync < 19, "the last sync was not found")
        }
        #expect(refusals > 1)
    }

    @Test("a commit whose sync failed is not there when the log is read anew after its process died")
    func failedCommitStaysFailed() throws {
        let scratch = try Scratch(seed: 6)
        do {
            let database = try scratch.open(1)
            scratch.kind = FAULTVFS_SYNC
            scratch.code = 10 | 4 << 8
            scratch.kills = 0
            #expect(throws: SQLiteError.self) {
                try database.transaction { try database.execute("INSERT INTO t VALUES (1, zeroblob(20000))") }
            }
        }
        #expect(scratch.kills == nil)
        let database = try scratch.open(2)
        #expect(try database.integer("SELECT count(*) FROM t") == 0)
    }

    @Test("what is committed after a sync that failed, and lost its pages, survives a power cut")
    func failedSyncLosesNothingLater() throws {
        let scratch = try Scratch(seed: 7)
        faultvfs_failed_sync_drops(scratch.disk, 1)
        do {
            let database = try scratch.open(1)
            scratch.kind = FAULTVFS_SYNC
            scratch.code = 10 | 4 << 8
            scratch.kills = 0
            try? database.transaction { try database.execute("INSERT INTO t VALUES (1, zeroblob(20000))") }
        }
        do {
            let database = try scratch.open(2)
            try database.transaction { try database.execute("INSERT INTO t VALUES (2, zeroblob(20000))") }
        }
        faultvfs_power_cut(scratch.disk)
        let database = try scratch.open(3)
        #expect(try database.integer("SELECT max(id) FROM t") == 2)
    }

    @Test("a sync that fails may have lost what a dead process left unsynced; what is committed later survives")
    func failedSyncLosesNothingOfTheDead() throws {
        let scratch = try Scratch(seed: 8)
        faultvfs_failed_sync_drops(scratch.disk, 1)
        _ = try scratch.open(1)
        faultvfs_sync_names(scratch.disk)
        do {
            let database = try scratch.open(2)
            scratch.kind = FAULTVFS_SYNC
            scratch.kills = 0
            try? database.transaction { try database.execute("INSERT INTO t VALUES (2, zeroblob(20000))") }
            #expect(scratch.kills == nil)
        }
        faultvfs_reap(scratch.disk)
        do {
            let database = try scratch.open(3)
            #expect(try database.integer("SELECT max(id) FROM t") == 2, "it is in the log, and not on the disk")
            scratch.code = 10 | 4 << 8
            scratch.kills = 0
            try? database.transaction { try database.execute("INSERT INTO t VALUES (3, zeroblob(20000))") }
            #expect(scratch.kills == nil)
        }
        do {
            let database = try scratch.open(4)
            try database.transaction { try database.execute("INSERT INTO t VALUES (4, zeroblob(20000))") }
        }
        faultvfs_power_cut(scratch.disk)
        let database = try scratch.open(5)
        let left = try database.text("SELECT group_concat(id) FROM t")
        #expect(left == "2,4")
    }
}
