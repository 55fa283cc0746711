// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import TransfersCore

extension TransfersStore {
    /// The wall clock was set: what counts from the past (waits after failures, deadlines) moves with it, dates of callers do
    /// not. By the owner of the session only; durable when it returns.
    ///
    /// - Parameters:
    ///   - duration: by how much the clock was moved.
    ///   - now: what it reads since.
    ///   - clock: wall time less boot time since.
    package func clockMoved(
        session: String, by duration: Duration, now: WallTime, clock: Int64
    ) throws(TransferFailure) {
        try write("follow the clock in") { rows in
            try rows.clockMoved(session, by: duration.clampedMicroseconds, now: now)
            let owner = try rows.database.statement("UPDATE sessions SET clock = ?2 WHERE name = ?1")
            try owner.bind(session, at: 1)
            try owner.bind(clock, at: 2)
            try owner.run()
        }
    }
}

extension TransferRows {
    /// Readings of two clocks that are taken one after the other differ a little; a clock that was set by less does no harm.
    static let clockTolerance: Int64 = 1_000_000

    /// The clock may have been set since the last owner of the session; boot time can tell, on the same boot.
    func followClock(of session: String, boot: String, to clock: Int64, now: WallTime) throws {
        let search = try database.statement("SELECT clock FROM sessions WHERE name = ?1 AND boot = ?2")
        try search.bind(session, at: 1)
        try search.bind(boot, at: 2)
        guard let last = try search.rows({ $0.optionalInteger(0) }).first.flatMap(\.self) else { return }
        let moved = clock &- last
        if moved.magnitude > UInt64(Self.clockTolerance) { try clockMoved(session, by: moved, now: now) }
    }

    /// Rows that were made under the clock as it was: what lies ahead of it was made under another one, and what is as young
    /// as the new reading under that.
    fileprivate func clockMoved(_ session: String, by microseconds: Int64, now: WallTime) throws {
        let never = WallTime.distantFuture.microseconds / 2
        let statement = try database.statement(
            """
            UPDATE transfers SET created = created + ?2, \
            due = CASE WHEN state = 0 AND due < ?3 AND reason IN ('retry', 'serverBusy', 'network', 'storage', 'turn') \
            THEN due + ?2 ELSE due END, \
            intent = CASE WHEN json_extract(intent, '$.deadline') < ?3 \
            THEN json_set(intent, '$.deadline', json_extract(intent, '$.deadline') + ?2) ELSE intent END \
            WHERE session = ?1 AND state <> 3 AND created <= ?4 AND created NOT BETWEEN ?5 AND ?6
            """)
        let (before, young) = (now.advanced(by: .microseconds(-microseconds)), Duration.seconds(5))
        try statement.bind(session, at: 1)
        try statement.bind(microseconds, at: 2)
        try statement.bind(never, at: 3)
        try statement.bind(before.advanced(by: .seconds(60)), at: 4)
        try statement.bind(now.advanced(by: .zero - young), at: 5)
        try statement.bind(now.advanced(by: young), at: 6)
        try statement.run()
    }
}
