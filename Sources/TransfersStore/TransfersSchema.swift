// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore

/// The tables of the transfers' store.
enum TransfersSchema {
    static let format = StoreFormat(
        applicationIdentifier: 0x7362_6774,  // "sbgt"
        steps: [first], afterSettingAside: "Begin the transfers again",
        // Listing very many reads all of them once: that is not to stay in memory.
        cacheKibibytes: 500)

    /// - `sessions`: who owned last, for people; the truth is a lock. `clock` is wall time less boot time of that owner.
    /// - `transfers`: `state` 0 waiting, 1 running, 2 paused, 3 ended; the columns tell the state, `checkpoint` is JSON of
    ///   the rest without its position, empty if there is none. `withheld` names what was a secret of the request, one a line. `asked` is what
    ///   another process wants of the owner. Numbers are never used twice.
    /// - `progress`: what changes while bytes flow, so that a tick writes a few bytes. `moved` is how far the present attempt
    ///   is, certain or not.
    private static let first = """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE sessions (
            name TEXT PRIMARY KEY, pid INTEGER NOT NULL, boot TEXT NOT NULL, since INTEGER NOT NULL,
            clock INTEGER) WITHOUT ROWID;
        CREATE TABLE transfers (
            id INTEGER PRIMARY KEY AUTOINCREMENT, session TEXT NOT NULL, identifier TEXT NOT NULL,
            kind INTEGER NOT NULL, state INTEGER NOT NULL, due INTEGER, reason TEXT, asked INTEGER NOT NULL DEFAULT 0,
            attempts INTEGER NOT NULL DEFAULT 0, deliveries INTEGER NOT NULL DEFAULT 0, created INTEGER NOT NULL,
            host TEXT NOT NULL, priority REAL NOT NULL, demands INTEGER NOT NULL, description TEXT, withheld TEXT NOT NULL,
            intent TEXT NOT NULL, checkpoint TEXT NOT NULL, position BLOB NOT NULL, result TEXT, body BLOB,
            UNIQUE (session, identifier));
        CREATE INDEX transfers_state ON transfers (session, state, due, demands);
        CREATE INDEX transfers_turn ON transfers (session, host, priority DESC, due, demands) WHERE state = 0;
        CREATE INDEX transfers_asked ON transfers (session) WHERE asked <> 0;
        CREATE TABLE progress (
            id INTEGER PRIMARY KEY, acknowledged INTEGER NOT NULL, total INTEGER, moved INTEGER NOT NULL DEFAULT 0);
        """
}
