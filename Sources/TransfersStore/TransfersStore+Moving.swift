// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import Foundation
import Synchronization
import TransfersCore

extension TransfersStore {
    /// Writes where a transfer stands; by the owner of its session only.
    ///
    /// - Parameter durably: it is on stable storage when this returns. Else it is kept in memory, the latest for each, until
    ///   `flush` or the next durable write takes all of them along; what differs in acknowledged bytes alone costs a few
    ///   bytes then.
    /// - Returns: false if the transfer has ended or is gone, so that nothing of it is written any more. What is kept in
    ///   memory is not looked up.
    @discardableResult
    package func update(
        _ id: Int64, _ checkpoint: TransferCheckpoint, durably: Bool
    ) throws(TransferFailure) -> Bool {
        try moving.withLock { moving throws(TransferFailure) in
            if !durably {
                moving.pending[id] = checkpoint
                return true
            }
            let others = moving.pending.filter { $0.key != id }
            let isThere = try write("note where a transfer stands in") { rows in
                try rows.put(others, over: moving.written)
                return try rows.put(checkpoint, of: id, over: moving.written[id])
            }
            moving.written(others)
            moving.written(isThere ? [id: checkpoint] : [:])
            if !isThere { moving.forget(id) }
            return isThere
        }
    }

    /// Writes what `update` kept in memory, in one commit that a loss of power may take, but the death of the process not.
    ///
    /// - Returns: whether there was anything.
    @discardableResult
    package func flush() throws(TransferFailure) -> Bool {
        try moving.withLock { moving throws(TransferFailure) in
            if moving.pending.isEmpty { return false }
            let pending = moving.pending
            try write("note the progress of transfers in", .ordered) { try $0.put(pending, over: moving.written) }
            moving.written(pending)
            return true
        }
    }

    /// Writes how far attempts are, for others to look at: it may be lost, and is believed by nobody.
    package func note(moved: [Int64: Int64]) throws(TransferFailure) {
        if moved.isEmpty { return }
        try write("note how far transfers are in", .ordered) { try $0.put(moved: moved) }
    }

    /// Writes all that a session has to write, in one durable commit; by its owner only. What `update` kept in memory goes
    /// along. What has ended, or is gone, takes no checkpoint and no end.
    ///
    /// - Returns: those of `ends` that had not ended, and were there.
    @discardableResult
    package func write(_ turn: TransferTurn) throws(TransferFailure) -> Set<Int64> {
        try moving.withLock { moving throws(TransferFailure) in
            var latest = moving.pending
            for (id, checkpoint) in turn.checkpoints { latest[id] = checkpoint }
            let ended = try write("note where transfers stand in") { rows in
                try rows.put(latest, over: moving.written)
                let ended = try rows.end(turn.ends)
                for id in turn.acknowledged { _ = try rows.forgetEnd(id) }
                return ended
            }
            moving.written(latest)
            for end in turn.ends { moving.forget(end.id) }
            return ended
        }
    }

    /// Puts the end in the outbox and ends the transfer, in one durable commit; by the owner of its session only.
    ///
    /// - Returns: false if it had ended already or is gone: then nothing was changed.
    @discardableResult
    package func finish(_ id: Int64, _ result: TransferResult) throws(TransferFailure) -> Bool {
        try write(TransferTurn(ends: [TransferTurn.End(id: id, result: result)])).contains(id)
    }

    /// Removes a transfer whatever it is doing, its end too; the owner's next write of it is told so.
    ///
    /// - Returns: whether it was there.
    @discardableResult
    package func remove(_ id: Int64) throws(TransferFailure) -> Bool {
        try moving.withLock { moving throws(TransferFailure) in
            let isRemoved = try write("remove a transfer from") { try $0.remove(id) }
            moving.forget(id)
            return isRemoved
        }
    }

    // MARK: Orders of others

