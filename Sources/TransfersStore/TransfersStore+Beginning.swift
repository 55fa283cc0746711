// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import Foundation
import TransfersCore

extension TransfersStore {
    /// Begins a transfer, or attaches to the one that has its identifier; durable when it returns.
    ///
    /// Secrets of the request are withheld unless its policy keeps them. An end that was not acknowledged yet counts as
    /// alive: it is attached to.
    ///
    /// - Parameter position: what its machine starts from.
    /// - Throws: `badIdentifier`; `identifierInUse`: it lives with another request; `storage`, `diskFull`.
    package func begin(_ intent: TransferIntent, checkpoint: TransferCheckpoint? = nil) throws(TransferFailure)
        -> BeginOutcome
    {
        let outcome = try begin([intent], checkpoint: checkpoint)[0]
        if case .refused(let failure) = outcome { throw failure }
        return outcome
    }

    /// The same for many in one commit; those that are refused do not hold the others back.
    ///
    /// - Parameter checkpoint: what each starts with; nil: it waits for its turn, from its earliest instant on.
    package func begin(
        _ intents: [TransferIntent], checkpoint: TransferCheckpoint? = nil
    ) throws(TransferFailure) -> [BeginOutcome] {
        if intents.isEmpty { return [] }
        return try write("begin transfers in the store") { rows in
            let encoder = JSONEncoder()
            encoder.outputFormatting = .withoutEscapingSlashes
            let decoder = JSONDecoder()
            return try intents.map { intent in
                if let failure = Self.judge(intent.session, of: "a session")
                    ?? Self.judge(intent.identifier, of: "a transfer")
                {
                    return .refused(failure)
                }
                let (kept, withheld) = intent.withoutSecrets
                if let living = try rows.find(kept.session, kept.identifier, decoder) {
                    return living.intent.asksTheSame(as: kept) ? .attached(living) : .refused(.inUse(intent))
                }
                var first = TransferCheckpoint(
                    state: .waiting(
                        until: intent.earliest ?? intent.created, reason: intent.earliest == nil ? .turn : .notBefore))
                if let checkpoint { first = checkpoint }
                let id = try rows.insert(kept, withheld, first, encoder)
                return .began(
                    StoredTransfer(
                        id: id, intent: kept, withheld: withheld, checkpoint: first, deliveries: 0))
            }
        }
    }
}

extension TransferIntent {
    /// What goes on the books, and the names of what does not.
    fileprivate var withoutSecrets: (TransferIntent, [String]) {
        if policy.keepsSecrets { return (self, []) }
        let request = RequestSecrets(url: url, fields: fields)
        var kept = self
        kept.url = request.url
        kept.fields = request.fields
        // One a line: a name that breaks lines is none.
        return (kept, request.withheld.map { $0.replacingOccurrences(of: "\n", with: " ") })
    }
}

extension TransferFailure {
    fileprivate static func inUse(_ intent: TransferIntent) -> TransferFailure {
        TransferFailure(
            .identifierInUse, doing: "Beginning", subject: intent.identifier,
            cause: "a transfer of this identifier lives in the session, with another request or another file",
            remedy: "Choose another identifier, or cancel that transfer and acknowledge its end first.")
    }
}

extension TransferRows {
    func find(_ session: String, _ identifier: String, _ decoder: JSONDecoder) throws -> StoredTransfer? {
        let statement = try database.statement(
            "SELECT \(Self.columns) FROM \(Self.tables) WHERE t.session = ?1 AND t.identifier = ?2")
        try statement.bind(session, at: 1)
        try statement.bind(identifier, at: 2)
        return try statement.rows { try Self.transfer($0, decoder) }.first
    }

    fileprivate func insert(
        _ intent: TransferIntent, _ withheld: [String], _ checkpoint: TransferCheckpoint, _ encoder: JSONEncoder
    ) throws -> Int64 {
        let statement = try database.statement(
            """
            INSERT INTO transfers (session, identifier, kind, state, due, reason, attempts, created, host, priority, \
            demands, description, withheld, intent, checkpoint, position) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
            """)
        let (state, due, reason) = checkpoint.state.columns
        let kind: TransferSummary.Kind = if case .upload = intent.work { .upload } else { .download }
        try statement.bind(intent.session, at: 1)
        try statement.bind(intent.identifier, at: 2)
        try statement.bind(kind.rawValue, at: 3)
        try statement.bind(state.rawValue, at: 4)
        try statement.bind(due, at: 5)
        try statement.bind(reason?.rawValue, at: 6)
        try statement.bind(Int64(checkpoint.attempts), at: 7)
        try statement.bind(intent.created, at: 8)
        try statement.bind(intent.host, at: 9)
        try statement.bind(real: Double(intent.policy.priority), at: 10)
        try statement.bind(Int64(intent.policy.demands.rawValue), at: 11)
        try statement.bind(intent.taskDescription, at: 12)
        try statement.bind(withheld.joined(separator: "\n"), at: 13)
        try statement.bind(Self.json(intent, encoder), at: 14)
        try statement.bind(Self.rest(of: checkpoint), at: 15)
        try statement.bind(checkpoint.position, at: 16)
        try statement.run()
        let id = database.lastInsertedRow
        let progress = try database.statement("INSERT OR REPLACE INTO progress VALUES (?1, ?2, ?3, 0)")
        try progress.bind(id, at: 1)
        try progress.bind(checkpoint.acknowledged, at: 2)
        try progress.bind(checkpoint.total, at: 3)
        try progress.run()
        return id
    }
}
