// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import Foundation
import TransfersCore
import TransfersStore

/// A state directory of a test's own, removed with its last reference.
final class TemporaryTransfers {
    let root: String
    let directory: StateDirectory

    init() throws {
        // In memory where there is such a place: no test here cuts the power of a real disk.
        let parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : NSTemporaryDirectory()
        root = parent + "/transfers-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: root, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        directory = StateDirectory(path: root + "/state")
    }

    deinit { try? FileManager.default.removeItem(atPath: root) }

    var database: String { directory.path + "/transfers.sqlite" }

    /// A store of its own connection, lock files and doorbell: as another process would have.
    func store(
        machine: String = "m1", boot: String = "b1", pid: Int32 = 100, busyTimeout: Duration = .milliseconds(50),
        vfs: String? = nil, as role: StoreRole = .app
    ) throws(TransferFailure) -> TransfersStore {
        try TransfersStore(
            directory: directory, machine: machine, boot: boot, pid: pid, busyTimeout: busyTimeout, vfs: vfs, as: role)
    }

    /// A connection past the store, for looking and for mischief.
    func connection() throws -> Database {
        try Database(path: database, mode: .existing, busyTimeout: .milliseconds(50))
    }
}

/// An instant, so many seconds after the one at which these tests begin.
func t(_ seconds: Int64) -> WallTime { WallTime(microseconds: 1_700_000_000_000_000 + seconds * 1_000_000) }

func upload(
    _ identifier: String, session: String = "s", url: String = "https://example.org/up", path: String = "/movie",
    fields: HeaderFields = HeaderFields(), policy: TransferPolicy = TransferPolicy(), earliest: WallTime? = nil
) -> TransferIntent {
    TransferIntent(
        session: session, identifier: identifier,
        work: .upload(
            SourceIdentity(path: path, device: 1, inode: 2, size: 300, modifiedNanoseconds: 4), method: .tus),
        httpMethod: "POST", url: url, fields: fields, policy: policy, taskDescription: "about " + identifier,
        created: t(0), earliest: earliest, deadline: t(1000))
}

func download(_ identifier: String, session: String = "s", url: String = "https://example.org/down") -> TransferIntent {
    TransferIntent(
        session: session, identifier: identifier,
        work: .download(DownloadTarget(destination: "/there", partial: "/there.part")), httpMethod: "GET", url: url,
        created: t(0), deadline: t(1000))
}

func checkpoint(
    _ state: TransferCheckpoint.State, _ acknowledged: Int64 = 0, of total: Int64? = nil, position: [UInt8] = [],
    attempts: Int = 0
) -> TransferCheckpoint {
    var checkpoint = TransferCheckpoint(state: state)
    checkpoint.acknowledged = acknowledged
    checkpoint.total = total
    checkpoint.position = position
    checkpoint.attempts = attempts
    return checkpoint
}

extension TransfersStore {
    /// Begins one and returns it.
    @discardableResult
    func start(_ intent: TransferIntent) throws -> StoredTransfer {
        switch try begin(intent) {
        case .began(let transfer), .attached(let transfer): transfer
        case .refused(let failure): throw failure
        }
    }
}
