// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import BackgroundSurroundings
import SchedulingCore
import Synchronization
import TransfersCore

/// The transfers of one app, in one SQLite file that several processes share.
///
/// Every call blocks, may be made on any thread, and is at most one commit; reads make none. Calls of one store object
/// exclude each other; those of several wait for each other at most the busy timeout. Only the owner of a session
/// (`own`) moves its transfers; others begin, look, ask (`ask`) and take results.
package final class TransfersStore: Sendable {
    // State page.
    // - `moving`: what the owner has not written yet; its lock is held while it is written, so that nothing older comes
    //   after something newer. Taken before `database`'s own lock, never inside it.
    // - The rest guards itself, or never changes.
    struct Moving {
        /// The latest checkpoint of each that was not worth a commit of its own.
        var pending: [Int64: TransferCheckpoint] = [:]
        /// What is on the books of those that move here.
        var written: [Int64: TransferCheckpoint] = [:]
    }

    package let directory: StateDirectory
    let pid: Int32
    let boot: String
    let database: SharedDatabase
    let moving = Mutex(Moving())
    private let doorbell: Doorbell
    private let neighbours: (any StoreNeighbours)?

    /// The folder of what transfers keep beside the database: locks of sessions, partial files, snapshots.
    package static func folder(in directory: StateDirectory) -> String { directory.path + "/transfers" }

    /// Opens the store in this directory, made when it is missing.
    ///
    /// - Throws: `storage`: the directory or the file cannot be used (damaged ones are set aside, newer and foreign ones
    ///   left alone); `diskFull`.
    package init(
        directory: StateDirectory, machine: String, boot: String, pid: Int32, busyTimeout: Duration = .seconds(5),
        vfs: String? = nil, lockPatience: Duration = .seconds(8), neighbours: (any StoreNeighbours)? = nil,
        as role: StoreRole = .app
    ) throws(TransferFailure) {
        self.directory = directory
        self.pid = pid
        self.boot = boot
        self.neighbours = neighbours
        do throws(SchedulingFailure) {
            try role == .app ? directory.open() : directory.look()
            let file = StoreFile(
                path: directory.path + "/transfers.sqlite", format: TransfersSchema.format, vfs: vfs,
                busyTimeout: busyTimeout, role: role)
            database = try SharedDatabase(
                file, lockPath: directory.path + "/transfers.lock", machine: machine, lockPatience: lockPatience)
            doorbell = try Doorbell(directory.path + "/transfers.doorbell")
            if role == .app {
                for folder in ["", "/sessions"] { try makePrivateDirectory(Self.folder(in: directory) + folder) }
            }
        } catch {
            throw TransferFailure(error)
        }
    }

    /// Calls `onRing` after commits of any process, one's own among them, on a queue of its own; nil where that cannot be
    /// had, and then one asks again in time.
    package func watch(_ onRing: @escaping @Sendable () -> Void) -> (any DoorbellHearing)? {
        if let neighbours { return neighbours.watch(onRing) }
        return DoorbellWatch(path: doorbell.path, onRing: onRing)
    }

    /// A number that differs after another connection has committed.
    package func dataVersion() throws(TransferFailure) -> Int64 {
        do throws(SchedulingFailure) { return try database.dataVersion() } catch { throw TransferFailure(error) }
    }

    /// Ends the use of this store: every later call fails. What was not written yet is written, if it can be.
    package func close() {
        _ = try? flush()
        database.close()
    }

    // MARK: Transactions

    func write<R: Sendable>(
        _ doing: String, _ durability: SharedDatabase.Durability = .full, _ body: (TransferRows) throws -> R
    ) throws(TransferFailure) -> R {
        let result: R
        do throws(SchedulingFailure) {
            result = try database.write(doing, durability) { try body(TransferRows(database: $0)) }
        } catch {
            throw TransferFailure(error)
        }
        neighbours?.committed()
        if let neighbours { neighbours.ring() } else { doorbell.ring() }
        return result
    }

    func read<R: Sendable>(_ doing: String, _ body: (TransferRows) throws -> R) throws(TransferFailure) -> R {
        do throws(SchedulingFailure) {
            return try database.read(doing) { try body(TransferRows(database: $0)) }
        } catch {
            throw TransferFailure(error)
        }
    }
}
