// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore

/// The tables of the scheduling store.
enum StoreSchema {
    static let format = StoreFormat(
        applicationIdentifier: 0x7362_6773,  // "sbgs"
        steps: [first, second, third, fourth], afterSettingAside: "Submit the requests again")

    static let version = format.version

    /// - `sequence`: one row. `next` numbers requests and occurrences, never twice; `latest` is no earlier than any
    ///   `submitted` that is live, so that looking for a moved clock reads one row.
    /// - `requests`: `begun` is 0 until the first claim and then the row's own id: one unique index both finds an
    ///   identifier and admits one request of it that was never started.
    /// - `occurrences`: `state` 0 pending, 1 claimed; `waiting` conditions; `cut` and `stop` are reasons.
    /// - `wakeup`: one row at the most.
    private static let first = """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE sequence (id INTEGER PRIMARY KEY CHECK (id = 1), next INTEGER NOT NULL, latest INTEGER NOT NULL);
        INSERT INTO sequence VALUES (1, 1, -9223372036854775808);
        CREATE TABLE requests (
            id INTEGER PRIMARY KEY, identifier TEXT NOT NULL, kind INTEGER NOT NULL, requirements INTEGER NOT NULL,
            has_earliest INTEGER NOT NULL, begun INTEGER NOT NULL DEFAULT 0);
        CREATE UNIQUE INDEX requests_identifier ON requests (identifier, begun);
        CREATE TABLE occurrences (
            id INTEGER PRIMARY KEY, request INTEGER NOT NULL, instant INTEGER NOT NULL, eligible INTEGER NOT NULL,
            submitted INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0,
            postponements INTEGER NOT NULL DEFAULT 0, waiting INTEGER NOT NULL DEFAULT 0,
            owner INTEGER, started INTEGER, cut INTEGER, stop INTEGER,
            UNIQUE (request, instant));
        CREATE INDEX occurrences_pending ON occurrences (eligible) WHERE state = 0;
        CREATE INDEX occurrences_waiting ON occurrences (eligible) WHERE state = 0 AND waiting <> 0;
        CREATE INDEX occurrences_claimed ON occurrences (owner) WHERE state = 1;
        CREATE TABLE history (
            id INTEGER PRIMARY KEY, identifier TEXT, outcome INTEGER NOT NULL, reason INTEGER,
            attempt INTEGER NOT NULL, detail TEXT NOT NULL, pid INTEGER NOT NULL,
            scheduled INTEGER, started INTEGER, ended INTEGER NOT NULL);
        CREATE INDEX history_identifier ON history (identifier);
        CREATE TABLE owners (
            id INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, boot TEXT NOT NULL, resident INTEGER NOT NULL,
            since INTEGER NOT NULL);
        CREATE TABLE continued (
            id INTEGER PRIMARY KEY, owner INTEGER NOT NULL, identifier TEXT NOT NULL, title TEXT NOT NULL,
            subtitle TEXT NOT NULL, completed INTEGER NOT NULL, total INTEGER NOT NULL, started INTEGER NOT NULL,
            stop INTEGER);
        CREATE TABLE wakeup (
            id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, instant INTEGER NOT NULL,
            generation TEXT NOT NULL, slack INTEGER NOT NULL);
        """

    /// - `activities`: `since` is from when the interval counts, NULL when nothing waits; `fired` is the last run.
    private static let second = """
        CREATE TABLE activities (
            identifier TEXT PRIMARY KEY, since INTEGER, fired INTEGER, count INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
        """

    /// - `requests`: `terms` is JSON, NULL for a plain request; `follows` the request whose success it waits for; `recurring`
    ///   is 1 while further occurrences come of themselves, and then `begun` stays 0; `replaces` is 1 for the overlap policy of
    ///   that name.
    /// - `occurrences`: `state` 2 waits for the request that its own one follows. `starts` counts its runs. `forced` is 1 for
    ///   one that somebody made due: its conditions do not count, and the schedule does not move on with it.
    private static let third = """
        ALTER TABLE requests ADD COLUMN terms TEXT;
        ALTER TABLE requests ADD COLUMN input BLOB;
        ALTER TABLE requests ADD COLUMN follows INTEGER;
        ALTER TABLE requests ADD COLUMN recurring INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE requests ADD COLUMN replaces INTEGER NOT NULL DEFAULT 0;
        CREATE INDEX requests_follows ON requests (follows) WHERE follows IS NOT NULL;
        ALTER TABLE occurrences ADD COLUMN starts INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE occurrences ADD COLUMN forced INTEGER NOT NULL DEFAULT 0;
        """

    /// - `occurrences`: `since` is when `eligible` was set after the submission, by a retry or because something was not met:
    ///   a clock that was wrong then has put that instant where nobody waits for it. `latest` is no earlier than it, either.
    private static let fourth = "ALTER TABLE occurrences ADD COLUMN since INTEGER;"
}
