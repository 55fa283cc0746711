// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite
import BackgroundSurroundings

extension Statement {
    /// A number to which one can be added.
    package func count(_ column: Int32) -> Int { Int(min(max(0, integer(column)), 1 << 40)) }

    package func time(_ column: Int32) -> WallTime { WallTime(microseconds: integer(column)) }

    package func optionalTime(_ column: Int32) -> WallTime? {
        optionalInteger(column).map(WallTime.init(microseconds:))
    }

    package func bind(_ time: WallTime, at index: Int32) throws(SQLiteError) { try bind(time.microseconds, at: index) }

    package func bind(_ time: WallTime?, at index: Int32) throws(SQLiteError) {
        try bind(time?.microseconds, at: index)
    }

    /// All rows, each read by `body`; reset afterwards.
    package func rows<Row>(_ body: (Statement) throws -> Row) throws -> [Row] {
        defer { reset() }
        var rows: [Row] = []
        while try step() { rows.append(try body(self)) }
        return rows
    }
}
