// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

/// What happens to instants when the wall clock or the system's time zone is set.
extension SchedulingStore {
    /// Sets anew from `now` what was submitted implausibly far ahead of it, as before the wall clock was moved back: each
    /// keeps its distance from its submission; and what was put off then is put off from now. Without any, it reads one row.
    package func reanchor(now: WallTime, implausible: Duration) throws(SchedulingFailure) -> [HistoryEntry] {
        let horizon = now.advanced(by: implausible)
        if try latestSubmission() <= horizon { return [] }
        return try write("set instants anew", rings: true) { _ in
            let late = try putOffAhead(of: horizon, now: now)
            let moved = try movedAhead(of: horizon, now: now)
            for (occurrence, entry) in moved {
                try record(entry, run: occurrence.id)
                try planAnew(occurrence, now: now)
            }
            // Two of one request may lie at the same distance from their submissions, as a retry and the next of a grid do: a
            // few microseconds tell them apart, or one would stay where the wrong clock has put it.
            let statement = try database.statement(
                """
                UPDATE OR IGNORE occurrences SET \
                instant = ?1 + (min(instant, \(Self.farAhead)) - submitted) + ?3 * (1 + (id & 1023)), \
                eligible = max(?1 + (min(instant, \(Self.farAhead)) - submitted), ?1 + (min(eligible, \(Self.farAhead)) \
                - max(submitted, coalesce(since, submitted)))) + ?3 * (1 + (id & 1023)), \
                submitted = ?1, since = NULL WHERE state <> 1 AND submitted > ?2
                """)
            try statement.bind(now, at: 1)
            try statement.bind(horizon, at: 2)
            for shift in [0, 1] as [Int64] {
                try statement.bind(shift, at: 3)
                try statement.run()
            }
            let remembered = try database.statement(
                """
                UPDATE sequence SET latest = \
                max(?1, coalesce((SELECT max(max(submitted, coalesce(since, submitted))) FROM occurrences), ?1))
                """)
            try remembered.bind(now, at: 1)
            try remembered.run()
            return late + moved.map(\.1)
        }
    }

    /// Whether `reanchor` or `rezone` may set an instant anew. It reads two rows.
    package func hasInstantsToMove(now: WallTime, implausible: Duration) throws(SchedulingFailure) -> Bool {
        if try latestSubmission() > now.advanced(by: implausible) { return true }
        return try knownZone().map { $0 != planner.localZone } ?? false
    }

    private func latestSubmission() throws(SchedulingFailure) -> WallTime {
        try read("look for a moved clock") { _ in
            WallTime(microseconds: try database.integer("SELECT latest FROM sequence") ?? .min)
        }
    }

    /// The time zone in which local schedules were counted last; nil: none was noted.
    private func knownZone() throws(SchedulingFailure) -> String? {
        try read("look for a changed time zone") { _ in
            try database.statement("SELECT value FROM meta WHERE key = 'zone'").rows { $0.text(0) }.first
        }
    }

    /// What was put off, given back or set free under a clock far ahead: it keeps its delay from then. Its instant stays, but
    /// for one that was set to the very moment at which it was set free.
    private func putOffAhead(of horizon: WallTime, now: WallTime) throws -> [HistoryEntry] {
        let found = try database.statement(
            """
            SELECT \(Occurrence.columns) FROM occurrences o JOIN requests r ON r.id = o.request \
            WHERE o.state <> 1 AND o.submitted <= ?1 AND o.since > ?1 ORDER BY o.id
            """)
        try found.bind(horizon, at: 1)
        let entries = try found.rows {
            let occurrence = Occurrence(row: $0)
            return HistoryEntry(
                identifier: occurrence.identifier, outcome: .clockMoved,
                detail: "the clock now reads much earlier than when it was put off; it is due as long from now",
                processIdentifier: pid, scheduled: occurrence.instant, ended: now)
        }
        for entry in entries { try record(entry) }
        let statement = try database.statement(
            """
            UPDATE OR IGNORE occurrences SET instant = CASE instant WHEN since THEN ?1 ELSE instant END, eligible = \
            max(CASE instant WHEN since THEN ?1 ELSE instant END, ?1 + (min(eligible, \(Self.farAhead)) - since)), \
            since = ?1 WHERE state <> 1 AND submitted <= ?2 AND since > ?2
            """)
        try statement.bind(now, at: 1)
        try statement.bind(horizon, at: 2)
        try statement.run()
        return entries
    }

