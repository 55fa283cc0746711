// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore
import Synchronization

/// The requests, occurrences and history of one app, in one SQLite file that several processes share.
///
/// Every call blocks, may be made on any thread, and is at most one durable commit; reads make none. Calls of one store
/// object exclude each other; those of several objects and processes wait for each other at most the busy timeout.
package final class SchedulingStore: Sendable {
    // State page.
    // - `database`: one connection, used only inside `lock`.
    // - `State`: what this object remembers; guarded by `lock`.
    // - The lock files and the doorbell are descriptors that never change; their calls are thread-safe.
    struct State: Sendable {
        /// Set when the file was found damaged and set aside: nothing more is written to it.
        var broken: SchedulingFailure?
        /// Our row in `owners`, while we hold its byte in the lock file.
        var owner: Int64?
        /// The size of the log, in pages, at which it is copied into the database.
        var checkpointAt = SchedulingStore.checkpointPages
        /// How many commits of this object rang.
        var ringing = 0
    }

    static let checkpointPages = 1000
    /// By how many pages more an urgent commit lets the log grow.
    private static let urgentPages = 400

    /// How long one waits for a lock that another process holds for milliseconds: a stopped process holds it for ever. A
    /// submission may wait for two of them and for SQLite (5 s), and stays below the 25 s that people take for a hang.
    package static let lockPatience: Duration = .seconds(8)

    /// Bytes of `store.lock`.
    private static let opening: Int64 = 0
    private static let checkpointing: Int64 = 1

    package let directory: StateDirectory
    let pid: Int32
    let boot: String
    let historyLimit: Int64
    let planner: SchedulePlanner
    let owners: LockFile
    private let lockPatience: Duration
    private let file: StoreFile
    private let guards: LockFile
    private let doorbell: Doorbell
    private let neighbours: (any StoreNeighbours)?
    /// Guards itself; told inside `lock`.
    let recording = Recording()
    private let lock = Mutex(State())
    /// Unsafe only to the compiler: it is used inside `lock` alone.
    nonisolated(unsafe) let database: Database

    /// Opens the store in this directory, made when it is missing.
    ///
    /// - Throws: `stateUnusable`, `storeCorrupt` (set aside), `storeTooNew`, `storeForeign` (both left alone),
    ///   `storeBusy`, `diskFull`, `storeFailed`.
    package init(
        directory: StateDirectory, machine: String, boot: String, pid: Int32, busyTimeout: Duration = .seconds(5),
        historyLimit: Int = 10_000, planner: SchedulePlanner = SchedulePlanner(), vfs: String? = nil,
        lockPatience: Duration = SchedulingStore.lockPatience, neighbours: (any StoreNeighbours)? = nil,
        as role: StoreRole = .app
    ) throws(SchedulingFailure) {
        try role == .app ? directory.open() : directory.look()
        self.lockPatience = lockPatience
        self.directory = directory
        self.pid = pid
        self.boot = boot
        self.neighbours = neighbours
        self.historyLimit = Int64(max(1, historyLimit))
        self.planner = planner
        file = StoreFile(
            path: directory.path + "/scheduling.sqlite", format: StoreSchema.format, vfs: vfs, busyTimeout: busyTimeout,
            role: role)
        // Before the lock files, which would be made.
        if role == .visitor { try file.requireIt() }
        let guards = try LockFile(directory.path + "/store.lock")
        owners = try LockFile(directory.path + "/owners.lock")
        doorbell = try Doorbell(directory.path + "/doorbell")
        try guards.lock(Self.opening, within: lockPatience)
        // When this throws, closing the lock file unlocks it.
        database = try file.open(machine: machine)
        guards.unlock(Self.opening)
        self.guards = guards
    }

    // MARK: Transactions

    /// One durable commit, undone when `body` throws. `rings`: others may care. `isUrgent`: something is late already.
    func write<R: Sendable>(
        _ doing: String, rings: Bool = false, isUrgent: Bool = false, _ body: (inout State) throws -> R
    ) throws(SchedulingFailure) -> R {
        let result = try run(doing) { state in
            if let refusal = file.refusal(toWriteTo: database, doing: doing) { throw refusal }
            let before = state
            do {
                let result = try database.transaction { try body(&state) }
                if rings { state.ringing += 1 }
                recording.committed()
                // Handlers do not wait for a copy that the next commit can make as well.
                checkpointIfLong(&state, by: isUrgent ? Self.urgentPages : 0)
                return result
            } catch {
                recording.forget()
                // An owner whose row was not committed is none.
                if let owner = state.owner, owner != before.owner { owners.unlock(owner) }
                state = before
                throw error
            }
        }
        neighbours?.committed()
        if rings { ring() }
        return result
    }

    /// One consistent look, without a commit.
    func read<R: Sendable>(_ doing: String, _ body: (State) throws -> R) throws(SchedulingFailure) -> R {
        try run(doing) { state in try database.snapshot { try body(state) } }
    }

    private func run<R: Sendable>(_ doing: String, _ body: (inout State) throws -> R) throws(SchedulingFailure) -> R {
        try lock.withLock { state throws(SchedulingFailure) -> R in
            if let broken = state.broken { throw broken }
            do {
                return try body(&state)
            } catch let failure as SchedulingFailure {
                throw failure
            } catch let error as SQLiteError {
                throw judge(error, doing, &state)
            } catch {
                throw SchedulingFailure(
                    .storeFailed, doing: doing, subject: file.path, cause: "\(error)", remedy: "Report this as a bug.")
            }
        }
    }

    /// Damage is confirmed before the file is set aside, under the lock that keeps others from making a new one.
    private func judge(_ error: SQLiteError, _ doing: String, _ state: inout State) -> SchedulingFailure {
        let failure = SchedulingFailure(error, doing: doing, path: file.path)
        guard error.isDamage, file.role == .app,
            (try? guards.lock(Self.opening, within: lockPatience)) != nil
        else { return failure }
        defer { guards.unlock(Self.opening) }
        if let answer = try? database.text("PRAGMA quick_check(1)"), answer == "ok" { return failure }
        let aside = file.setAside(doing: doing, cause: error.message)
        state.broken = aside
        return aside
    }

    /// Copies a long log into the database, unless another process is at it. Best effort: the commit stands anyway.
    private func checkpointIfLong(_ state: inout State, by more: Int) {
        let pages = database.logPages
        guard pages > state.checkpointAt + more else {
            if pages < Self.checkpointPages { state.checkpointAt = Self.checkpointPages }
            return
        }
        // While a reader keeps the log from starting anew, the next try is one more such length away.
        state.checkpointAt = pages + Self.checkpointPages
        guard guards.tryLock(Self.checkpointing) else { return }
        defer { guards.unlock(Self.checkpointing) }
        try? database.checkpoint(patience: .milliseconds(50), thenBusyTimeout: file.busyTimeout)
    }

    /// Ends the use of this store as the death of its process would: its locks are gone, and every later call fails.
    package func close() {
        lock.withLock { state in
            if let owner = state.owner { owners.unlock(owner) }
            state.owner = nil
            state.broken = SchedulingFailure(
                .misuse, doing: "use the store", subject: file.path, cause: "it was closed",
                remedy: "Nothing: its process is over.")
        }
    }

    /// Lets go of what this owner holds, as its death would: others recover it. It may become an owner again.
    package func forsake() {
        lock.withLock { state in
            if let owner = state.owner { owners.unlock(owner) }
            state.owner = nil
        }
    }

    // MARK: Beside the transactions

    /// Runs `body` while no other thread or process arms a wake-up. Never inside a call of this store.
    ///
    /// - Throws: `storeBusy` when another process arms for longer than `lockPatience`; what `body` throws.
    package func withArmingLock<R>(_ body: () throws(SchedulingFailure) -> R) throws(SchedulingFailure) -> R {
        // An opening of its own, so that threads of one process exclude each other too; closing it unlocks.
        let arming = try LockFile(directory.path + "/arming.lock")
        if let neighbours, !arming.tryLock(0) { throw neighbours.cannotWait(for: arming.path) }
        if neighbours == nil { try arming.lock(0, within: lockPatience) }
        defer { arming.unlock(0) }
        return try body()
    }

    /// Differs after a commit of another connection, and after one of this object that others may care about and that rang
    /// by itself: after those that a runner rings for it stays the same.
    package func stamp() throws(SchedulingFailure) -> StoreStamp {
        try run("look for changes in the store") { state in
            StoreStamp(version: try database.dataVersion(), ringing: state.ringing)
        }
    }

    /// Calls `onRing` after commits that others may care about, one's own among them, on a queue of its own; nil where
    /// that cannot be had, and then one asks again in time.
    package func watch(_ onRing: @escaping @Sendable () -> Void) -> (any DoorbellHearing)? {
        if let neighbours { return neighbours.watch(onRing) }
        return DoorbellWatch(path: doorbell.path, onRing: onRing)
    }

    /// Others may care about what was committed.
    package func ring() {
        if let neighbours { neighbours.ring() } else { doorbell.ring() }
    }

    /// The same for every commit, also those that only their own process cares about.
    package func watchCommits(_ onCommit: @escaping @Sendable () -> Void) -> DoorbellWatch? {
        DoorbellWatch(path: file.path + "-wal", onRing: onCommit)
    }
}
