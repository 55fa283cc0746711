// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#pragma once
#include <sqlite3.h>

// `sqlite3_db_config` is variadic, which Swift cannot call (https://www.sqlite.org/c3ref/db_config.html). The last
// connection that closes would checkpoint without our lock and delete the WAL.
static inline int cbackground_sqlite_no_checkpoint_on_close(sqlite3 *db) {
    return sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}

// SQLITE_TRANSIENT is a cast of -1 to a function pointer, a macro that Swift does not import
// (https://www.sqlite.org/c3ref/c_static.html).
static inline int cbackground_sqlite_bind_text(sqlite3_stmt *statement, int index, const char *text, int length) {
    return sqlite3_bind_text(statement, index, text, length, SQLITE_TRANSIENT);
}

static inline int cbackground_sqlite_bind_blob(sqlite3_stmt *statement, int index, const void *bytes, int length) {
    return sqlite3_bind_blob(statement, index, bytes, length, SQLITE_TRANSIENT);
}
