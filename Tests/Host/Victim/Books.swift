// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import Foundation

/// What the store has on its books, read past the scheduler.
struct Books {
    private let database: Database

    init() throws {
        database = try Database(
            path: Victim.state + "/scheduling.sqlite", mode: .existing, busyTimeout: .seconds(5))
    }

    /// What is pending or running, by number.
    func live() throws -> Set<Int64> {
        try Set(rows("SELECT id FROM occurrences") { $0.integer(0) })
    }

    struct Entry {
        var number: Int
        var outcome: Int
        var pid: Int
    }

    func history() throws -> [Entry] {
        try rows("SELECT identifier, outcome, pid FROM history WHERE identifier IS NOT NULL ORDER BY id") {
            Entry(number: Victim.number($0.text(0)) ?? -1, outcome: Int($0.integer(1)), pid: Int($0.integer(2)))
        }
    }

    func count(_ table: String) throws -> Int { Int(try database.integer("SELECT count(*) FROM \(table)") ?? 0) }

    func isIntact() throws -> Bool { try database.text("PRAGMA integrity_check") == "ok" }

    private func rows<Row>(_ sql: String, _ read: (Statement) -> Row) throws -> [Row] {
        let statement = try database.statement(sql)
        defer { statement.reset() }
        var rows: [Row] = []
        while try statement.step() { rows.append(read(statement)) }
        return rows
    }
}
