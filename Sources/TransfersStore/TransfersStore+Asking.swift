// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import Foundation
import TransfersCore

extension TransfersStore {
    /// The one of this identifier.
    package func transfer(session: String, identifier: String) throws(TransferFailure) -> StoredTransfer? {
        try read("look for a transfer in the store") { try $0.find(session, identifier, JSONDecoder()) }
    }

    /// Whether the one of this identifier has ended, and its end lies in the outbox; nil if there is none. Much cheaper than
    /// reading it.
    package func hasEnded(session: String, identifier: String) throws(TransferFailure) -> Bool? {
        try read("look for a transfer in the store") { rows in
            let statement = try rows.database.statement(
                "SELECT result IS NOT NULL FROM transfers WHERE session = ?1 AND identifier = ?2")
            try statement.bind(session, at: 1)
            try statement.bind(identifier, at: 2)
            return try statement.rows { $0.integer(0) != 0 }.first
        }
    }

    package func transfer(_ id: Int64) throws(TransferFailure) -> StoredTransfer? {
        try read("look for a transfer in the store") { rows in
            let statement = try rows.database.statement(
                "SELECT \(TransferRows.columns) FROM \(TransferRows.tables) WHERE t.id = ?1")
            try statement.bind(id, at: 1)
            return try statement.rows { try TransferRows.transfer($0, JSONDecoder()) }.first
        }
    }

    /// Lines in the order in which the transfers were begun, of one session or of all, in one state or in any; the next page
    /// begins after the last line's id.
    package func list(
        session: String? = nil, state: TransferSummary.State? = nil, after id: Int64 = 0, limit: Int = 10_000
    ) throws(TransferFailure) -> [TransferSummary] {
        try read("list the transfers of the store") { rows in
            let statement = try rows.database.statement(
                """
                SELECT \(TransferRows.summaryColumns) FROM \(TransferRows.tables) \
                WHERE t.id > ?1 AND (?2 IS NULL OR t.session = ?2) AND (?4 IS NULL OR t.state = ?4) ORDER BY t.id LIMIT ?3
                """)
            try statement.bind(id, at: 1)
            try statement.bind(session, at: 2)
            try statement.bind(Int64(max(0, limit)), at: 3)
            try statement.bind(state?.rawValue, at: 4)
            return try statement.rows(TransferRows.summary)
        }
    }

    package func counts(session: String) throws(TransferFailure) -> TransferCounts {
        try read("count the transfers of the store") { try $0.counts(session) }
    }

    /// Sessions that have transfers, by name.
    package func sessions() throws(TransferFailure) -> [String] {
        try read("look for sessions in the store") { rows in
            try rows.database.statement("SELECT DISTINCT session FROM transfers ORDER BY session").rows { $0.text(0) }
        }
    }

    // MARK: What is next

    /// When something is to be done in this session; `unmet` are the demands that the host does not meet now.
    package func outlook(session: String, unmet: TransferDemands = []) throws(TransferFailure) -> TransferOutlook {
        try read("look for the next transfer in the store") { rows in
            func earliest(_ condition: String) throws -> WallTime? {
                let statement = try rows.database.statement(
                    """
                    SELECT due FROM transfers INDEXED BY transfers_state WHERE session = ?1 AND state = 0 \
                    AND demands & ?2 \(condition) 0 ORDER BY due LIMIT 1
                    """)
                try statement.bind(session, at: 1)
                try statement.bind(Int64(unmet.rawValue), at: 2)
                return try statement.rows { $0.optionalTime(0) ?? .distantFuture }.first
            }
            return TransferOutlook(
                ready: try earliest("="), blocked: try earliest("<>"), counts: try rows.counts(session))
        }
    }

