// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore
import Synchronization

/// What this store wrote, for those who want to tell of it.
package enum Record: Sendable {
    case history(RecordedEntry)
    /// A request, and its occurrence.
    case submitted(NewRequest, run: Int64)
}

/// A row of history, with what history does not keep.
package struct RecordedEntry: Sendable {
    package var row: Int64
    package var entry: HistoryEntry
    /// The occurrence, where it is one that was run.
    package var run: Int64?
    /// When it is due again.
    package var again: WallTime?
}

/// Tells one listener what was committed, each thing once and in order; what is undone is forgotten.
///
/// Everything but `listen` is called inside the store's lock.
final class Recording: Sendable {
    /// Guarded by `state`.
    private struct State {
        var isWanted: @Sendable () -> Bool = { false }
        var listener: @Sendable ([Record]) -> Void = { _ in }
        var records: [Record] = []
    }
    private let state = Mutex(State())

    var isWanted: Bool { state.withLock(\.isWanted)() }

    func listen(while isWanted: @escaping @Sendable () -> Bool, _ listener: @escaping @Sendable ([Record]) -> Void) {
        state.withLock { state in
            state.isWanted = isWanted
            state.listener = listener
        }
    }

    func add(_ record: @autoclosure () -> Record) {
        state.withLock { state in
            if state.isWanted() { state.records.append(record()) }
        }
    }

    func forget() { state.withLock { $0.records = [] } }

    func committed() {
        let (records, listener) = state.withLock { state in
            defer { state.records = [] }
            return (state.records, state.listener)
        }
        if !records.isEmpty { listener(records) }
    }
}

extension SchedulingStore {
    /// Calls `listener` after each commit of this store object that wrote requests or history, before anybody can act on
    /// them: the store is still locked, so it must not block, nor call the store.
    package func listen(
        while isWanted: @escaping @Sendable () -> Bool, _ listener: @escaping @Sendable ([Record]) -> Void
    ) {
        recording.listen(while: isWanted, listener)
    }

    /// The number of the newest row of history; 0: there is none.
    package func newestRecord() throws(SchedulingFailure) -> Int64 {
        try read("read the history") { _ in try presentNewestRecord() }
    }

    func presentNewestRecord() throws -> Int64 { try database.integer("SELECT max(id) FROM history") ?? 0 }

    /// The rows of history after this one, the oldest first.
    package func records(after row: Int64, limit: Int) throws(SchedulingFailure) -> [RecordedEntry] {
        try read("read the history") { _ in try presentRecords(after: row, limit: limit) }
    }

    func presentRecords(after row: Int64, limit: Int) throws -> [RecordedEntry] {
        let statement = try database.statement(
            "SELECT \(HistoryEntry.columns), id FROM history WHERE id > ?1 ORDER BY id LIMIT ?2")
        try statement.bind(row, at: 1)
        try statement.bind(Int64(limit), at: 2)
        return try statement.rows {
            RecordedEntry(row: $0.integer(HistoryEntry.columnCount), entry: HistoryEntry(row: $0))
        }
    }
}
