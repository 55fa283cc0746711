// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import Foundation
import SchedulingCore
import SchedulingStore
import TransfersCore
import TransfersStore

/// A person's home with apps in it, removed with its last reference.
final class TemporaryHome: Sendable {
    let path: String

    init() throws {
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
        path = parent + "/backgroundctl-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path + "/state", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func directory(_ app: String) -> StateDirectory { StateDirectory(path: path + "/state/" + app) }

    func tasks(_ app: String) throws -> SchedulingStore {
        let facts = HostFacts.current()
        return try SchedulingStore(
            directory: directory(app), machine: facts.machineID, boot: facts.bootID, pid: getpid())
    }

    /// The app's store of transfers, and of tasks as every app has that opens it.
    func transfers(_ app: String) throws -> TransfersStore {
        _ = try tasks(app)
        let facts = HostFacts.current()
        return try TransfersStore(
            directory: directory(app), machine: facts.machineID, boot: facts.bootID, pid: getpid())
    }

    /// A connection past the store, for mischief.
    func mischief(_ app: String) throws -> Database {
        try Database(path: directory(app).path + "/transfers.sqlite", mode: .existing, busyTimeout: .seconds(1))
    }

    /// Names, sizes and contents of all files of an app but SQLite's shared index, which a reader writes to.
    func snapshot(_ app: String) throws -> [String: Data] {
        let root = directory(app).path
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) where !name.hasSuffix("-shm") {
            files[name] = FileManager.default.contents(atPath: root + "/" + name) ?? Data()
        }
        return files
    }
}

extension TransfersStore {
    /// Begins one and returns its number.
    @discardableResult
    func add(
        _ identifier: String, session: String = "uploads", url: String = "https://example.org/up",
        fields: HeaderFields = HeaderFields(), in seconds: Int64? = nil,
        _ change: (inout TransferIntent) -> Void = { _ in }
    ) throws -> Int64 {
        let now = SystemClocks().now().wall
        var intent = TransferIntent(
            session: session, identifier: identifier,
            work: .upload(
                SourceIdentity(path: "/home/ann/" + identifier, device: 1, inode: 2, size: 300, modifiedNanoseconds: 4),
                method: .tus), httpMethod: "POST", url: url, fields: fields, created: now,
            earliest: seconds.map { now.advanced(by: .seconds($0)) }, deadline: now.advanced(by: .seconds(86_400)))
        change(&intent)
        switch try begin(intent) {
        case .began(let transfer), .attached(let transfer): return transfer.id
        case .refused(let failure): throw failure
        }
    }

    func move(_ id: Int64, _ state: TransferCheckpoint.State, _ acknowledged: Int64, of total: Int64? = 300) throws {
        var checkpoint = TransferCheckpoint(state: state)
        (checkpoint.acknowledged, checkpoint.total, checkpoint.attempts) = (acknowledged, total, 2)
        try update(id, checkpoint, durably: true)
    }
}
