// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

/// How schedules move on, and how chains do: always inside the transaction of what makes them.
extension SchedulingStore {
    /// Why an occurrence is done.
    enum Conclusion {
        case succeeded
        /// For good: failed, gave up.
        case failed
        /// Somebody cancelled it: its schedule ends with it.
        case cancelled
    }

    /// The occurrence that was claimed for the first time, or passed over, is followed by the next one of its grid.
    func advance(_ occurrence: Occurrence, now: WallTime, _ manner: SchedulePlanner.Manner) throws {
        let advance = planner.advance(
            from: occurrence.instant, occurrence.terms, identifier: occurrence.identifier, now: now, manner)
        if let missed = advance.missed {
            let span = missed.count == 1 ? "" : " to \(UTCText.seconds(missed.last))"
            try record(
                HistoryEntry(
                    identifier: occurrence.identifier, outcome: .skipped,
                    detail: "\(missed.count) missed, \(UTCText.seconds(missed.first))\(span)", processIdentifier: pid,
                    scheduled: missed.first, ended: now))
        }
        if let note = advance.note {
            try record(
                HistoryEntry(
                    identifier: occurrence.identifier, outcome: .failed, detail: note, processIdentifier: pid,
                    ended: now))
        }
        guard let next = advance.next else { return }
        if try !insert(next, request: occurrence.request, now: now), try !goesOn(occurrence) {
            // After the clock was set, an earlier run that is tried again may have this instant: the schedule goes on behind it.
            var taken = occurrence
            taken.instant = next.instant
            try self.advance(taken, now: now, .claimed)
        }
    }

    /// Whether an occurrence that was never started is pending beside this one.
    private func goesOn(_ occurrence: Occurrence) throws -> Bool {
        let statement = try database.statement(
            "SELECT 1 FROM occurrences WHERE request = ?1 AND id <> ?2 AND state = 0 AND starts = 0 AND forced = 0")
        try statement.bind(occurrence.request, at: 1)
        try statement.bind(occurrence.id, at: 2)
        return try !statement.rows { _ in true }.isEmpty
    }

    /// False if its instant was scheduled before and is not done.
    @discardableResult
    private func insert(_ next: SchedulePlanner.Planned, request: Int64, now: WallTime) throws -> Bool {
        // One that is there already was scheduled before: never twice.
        let statement = try database.statement(
            """
            INSERT OR IGNORE INTO occurrences (id, request, instant, eligible, submitted, waiting) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6)
            """)
        try statement.bind(try takeNumbers(1, now: now), at: 1)
        try statement.bind(request, at: 2)
        try statement.bind(next.instant, at: 3)
        try statement.bind(next.eligible, at: 4)
        try statement.bind(now, at: 5)
        try statement.bind(Int64(next.waiting.rawValue), at: 6)
        try statement.run()
        if database.changes > 0 { return true }
        // One that somebody made due at this very instant is not of the schedule: it makes room.
        let forced = try database.statement(
            "UPDATE OR IGNORE occurrences SET instant = instant - 1 WHERE request = ?1 AND instant = ?2 AND forced = 1")
        try forced.bind(request, at: 1)
        try forced.bind(next.instant, at: 2)
        try forced.run()
        guard database.changes > 0 else { return false }
        try statement.run()
        return database.changes > 0
    }

    /// Passes over due occurrences that were never started, in one commit; history says why. Those that are no longer
    /// pending are left alone.
    package func skip(_ occurrences: [Occurrence], now: WallTime) throws(SchedulingFailure) {
        if occurrences.isEmpty { return }
        try write("skip runs", rings: true) { _ in
            for occurrence in occurrences {
                guard let found = try pending(occurrence.id),
                    found.isUnreadable || found.latestStart.map({ $0 < now }) ?? false
                else { continue }
                let late = found.instant.distance(to: now)
                let detail =
                    found.isUnreadable
                    ? "its terms in the store cannot be read"
                    : "too late by its terms: \(late.roughly) after its instant"
                try pass(over: found, now: now, .skipped, detail: detail)
            }
        }
    }

    private func pass(
        over occurrence: Occurrence, now: WallTime, _ manner: SchedulePlanner.Manner, detail: String
    ) throws {
        try record(
            HistoryEntry(
                identifier: occurrence.identifier, outcome: .skipped, detail: detail, processIdentifier: pid,
                scheduled: occurrence.instant, ended: now))
        if !occurrence.isForced { try advance(occurrence, now: now, manner) }
        try conclude(occurrence, .failed, now: now)
    }

    func pending(_ id: Int64) throws -> Occurrence? {
        let statement = try database.statement(
            "SELECT \(Occurrence.columns) FROM occurrences o JOIN requests r ON r.id = o.request WHERE o.id = ?1 AND o.state = 0"
        )
        try statement.bind(id, at: 1)
        return try statement.rows(Occurrence.init(row:)).first
    }