    /// Asks the owner of the session to pause, resume or cancel; the latest order counts. False if it has ended or is gone.
    @discardableResult
    package func ask(_ order: TransferOrder, of id: Int64) throws(TransferFailure) -> Bool {
        try write("ask for a transfer to \(order) in") { rows in
            let statement = try rows.database.statement(
                "UPDATE transfers SET asked = ?2 WHERE id = ?1 AND state <> 3")
            try statement.bind(id, at: 1)
            try statement.bind(order.rawValue, at: 2)
            try statement.run()
            return rows.database.changes > 0
        }
    }

    /// What was asked of this session's transfers, and has not been forgotten.
    package func orders(session: String) throws(TransferFailure) -> [(id: Int64, order: TransferOrder)] {
        try read("look for orders in the store") { try $0.orders(session) }
    }

    /// These orders have been obeyed, durably; what was asked since stays. By the owner only. A loss of power may bring them
    /// back.
    package func forget(_ orders: [Int64: TransferOrder]) throws(TransferFailure) {
        try write("take orders from the store", .ordered) { rows in
            let statement = try rows.database.statement(
                "UPDATE transfers SET asked = 0 WHERE id = ?1 AND asked = ?2")
            for (id, order) in orders {
                try statement.bind(id, at: 1)
                try statement.bind(order.rawValue, at: 2)
                try statement.run()
            }
        }
    }
}

extension TransfersStore.Moving {
    /// These are on the books now.
    fileprivate mutating func written(_ checkpoints: [Int64: TransferCheckpoint]) {
        for (id, checkpoint) in checkpoints {
            pending[id] = nil
            // What does not move is not remembered.
            written[id] = checkpoint.state == .running ? checkpoint : nil
        }
    }

    mutating func forget(_ id: Int64) {
        pending[id] = nil
        written[id] = nil
    }
}

extension TransferRows {
    fileprivate func put(
        _ checkpoints: [Int64: TransferCheckpoint], over written: [Int64: TransferCheckpoint]
    ) throws {
        for (id, checkpoint) in checkpoints { _ = try put(checkpoint, of: id, over: written[id]) }
    }

    fileprivate func end(_ ends: [TransferTurn.End]) throws -> Set<Int64> {
        let encoder = JSONEncoder()
        return try Set(ends.filter { try end($0, encoder) }.map(\.id))
    }

    private func end(_ end: TransferTurn.End, _ encoder: JSONEncoder) throws -> Bool {
        var head = end.result
        head.body = []
        let statement = try database.statement(
            """
            UPDATE transfers SET state = 3, due = NULL, reason = NULL, asked = 0, result = ?2, body = ?3, \
            deliveries = deliveries + ?4 WHERE id = ?1 AND state <> 3
            """)
        try statement.bind(end.id, at: 1)
        try statement.bind(Self.json(head, encoder), at: 2)
        try statement.bind(end.result.body, at: 3)
        try statement.bind(end.isDelivered ? 1 : 0, at: 4)
        try statement.run()
        if database.changes == 0 { return false }
        if end.result.outcome == .succeeded {
            // The end is certain, so all of it is.
            let progress = try database.statement(
                "UPDATE progress SET acknowledged = total WHERE id = ?1 AND total > 0 AND acknowledged <> total")
            try progress.bind(end.id, at: 1)
            try progress.run()
        }
        return true
    }

    func remove(_ id: Int64) throws -> Bool {
        for table in ["progress", "transfers"] {
            let statement = try database.statement("DELETE FROM \(table) WHERE id = ?1")
            try statement.bind(id, at: 1)
            try statement.run()
        }
        return database.changes > 0
    }

    fileprivate func orders(_ session: String) throws -> [(id: Int64, order: TransferOrder)] {
        let statement = try database.statement(
            "SELECT id, asked FROM transfers INDEXED BY transfers_asked WHERE session = ?1 AND asked <> 0 ORDER BY id")
        try statement.bind(session, at: 1)
        return try statement.rows { row in
            TransferOrder(rawValue: row.integer(1)).map { (row.integer(0), $0) }
        }.compactMap(\.self)
    }
}
