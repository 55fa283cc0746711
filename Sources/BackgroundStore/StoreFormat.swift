// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSQLite

/// What a store keeps in its file: the tables, and how an older file becomes a newer one.
package struct StoreFormat: Sendable {
    /// Tells our files from other SQLite files (https://www.sqlite.org/pragma.html#pragma_application_id).
    package let applicationIdentifier: Int64
    /// One text of SQL for each version. Versions only grow, and each step stays as it was released. The first makes a table
    /// `meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)`.
    package let steps: [String]
    /// What people are told to do when a damaged file was set aside: a sentence without its full stop.
    package let afterSettingAside: String
    /// How much of the file SQLite keeps in memory. A transaction that is larger is spilled half done.
    package let cacheKibibytes: Int

    package init(
        applicationIdentifier: Int64, steps: [String], afterSettingAside: String, cacheKibibytes: Int = 8000
    ) {
        self.applicationIdentifier = applicationIdentifier
        self.steps = steps
        self.afterSettingAside = afterSettingAside
        self.cacheKibibytes = cacheKibibytes
    }

    package var version: Int64 { Int64(steps.count) }

    /// Takes a database from the version it has to the present one. Inside a write transaction.
    package func migrate(_ database: Database) throws(SQLiteError) {
        let found = try database.userVersion()
        for step in steps.dropFirst(Int(found)) { try database.execute(step) }
        try database.execute("PRAGMA application_id = \(applicationIdentifier)")
        try database.setUserVersion(Int32(version))
    }
}
