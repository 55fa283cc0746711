// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

/// What is kept of a background activity across launches.
package struct ActivityRecord: Hashable, Sendable {
    /// From when its interval counts: its last run, or when it was first scheduled. Nil: nothing waits.
    package var since: WallTime?
    /// When it last ran, deferred runs included.
    package var fired: WallTime?
    /// How often it ran, deferred runs not included.
    package var count: Int
}

/// Who may run an activity now.
package enum ActivityClaim: Hashable, Sendable {
    /// This process.
    case granted
    /// Another process did; the interval counts from `since`, and nil means that it is over.
    case taken(since: WallTime?)
}

extension SchedulingStore {
    /// What is kept under this identifier; nil if it was never scheduled.
    package func activity(_ identifier: String) throws(SchedulingFailure) -> ActivityRecord? {
        try read("look up an activity") { _ in try record(of: identifier) }
    }

    /// Notes that an activity is scheduled, and returns from when its interval counts: what another launch left, else now.
    /// An instant that has not come yet was written under a wrong clock, and is now.
    package func scheduleActivity(
        _ identifier: String, repeats: Bool, now: WallTime
    ) throws(SchedulingFailure) -> WallTime {
        let found = try activity(identifier)
        if let since = found?.since, since <= now { return since }
        return try write("schedule an activity") { _ in
            let found = try record(of: identifier)
            let kept = found?.since ?? (repeats ? found?.fired : nil) ?? now
            let since = min(kept, now)
            let statement = try database.statement(
                """
                INSERT INTO activities (identifier, since) VALUES (?1, ?2) \
                ON CONFLICT (identifier) DO UPDATE SET since = excluded.since
                """)
            try statement.bind(identifier, at: 1)
            try statement.bind(since, at: 2)
            try statement.run()
            return since
        }
    }

    /// Takes the run whose interval counts from `since`: one process gets it, and from then on the interval counts from
    /// now.
    package func claimActivity(
        _ identifier: String, since: WallTime, now: WallTime
    ) throws(SchedulingFailure) -> ActivityClaim {
        try write("claim an activity") { _ in
            let statement = try database.statement(
                """
                UPDATE activities SET since = ?3, fired = ?3, count = count + 1 WHERE identifier = ?1 AND since = ?2
                """)
            try statement.bind(identifier, at: 1)
            try statement.bind(since, at: 2)
            try statement.bind(now, at: 3)
            try statement.run()
            return database.changes > 0 ? .granted : .taken(since: try record(of: identifier)?.since)
        }
    }

    /// Notes what became of the run that was claimed at `fired`: `since` is from when the interval counts after it, and nil
    /// means that nothing waits. A deferred run does not count.
    package func endActivity(
        _ identifier: String, fired: WallTime, since: WallTime?, isDeferred: Bool
    ) throws(SchedulingFailure) {
        try write("end an activity") { _ in
            let statement = try database.statement(
                "UPDATE activities SET since = ?3, count = count - ?4 WHERE identifier = ?1 AND since = ?2")
            try statement.bind(identifier, at: 1)
            try statement.bind(fired, at: 2)
            try statement.bind(since, at: 3)
            try statement.bind(isDeferred ? 1 : 0, at: 4)
            try statement.run()
        }
    }

    private func record(of identifier: String) throws -> ActivityRecord? {
        let statement = try database.statement("SELECT since, fired, count FROM activities WHERE identifier = ?1")
        try statement.bind(identifier, at: 1)
        return try statement.rows {
            ActivityRecord(since: $0.optionalTime(0), fired: $0.optionalTime(1), count: Int($0.integer(2)))
        }.first
    }
}
