// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import SchedulingCore

/// A new request meets what its identifier has pending, and what it follows. Inside the transaction that submits it.
extension SchedulingStore {
    /// Whether the new request is to be inserted under this number, after what was in its way went.
    func makeWay(for new: NewRequest, number: Int64, now: WallTime) throws -> Bool {
        switch new.conflict {
        case .keep: return false
        case .fail:
            throw SchedulingFailure(
                .notPermitted, doing: "submit a request for", subject: new.identifier,
                cause: "one that was never started is pending, and the conflict policy is to fail",
                remedy: "Cancel the pending one first, or use another conflict policy.")
        case .replace: return try replace(new, number: number, now: now)
        }
    }

    private func replace(_ new: NewRequest, number: Int64, now: WallTime) throws -> Bool {
        let statement = try database.statement(
            "SELECT id, terms FROM requests WHERE identifier = ?1 AND begun = 0")
        try statement.bind(new.identifier, at: 1)
        let found = try statement.rows { ($0.integer(0), $0.optionalText(1)) }.first
        guard let (old, text) = found else { return true }
        let terms = text.flatMap(StoredTerms.decode)
        if let schedule = new.terms.schedule, schedule == terms?.schedule, !new.hasEarliest {
            try amend(old, with: new, terms)
            return false
        }
        try dropPending(of: old, new, now: now)
        try detachRunning(old, terms)
        let followers = try database.statement("UPDATE requests SET follows = ?2 WHERE follows = ?1")
        try followers.bind(old, at: 1)
        try followers.bind(number, at: 2)
        try followers.run()
        return true
    }

    /// The same schedule again: when it runs stays as it is, and the rest is taken over.
    private func amend(_ request: Int64, with new: NewRequest, _ old: RequestTerms?) throws {
        var terms = new.terms
        terms.earliest = old?.earliest
        let statement = try database.statement(
            "UPDATE requests SET kind = ?2, requirements = ?3, terms = ?4, input = ?5, replaces = ?6 WHERE id = ?1")
        try statement.bind(request, at: 1)
        try statement.bind(Int64(new.kind.rawValue), at: 2)
        try statement.bind(Int64(new.requirements.rawValue), at: 3)
        try statement.bind(try StoredTerms.encode(terms), at: 4)
        try statement.bind(new.input, at: 5)
        try statement.bind(new.terms.overlap == .replace ? 1 : 0, at: 6)
        try statement.run()
    }

    private func dropPending(of request: Int64, _ new: NewRequest, now: WallTime) throws {
        let statement = try database.statement(
            "SELECT id, instant FROM occurrences WHERE request = ?1 AND state <> 1 ORDER BY id")
        try statement.bind(request, at: 1)
        for (occurrence, instant) in try statement.rows({ ($0.integer(0), $0.time(1)) }) {
            // The task of a transfer session moves with every sign of life.
            if new.kind != .transfers {
                try record(
                    HistoryEntry(
                        identifier: new.identifier, outcome: .replaced, processIdentifier: pid, scheduled: instant,
                        ended: now))
            }
            let gone = try database.statement("DELETE FROM occurrences WHERE id = ?1")
            try gone.bind(occurrence, at: 1)
            try gone.run()
        }
    }

    /// A run of a recurring request that goes on ends as one of a request that does not recur; without one, the request goes.
    private func detachRunning(_ request: Int64, _ terms: RequestTerms?) throws {
        var once = terms ?? .plain
        once.schedule = nil
        let keep = try database.statement(
            "UPDATE requests SET begun = id, recurring = 0, terms = ?2 WHERE id = ?1 AND EXISTS (SELECT 1 FROM occurrences WHERE request = ?1)"
        )
        try keep.bind(request, at: 1)
        try keep.bind(try StoredTerms.encode(once), at: 2)
        try keep.run()
        if database.changes > 0 { return }
        let gone = try database.statement("DELETE FROM requests WHERE id = ?1")
        try gone.bind(request, at: 1)
        try gone.run()
    }

    // MARK: Chains

    /// The new request waits for the newest of the identifier that it follows.
    func chain(_ number: Int64, _ new: NewRequest) throws {
        guard let identifier = new.follows else { return }
        func refuse(_ cause: String, _ remedy: String) -> SchedulingFailure {
            SchedulingFailure(
                .notPermitted, doing: "submit a request for", subject: new.identifier,
                cause: "it is to run after \(identifier.debugDescription), \(cause)", remedy: remedy)
        }
        let statement = try database.statement(
            "SELECT id FROM requests WHERE identifier = ?1 AND id <> ?2 ORDER BY id DESC LIMIT 1")
        try statement.bind(identifier, at: 1)
        try statement.bind(number, at: 2)
        guard let first = try statement.rows({ $0.integer(0) }).first else {
            throw refuse(
                "of which nothing is pending or running",
                "Submit both in one call of submit(contentsOf:), or this one while the other is pending.")
        }
        let link = try database.statement("UPDATE requests SET follows = ?2 WHERE id = ?1")
        try link.bind(number, at: 1)
        try link.bind(first, at: 2)
        try link.run()
        let wait = try database.statement("UPDATE occurrences SET state = 2 WHERE request = ?1")
        try wait.bind(number, at: 1)
        try wait.run()
        // A long chain that is submitted from its beginning is not followed back for each of its links.
        if try isFollowed(number), try leads(from: first, to: number) {
            throw refuse("which runs after it: a circle that would never begin", "Take one of the links away.")
        }
    }

    private func isFollowed(_ number: Int64) throws -> Bool {
        let statement = try database.statement("SELECT 1 FROM requests WHERE follows = ?1 LIMIT 1")
        try statement.bind(number, at: 1)
        return try !statement.rows { _ in true }.isEmpty
    }

    private func leads(from first: Int64, to number: Int64) throws -> Bool {
        let statement = try database.statement(
            """
            WITH RECURSIVE chain (id) AS (SELECT ?1 UNION SELECT r.follows FROM requests r JOIN chain c ON r.id = c.id \
            WHERE r.follows IS NOT NULL) SELECT 1 FROM chain WHERE id = ?2
            """)
        try statement.bind(first, at: 1)
        try statement.bind(number, at: 2)
        return try !statement.rows { _ in true }.isEmpty
    }
}
