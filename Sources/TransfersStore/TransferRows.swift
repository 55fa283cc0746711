// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundStore
import BackgroundSurroundings
import Foundation
import SchedulingCore
import TransfersCore

/// The rows, read and written. Inside a transaction.
struct TransferRows {
    let database: Database

    // MARK: Reading

    static let columns = """
        t.id, t.intent, t.withheld, t.checkpoint, t.position, t.state, t.due, t.reason, t.attempts, p.acknowledged, \
        p.total, t.result, t.body, t.deliveries, t.asked, p.moved
        """
    static let tables = "transfers t CROSS JOIN progress p ON p.id = t.id"

    static let summaryColumns = """
        t.id, t.session, t.identifier, t.kind, t.state, t.due, t.reason, t.asked, t.attempts, t.deliveries, t.created, \
        t.host, t.priority, t.demands, t.description, p.acknowledged, p.total, json_extract(t.intent, '$.deadline'), \
        p.moved
        """

    /// - Throws: what a newer library wrote and this one cannot read.
    static func transfer(_ row: Statement, _ decoder: JSONDecoder) throws -> StoredTransfer {
        let id = row.integer(0)
        let rest = row.text(3)
        var checkpoint = TransferCheckpoint(state: try state(row, id))
        checkpoint.isResumable = rest.isEmpty ? nil : try decode(CheckpointRest.self, rest, decoder, id).isResumable
        checkpoint.position = row.optionalBlob(4) ?? []
        checkpoint.attempts = row.count(8)
        checkpoint.acknowledged = row.integer(9)
        checkpoint.total = row.optionalInteger(10)
        var result: TransferResult?
        if let text = row.optionalText(11) {
            result = try decode(TransferResult.self, text, decoder, id)
            result?.body = row.optionalBlob(12) ?? []
        }
        return StoredTransfer(
            id: id, intent: try decode(TransferIntent.self, row.text(1), decoder, id),
            withheld: row.text(2).split(separator: "\n").map(String.init), checkpoint: checkpoint, result: result,
            deliveries: row.count(13), order: TransferOrder(rawValue: row.integer(14)), moved: row.integer(15))
    }

    private static func state(_ row: Statement, _ id: Int64) throws -> TransferCheckpoint.State {
        switch TransferSummary.State(rawValue: row.integer(5)) {
        case .waiting:
            .waiting(until: row.optionalTime(6) ?? .distantFuture, reason: WaitReason(rawValue: row.text(7)) ?? .turn)
        case .running: .running
        case .paused: .paused
        case .ended: .ended
        case nil: throw unreadable(id, "its state is \(row.integer(5))")
        }
    }

    private static func decode<T: Decodable>(
        _ type: T.Type, _ text: String, _ decoder: JSONDecoder, _ id: Int64
    ) throws -> T {
        do { return try decoder.decode(type, from: Data(text.utf8)) } catch { throw unreadable(id, "\(error)") }
    }

    private static func unreadable(_ id: Int64, _ cause: String) -> SchedulingFailure {
        SchedulingFailure(
            .storeTooNew, doing: "read", subject: "transfer \(id)", cause: cause,
            remedy: "Update this program to the library version that began it, or remove it.")
    }

    static func summary(_ row: Statement) -> TransferSummary {
        TransferSummary(
            id: row.integer(0), session: row.text(1), identifier: row.text(2),
            kind: TransferSummary.Kind(rawValue: row.integer(3)) ?? .download,
            state: TransferSummary.State(rawValue: row.integer(4)) ?? .paused, due: row.optionalTime(5),
            reason: row.optionalText(6).flatMap(WaitReason.init(rawValue:)),
            order: TransferOrder(rawValue: row.integer(7)), attempts: row.count(8), deliveries: row.count(9),
            created: row.time(10), host: row.text(11), priority: Float(row.real(12)),
            demands: TransferDemands(rawValue: Int(truncatingIfNeeded: row.integer(13))),
            taskDescription: row.optionalText(14), acknowledged: row.integer(15), total: row.optionalInteger(16),
            deadline: row.optionalTime(17) ?? .distantFuture, moved: row.integer(18))
    }

    // MARK: Writing

    static func json(_ value: some Encodable, _ encoder: JSONEncoder) throws -> String {
        String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// What no column holds of a checkpoint (`CheckpointRest`), nothing if nobody knows it.
    static func rest(of checkpoint: TransferCheckpoint) -> String {
        checkpoint.isResumable.map { #"{"isResumable":\#($0)}"# } ?? ""
    }

    /// False if it has ended or is gone.
    func put(_ checkpoint: TransferCheckpoint, of id: Int64, over written: TransferCheckpoint?) throws -> Bool {
        let isNews = written.map({ $0.differsInProgressOnly(from: checkpoint) }) != true
        if isNews {
            let statement = try database.statement(
                """
                UPDATE transfers SET state = ?2, due = ?3, reason = ?4, attempts = ?5, checkpoint = ?6, position = ?7 \
                WHERE id = ?1 AND state <> 3
                """)
            let (state, due, reason) = checkpoint.state.columns
            try statement.bind(id, at: 1)
            try statement.bind(state.rawValue, at: 2)
            try statement.bind(due, at: 3)
            try statement.bind(reason?.rawValue, at: 4)
            try statement.bind(Int64(checkpoint.attempts), at: 5)
            try statement.bind(Self.rest(of: checkpoint), at: 6)
            try statement.bind(checkpoint.position, at: 7)
            try statement.run()
            if database.changes == 0 { return false }
        }
        // What an attempt has moved is no matter of the next one.
        let statement = try database.statement(
            "UPDATE progress SET acknowledged = ?2, total = ?3\(isNews ? ", moved = 0" : "") WHERE id = ?1")
        try statement.bind(id, at: 1)
        try statement.bind(checkpoint.acknowledged, at: 2)
        try statement.bind(checkpoint.total, at: 3)
        try statement.run()
        return true
    }

    func put(moved: [Int64: Int64]) throws {
        for (id, count) in moved {
            let statement = try database.statement("UPDATE progress SET moved = ?2 WHERE id = ?1")
            try statement.bind(id, at: 1)
            try statement.bind(count, at: 2)
            try statement.run()
        }
    }
}

/// As JSON, so that more may come to stand there.
private struct CheckpointRest: Decodable {
    var isResumable: Bool?
}

extension TransferCheckpoint {
    func differsInProgressOnly(from other: TransferCheckpoint) -> Bool {
        var same = other
        same.acknowledged = acknowledged
        same.total = total
        return same == self
    }
}

extension TransferCheckpoint.State {
    var columns: (TransferSummary.State, WallTime?, WaitReason?) {
        switch self {
        case .waiting(let until, let reason): (.waiting, until, reason)
        case .running: (.running, nil, nil)
        case .paused: (.paused, nil, nil)
        case .ended: (.ended, nil, nil)
        }
    }
}