    /// What came due beside a run that has ended is passed over, where its request wants that.
    func skipOverlapped(by occurrence: Occurrence, started: WallTime, ended: WallTime) throws {
        guard occurrence.terms.overlap == .skip else { return }
        let statement = try database.statement(
            """
            SELECT \(Occurrence.columns) FROM occurrences o JOIN requests r ON r.id = o.request \
            WHERE o.request = ?1 AND o.state = 0 AND o.starts = 0 AND o.forced = 0 AND o.instant > ?2 AND o.eligible <= ?3
            """)
        try statement.bind(occurrence.request, at: 1)
        try statement.bind(started, at: 2)
        try statement.bind(ended, at: 3)
        for late in try statement.rows(Occurrence.init(row:)) {
            try pass(over: late, now: ended, .overlapped, detail: "an earlier run was still going on")
        }
    }

    /// An occurrence is done: it goes. The next one of a schedule that counts from here comes; a request of which nothing is
    /// left goes too, and those that follow it are set free, or skipped.
    func conclude(_ occurrence: Occurrence, _ conclusion: Conclusion, now: WallTime) throws {
        let gone = try database.statement("DELETE FROM occurrences WHERE id = ?1")
        try gone.bind(occurrence.id, at: 1)
        try gone.run()
        if conclusion == .succeeded { try free(followersOf: occurrence.request, now: now) }
        if conclusion != .cancelled, occurrence.terms.schedule?.isGrid == false, try recursAlone(occurrence.request),
            let next = planner.afterEnd(occurrence.terms, identifier: occurrence.identifier, ended: now)
        {
            try insert(next, request: occurrence.request, now: now)
            return
        }
        try removeIfDone(occurrence.request, identifier: occurrence.identifier, now: now)
    }

    /// Whether the request still recurs, and nothing of it is left.
    private func recursAlone(_ request: Int64) throws -> Bool {
        let statement = try database.statement(
            """
            SELECT 1 FROM requests WHERE id = ?1 AND recurring = 1 \
            AND NOT EXISTS (SELECT 1 FROM occurrences WHERE request = ?1)
            """)
        try statement.bind(request, at: 1)
        return try !statement.rows { _ in true }.isEmpty
    }

    // MARK: Chains

    private func removeIfDone(_ request: Int64, identifier: String, now: WallTime) throws {
        let statement = try database.statement(
            "DELETE FROM requests WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM occurrences WHERE request = ?1)")
        try statement.bind(request, at: 1)
        try statement.run()
        if database.changes > 0 { try drop(followersOf: request, identifier: identifier, now: now) }
    }

    /// What was submitted to run after this one succeeded may run.
    private func free(followersOf request: Int64, now: WallTime) throws {
        for (follower, _) in try followers(of: request) {
            try remember(now)
            let occurrences = try database.statement(
                """
                UPDATE occurrences SET state = 0, instant = max(instant, ?2), eligible = max(eligible, ?2), since = ?2 \
                WHERE request = ?1 AND state = 2
                """)
            try occurrences.bind(follower, at: 1)
            try occurrences.bind(now, at: 2)
            try occurrences.run()
            let statement = try database.statement("UPDATE requests SET follows = NULL WHERE id = ?1")
            try statement.bind(follower, at: 1)
            try statement.run()
        }
    }

    /// What was submitted to run after this one succeeded never will.
    func drop(followersOf request: Int64, identifier: String, now: WallTime) throws {
        // A chain may be longer than the stack is deep.
        var gone = [(request, identifier)]
        while let (request, identifier) = gone.popLast() {
            for (follower, name) in try followers(of: request) {
                try record(
                    HistoryEntry(
                        identifier: name, outcome: .skipped, detail: "\(identifier), which it follows, did not succeed",
                        processIdentifier: pid, ended: now))
                for sql in ["DELETE FROM occurrences WHERE request = ?1", "DELETE FROM requests WHERE id = ?1"] {
                    let statement = try database.statement(sql)
                    try statement.bind(follower, at: 1)
                    try statement.run()
                }
                gone.append((follower, name))
            }
        }
    }

    private func followers(of request: Int64) throws -> [(Int64, String)] {
        let statement = try database.statement("SELECT id, identifier FROM requests WHERE follows = ?1 ORDER BY id")
        try statement.bind(request, at: 1)
        return try statement.rows { ($0.integer(0), $0.text(1)) }
    }
}

extension Duration {
    /// Rounded for people.
    fileprivate var roughly: String { Duration.seconds(max(1, clampedMicroseconds / 1_000_000)).spoken }
}
