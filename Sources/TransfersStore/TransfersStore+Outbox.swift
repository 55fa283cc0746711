// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import Foundation
import TransfersCore

extension TransfersStore {
    /// Ends that were not acknowledged yet, oldest transfer first.
    package func results(
        session: String, after id: Int64 = 0, limit: Int = 1000
    ) throws(TransferFailure) -> [StoredTransfer] {
        try read("look for results in the store") { rows in
            let statement = try rows.database.statement(
                """
                SELECT \(TransferRows.columns) FROM transfers t INDEXED BY transfers_state \
                CROSS JOIN progress p ON p.id = t.id \
                WHERE t.session = ?1 AND t.state = 3 AND t.id > ?2 ORDER BY t.id LIMIT ?3
                """)
            try statement.bind(session, at: 1)
            try statement.bind(id, at: 2)
            try statement.bind(Int64(max(0, limit)), at: 3)
            let decoder = JSONDecoder()
            return try statement.rows { try? TransferRows.transfer($0, decoder) }.compactMap(\.self)
        }
    }

    /// Notes that these ends were handed to a handler; durable before it is called, so that one knows of a second time.
    package func markDelivered(_ ids: [Int64]) throws(TransferFailure) {
        if ids.isEmpty { return }
        try write("note delivered results in the store") { rows in
            for id in ids {
                let statement = try rows.database.statement(
                    "UPDATE transfers SET deliveries = deliveries + 1 WHERE id = ?1 AND state = 3")
                try statement.bind(id, at: 1)
                try statement.run()
            }
        }
    }

    /// Forgets ends that somebody has taken care of: their identifiers are free again.
    ///
    /// - Returns: those that were there and had ended.
    @discardableResult
    package func acknowledge(_ ids: [Int64]) throws(TransferFailure) -> [Int64] {
        if ids.isEmpty { return [] }
        return try write("acknowledge results in the store") { rows in try ids.filter(rows.forgetEnd) }
    }
}

extension TransferRows {
    /// False if it has not ended, or is gone.
    func forgetEnd(_ id: Int64) throws -> Bool {
        let statement = try database.statement("DELETE FROM transfers WHERE id = ?1 AND state = 3")
        try statement.bind(id, at: 1)
        try statement.run()
        if database.changes == 0 { return false }
        let progress = try database.statement("DELETE FROM progress WHERE id = ?1")
        try progress.bind(id, at: 1)
        try progress.run()
        return true
    }
}