    /// Keeps sums of instants within 64 bits, where SQLite would go on with floating point.
    private static let farAhead: Int64 = 1 << 62

    private func movedAhead(of horizon: WallTime, now: WallTime) throws -> [(Occurrence, HistoryEntry)] {
        let statement = try database.statement(
            """
            SELECT \(Occurrence.columns) FROM occurrences o JOIN requests r ON r.id = o.request \
            WHERE o.state <> 1 AND o.submitted > ?1 ORDER BY o.id
            """)
        try statement.bind(horizon, at: 1)
        return try statement.rows {
            let occurrence = Occurrence(row: $0)
            let entry = HistoryEntry(
                identifier: occurrence.identifier, outcome: .clockMoved,
                detail: "the clock now reads much earlier than at the submission; its instant was set anew from now",
                processIdentifier: pid, scheduled: occurrence.instant, ended: now)
            return (occurrence, entry)
        }
    }

    /// An instant of the calendar is counted from the distance at which its submitter named an earliest one. A run of a
    /// schedule that is to be tried again is due: its next one has the distance.
    private func planAnew(_ occurrence: Occurrence, now: WallTime) throws {
        if occurrence.starts > 0, occurrence.terms.schedule != nil {
            let statement = try database.statement(
                "UPDATE OR IGNORE occurrences SET instant = ?2, eligible = ?2, submitted = ?2 WHERE id = ?1")
            try statement.bind(occurrence.id, at: 1)
            try statement.bind(now, at: 2)
            return try statement.run()
        }
        guard case .calendar? = occurrence.terms.schedule?.rule, !occurrence.isForced else { return }
        var earliest = now
        if let named = occurrence.terms.earliest {
            let distance = occurrence.submitted.distance(to: WallTime(microseconds: named))
            earliest = now.advanced(by: max(.zero, distance))
            var terms = occurrence.terms
            terms.earliest = earliest.microseconds
            let statement = try database.statement("UPDATE requests SET terms = ?2 WHERE id = ?1")
            try statement.bind(occurrence.request, at: 1)
            try statement.bind(try StoredTerms.encode(terms), at: 2)
            try statement.run()
        }
        try plan(occurrence, from: earliest, now: now)
    }

    // MARK: Zones

    /// Counts anew what local schedules have pending that lies ahead, if the system's zone is another one than when they
    /// were counted. Returns whether anything may have moved. Without a change, it reads one row.
    package func rezone(now: WallTime) throws(SchedulingFailure) -> Bool {
        let zone = planner.localZone
        if try knownZone() == zone { return false }
        return try write("count local schedules anew", rings: true) { _ in
            let statement = try database.statement(
                """
                SELECT \(Occurrence.columns) FROM occurrences o JOIN requests r ON r.id = o.request \
                WHERE o.state = 0 AND o.starts = 0 AND o.forced = 0 AND o.instant > ?1 AND r.recurring = 1
                """)
            try statement.bind(now, at: 1)
            for occurrence in try statement.rows(Occurrence.init(row:))
            where occurrence.terms.schedule?.isLocal == true {
                let named = occurrence.terms.earliest.map(WallTime.init(microseconds:))
                try plan(occurrence, from: max(now, named ?? now), now: now)
            }
            try remember(now)
            let remember = try database.statement("INSERT OR REPLACE INTO meta (key, value) VALUES ('zone', ?1)")
            try remember.bind(zone, at: 1)
            try remember.run()
            return true
        }
    }

    /// Gives a pending occurrence the first instant of its schedule from `earliest` on. Where that is not to be had, or
    /// another one of its request has it, it keeps its own.
    private func plan(_ occurrence: Occurrence, from earliest: WallTime, now: WallTime) throws {
        guard
            let planned = try? planner.first(occurrence.terms, identifier: occurrence.identifier, earliest: earliest)
        else { return }
        let statement = try database.statement(
            """
            UPDATE OR IGNORE occurrences SET instant = ?2, eligible = ?3, waiting = ?4, submitted = ?5 WHERE id = ?1
            """)
        try statement.bind(occurrence.id, at: 1)
        try statement.bind(planned.instant, at: 2)
        try statement.bind(planned.eligible, at: 3)
        try statement.bind(Int64(planned.waiting.rawValue), at: 4)
        try statement.bind(now, at: 5)
        try statement.run()
    }
}
