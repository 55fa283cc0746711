// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import SchedulingCore
import Synchronization

/// One connection to a store's file, which threads and processes share: transactions, judged errors, a log that is kept
/// short.
///
/// Every call blocks, may be made on any thread, and is at most one commit. Calls of one object exclude each other; those
/// of several objects and processes wait for each other at most the busy timeout.
package final class SharedDatabase: Sendable {
    // State page.
    // - `database`: one connection, used only inside `state`'s lock.
    // - `State`: guarded by itself.
    // - `guards` is a descriptor that never changes; its calls are thread-safe.
    private struct State {
        /// Set when the file was found damaged and set aside, or the object was closed: nothing more is written.
        var broken: SchedulingFailure?
        /// The size of the log, in pages, at which it is copied into the database.
        var checkpointAt = SharedDatabase.checkpointPages
    }

    /// How much a commit bears.
    package enum Durability: Sendable {
        /// It is on stable storage when the call returns.
        case full
        /// A loss of power may take it, but never what was made durable before it, nor leave half of it (synchronous=NORMAL,
        /// https://www.sqlite.org/pragma.html#pragma_synchronous). The death of the process takes nothing.
        case ordered
    }

    private static let checkpointPages = 1000
    /// Bytes of the lock file.
    private static let opening: Int64 = 0
    private static let checkpointing: Int64 = 1

    private let file: StoreFile
    private let guards: LockFile
    private let lockPatience: Duration
    private let state = Mutex(State())
    /// Unsafe only to the compiler: it is used inside `state`'s lock alone.
    private nonisolated(unsafe) let database: Database

    /// - Parameter lockPath: the file whose bytes guard making, judging and copying; never deleted.
    package init(
        _ file: StoreFile, lockPath: String, machine: String, lockPatience: Duration
    ) throws(SchedulingFailure) {
        // Before the lock file, which would be made.
        if file.role == .visitor { try file.requireIt() }
        self.file = file
        self.lockPatience = lockPatience
        let guards = try LockFile(lockPath)
        try guards.lock(Self.opening, within: lockPatience)
        // When this throws, closing the lock file unlocks it.
        database = try file.open(machine: machine)
        guards.unlock(Self.opening)
        self.guards = guards
    }

    /// One commit, undone when `body` throws.
    package func write<R: Sendable>(
        _ doing: String, _ durability: Durability = .full, _ body: (Database) throws -> R
    ) throws(SchedulingFailure) -> R {
        try run(doing) { state in
            if let refusal = file.refusal(toWriteTo: database, doing: doing) { throw refusal }
            if durability == .ordered { try database.execute("PRAGMA synchronous = NORMAL") }
            defer { if durability == .ordered { try? database.execute("PRAGMA synchronous = FULL") } }
            let result = try database.transaction { try body(database) }
            checkpointIfLong(&state)
            return result
        }
    }

    /// One consistent look, without a commit.
    package func read<R: Sendable>(
        _ doing: String, _ body: (Database) throws -> R
    ) throws(SchedulingFailure) -> R {
        try run(doing) { _ in try database.snapshot { try body(database) } }
    }

    /// A number that differs after another connection has committed.
    package func dataVersion() throws(SchedulingFailure) -> Int64 {
        try run("look for changes in the store") { _ in try database.dataVersion() }
    }

    /// Every later call fails.
    package func close() {
        state.withLock { state in
            state.broken = SchedulingFailure(
                .misuse, doing: "use the store", subject: file.path, cause: "it was closed",
                remedy: "Nothing: its owner is done with it.")
        }
    }

    private func run<R: Sendable>(_ doing: String, _ body: (inout State) throws -> R) throws(SchedulingFailure) -> R {
        try state.withLock { state throws(SchedulingFailure) -> R in
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
    private func checkpointIfLong(_ state: inout State) {
        let pages = database.logPages
        guard pages > state.checkpointAt else {
            if pages < Self.checkpointPages { state.checkpointAt = Self.checkpointPages }
            return
        }
        // While a reader keeps the log from starting anew, the next try is one more such length away.
        state.checkpointAt = pages + Self.checkpointPages
        guard guards.tryLock(Self.checkpointing) else { return }
        defer { guards.unlock(Self.checkpointing) }
        try? database.checkpoint(patience: .milliseconds(50), thenBusyTimeout: file.busyTimeout)
    }
}
