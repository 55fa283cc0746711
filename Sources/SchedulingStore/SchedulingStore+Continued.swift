// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

/// Continued tasks as other processes see them: a row while one runs, a row of history when it has ended.
extension SchedulingStore {
    /// This owner runs a continued task; the number names its row from now on.
    package func continuedStarted(_ progress: ContinuedProgress, now: WallTime) throws(SchedulingFailure) -> Int64 {
        try write("record a continued task", rings: true) { state in
            let statement = try database.statement(
                """
                INSERT INTO continued (owner, identifier, title, subtitle, completed, total, started) \
                VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
                """)
            try statement.bind(try Self.owner(state, "run a continued task in"), at: 1)
            try statement.bind(progress.identifier, at: 2)
            try statement.bind(progress.title, at: 3)
            try statement.bind(progress.subtitle, at: 4)
            try statement.bind(progress.completedUnitCount, at: 5)
            try statement.bind(progress.totalUnitCount, at: 6)
            try statement.bind(now, at: 7)
            try statement.run()
            return database.lastInsertedRow
        }
    }

    /// Notes how far it has come.
    package func continuedProgressed(_ row: Int64, _ progress: ContinuedProgress) throws(SchedulingFailure) {
        try write("record the progress of a continued task") { _ in
            let statement = try database.statement(
                "UPDATE continued SET title = ?2, subtitle = ?3, completed = ?4, total = ?5 WHERE id = ?1")
            try statement.bind(row, at: 1)
            try statement.bind(progress.title, at: 2)
            try statement.bind(progress.subtitle, at: 3)
            try statement.bind(progress.completedUnitCount, at: 4)
            try statement.bind(progress.totalUnitCount, at: 5)
            try statement.run()
        }
    }

    /// It has ended; without a row it ended before it started.
    package func continuedEnded(_ row: Int64?, _ entry: HistoryEntry) throws(SchedulingFailure) {
        try write("record the end of a continued task", rings: true) { _ in
            try record(entry)
            guard let row else { return }
            let statement = try database.statement("DELETE FROM continued WHERE id = ?1")
            try statement.bind(row, at: 1)
            try statement.run()
        }
    }

    /// What live processes of the app run.
    package func continuedTasks() throws(SchedulingFailure) -> [ContinuedProgress] {
        try read("list continued tasks") { state in
            try database.statement(
                """
                SELECT c.identifier, c.title, c.subtitle, c.completed, c.total, w.pid, c.owner \
                FROM continued c JOIN owners w ON w.id = c.owner ORDER BY c.id
                """
            ).rows { row in
                (
                    ContinuedProgress(
                        identifier: row.text(0), title: row.text(1), subtitle: row.text(2),
                        completedUnitCount: row.integer(3), totalUnitCount: row.integer(4),
                        processIdentifier: Int32(truncatingIfNeeded: row.integer(5))), row.integer(6)
                )
            }.filter { isAlive($0.1, state) }.map(\.0)
        }
    }

    /// Asks the processes that run continued tasks of this identifier (nil: any) to stop them. Returns how many.
    package func stopContinued(identifier: String?, reason: ExpirationReason) throws(SchedulingFailure) -> Int {
        try write("ask continued tasks to stop", rings: true) { _ in
            let statement = try database.statement(
                "UPDATE continued SET stop = ?1 WHERE ?2 IS NULL OR identifier = ?2")
            try statement.bind(Int64(reason.rawValue), at: 1)
            try statement.bind(identifier, at: 2)
            try statement.run()
            return database.changes
        }
    }

    /// The continued tasks of this owner that were asked to stop, by identifier.
    package func continuedStopRequests() throws(SchedulingFailure) -> [(identifier: String, reason: ExpirationReason)] {
        try read("look for stop requests") { state in
            guard let owner = state.owner else { return [] }
            let statement = try database.statement(
                "SELECT identifier, stop FROM continued WHERE owner = ?1 AND stop IS NOT NULL")
            try statement.bind(owner, at: 1)
            return try statement.rows { (identifier: $0.text(0), reason: $0.reason(1) ?? .simulated) }
        }
    }

    /// What a dead owner ran has ended with it. Inside the write transaction of a recovery.
    func endContinued(of owner: Int64, now: WallTime, into entries: inout [HistoryEntry]) throws {
        let statement = try database.statement(
            "SELECT c.identifier, c.started, w.pid FROM continued c JOIN owners w ON w.id = c.owner WHERE c.owner = ?1")
        try statement.bind(owner, at: 1)
        entries += try statement.rows {
            HistoryEntry(
                identifier: $0.text(0), outcome: .abandoned, attempt: 1,
                detail: "process \($0.integer(2)) ended while it ran; a continued task ends with its process",
                processIdentifier: Int32(truncatingIfNeeded: $0.integer(2)), scheduled: $0.time(1),
                started: $0.time(1), ended: now)
        }
        let deletion = try database.statement("DELETE FROM continued WHERE owner = ?1")
        try deletion.bind(owner, at: 1)
        try deletion.run()
    }
}