    /// What may run now, at most `limit` and of each host at most `perHost`: of each host by priority, then by instant. The
    /// hosts come in turn, those behind `afterHost` first, so that none is passed over for ever.
    ///
    /// What this library cannot read is left out.
    package func candidates(
        session: String, now: WallTime, unmet: TransferDemands = [], limit: Int, perHost: Int = 6,
        afterHost: String = ""
    ) throws(TransferFailure) -> [StoredTransfer] {
        try read("look for due transfers in the store") { rows in
            let decoder = JSONDecoder()
            var found: [StoredTransfer] = []
            let search = HostSearch(rows: rows, session: session)
            var host = try search.next(after: afterHost)
            var hasWrapped = false
            while found.count < limit {
                guard let this = host else {
                    if hasWrapped || afterHost.isEmpty { break }
                    hasWrapped = true
                    host = try search.next(after: "")
                    continue
                }
                if hasWrapped && this > afterHost { break }
                found += try search.due(
                    this, now: now, unmet: unmet, limit: min(limit - found.count, perHost), decoder: decoder)
                host = try search.next(after: this)
            }
            return found
        }
    }

    /// Lets those that wait for one of these reasons run at once, and returns how many.
    @discardableResult
    package func hasten(
        session: String, waitingFor reasons: Set<WaitReason>, now: WallTime
    ) throws(TransferFailure) -> Int {
        if reasons.isEmpty { return 0 }
        return try write("let transfers run in the store") { rows in
            var count = 0
            for reason in reasons {
                let statement = try rows.database.statement(
                    """
                    UPDATE transfers SET due = ?3, reason = 'turn' \
                    WHERE session = ?1 AND state = 0 AND reason = ?2 AND due > ?3
                    """)
                try statement.bind(session, at: 1)
                try statement.bind(reason.rawValue, at: 2)
                try statement.bind(now, at: 3)
                try statement.run()
                count += rows.database.changes
            }
            return count
        }
    }
}

extension TransferRows {
    fileprivate func counts(_ session: String) throws -> TransferCounts {
        let statement = try database.statement(
            "SELECT state, count(*) FROM transfers INDEXED BY transfers_state WHERE session = ?1 GROUP BY state")
        try statement.bind(session, at: 1)
        var counts = TransferCounts()
        for (state, count) in try statement.rows({ ($0.integer(0), $0.count(1)) }) {
            switch TransferSummary.State(rawValue: state) {
            case .waiting: counts.waiting = count
            case .running: counts.running = count
            case .paused: counts.paused = count
            case .ended: counts.ended = count
            case nil: break
            }
        }
        return counts
    }
}

/// Goes from host to host by the index, without reading what lies between.
private struct HostSearch {
    let rows: TransferRows
    let session: String

    func next(after host: String) throws -> String? {
        let statement = try rows.database.statement(
            """
            SELECT host FROM transfers INDEXED BY transfers_turn WHERE session = ?1 AND state = 0 AND host > ?2 \
            ORDER BY host LIMIT 1
            """)
        try statement.bind(session, at: 1)
        try statement.bind(host, at: 2)
        return try statement.rows { $0.text(0) }.first
    }

    func due(
        _ host: String, now: WallTime, unmet: TransferDemands, limit: Int, decoder: JSONDecoder
    ) throws -> [StoredTransfer] {
        let statement = try rows.database.statement(
            """
            SELECT \(TransferRows.columns) FROM transfers t INDEXED BY transfers_turn \
            CROSS JOIN progress p ON p.id = t.id WHERE t.session = ?1 AND t.state = 0 AND t.host = ?2 AND t.due <= ?3 \
            AND t.demands & ?4 = 0 ORDER BY t.priority DESC, t.due
            """)
        try statement.bind(session, at: 1)
        try statement.bind(host, at: 2)
        try statement.bind(now, at: 3)
        try statement.bind(Int64(unmet.rawValue), at: 4)
        defer { statement.reset() }
        var found: [StoredTransfer] = []
        while found.count < limit, try statement.step() {
            if let transfer = try? TransferRows.transfer(statement, decoder) { found.append(transfer) }
        }
        return found
    }
}
