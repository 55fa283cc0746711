// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#define _GNU_SOURCE
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

// Prepared at the first use and kept, as in the library; found by the address of its text.
struct statement {
    const char *sql;
    sqlite3_stmt *prepared;
    struct statement *next;
};

_Noreturn void fail(const char *doing, const char *cause) {
    fprintf(stderr, "floor: cannot %s: %s\n", doing, cause);
    exit(2);
}

static sqlite3_stmt *statement(struct store *store, const char *sql) {
    for (struct statement *known = store->statements; known; known = known->next)
        if (known->sql == sql) return known->prepared;
    struct statement *made = malloc(sizeof *made);
    made->sql = sql;
    if (sqlite3_prepare_v3(store->database, sql, -1, SQLITE_PREPARE_PERSISTENT, &made->prepared, NULL) != SQLITE_OK)
        fail(sql, sqlite3_errmsg(store->database));
    made->next = store->statements;
    store->statements = made;
    return made->prepared;
}

// One row or none; the caller reads it and resets.
static int step(struct store *store, sqlite3_stmt *prepared) {
    int code = sqlite3_step(prepared);
    if (code != SQLITE_ROW && code != SQLITE_DONE) fail(sqlite3_sql(prepared), sqlite3_errmsg(store->database));
    return code == SQLITE_ROW;
}

static void run(struct store *store, sqlite3_stmt *prepared) {
    step(store, prepared);
    sqlite3_reset(prepared);
}

static void execute(struct store *store, const char *sql) {
    if (sqlite3_exec(store->database, sql, NULL, NULL, NULL) != SQLITE_OK) fail(sql, sqlite3_errmsg(store->database));
}

static int64_t integer(struct store *store, const char *sql) {
    sqlite3_stmt *prepared = statement(store, sql);
    int64_t value = step(store, prepared) ? sqlite3_column_int64(prepared, 0) : 0;
    sqlite3_reset(prepared);
    return value;
}

static int64_t microseconds(void) {
    struct timespec reading;
    clock_gettime(CLOCK_REALTIME, &reading);
    return reading.tv_sec * 1000000LL + reading.tv_nsec / 1000;
}

static int committed(void *context, sqlite3 *database, const char *name, int pages) {
    (void)database, (void)name;
    ((struct store *)context)->pages = pages;
    return SQLITE_OK;
}

static int lock_file(const char *directory, const char *name) {
    char path[640];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (descriptor < 0) fail(path, strerror(errno));
    return descriptor;
}

static int ofd(int descriptor, int command, short type, int64_t byte) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl(descriptor, command, &lock) < 0 ? -1 : lock.l_type;
}

void store_open(struct store *store, const char *directory) {
    memset(store, 0, sizeof *store);
    snprintf(store->directory, sizeof store->directory, "%s", directory);
    int guards = lock_file(directory, "store.lock");
    store->owners = lock_file(directory, "owners.lock");
    if (ofd(guards, F_OFD_SETLKW, F_WRLCK, 0) < 0) fail("lock the store", strerror(errno));
    char path[640];
    snprintf(path, sizeof path, "%s/scheduling.sqlite", directory);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(path, &store->database, flags, NULL) != SQLITE_OK) fail("open", path);
    sqlite3_busy_timeout(store->database, 5000);
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    sqlite3_wal_hook(store->database, committed, store);
    execute(store,
            "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -8000;"
            "PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF;");
    if (integer(store, "PRAGMA application_id") != 0x73626773) fail("open", "not a store of the library");
    if (integer(store, "PRAGMA user_version") != 4) fail("open", "these programs know schema 4 only");
    sqlite3_stmt *mode = statement(store, "PRAGMA journal_mode");
    if (!step(store, mode) || strcmp((const char *)sqlite3_column_text(mode, 0), "wal")) fail("open", "not in WAL mode");
    sqlite3_reset(mode);
    sqlite3_stmt *machine = statement(store, "SELECT value FROM meta WHERE key = 'machine'");
    run(store, machine);
    ofd(guards, F_OFD_SETLK, F_UNLCK, 0);
}

void store_begin(struct store *store) { run(store, statement(store, "BEGIN IMMEDIATE")); }

void store_commit(struct store *store) {
    run(store, statement(store, "COMMIT"));
    if (store->pages <= 1000) return;
    sqlite3_wal_checkpoint_v2(store->database, NULL, SQLITE_CHECKPOINT_FULL, NULL, NULL);
    store->pages = 0;
}

void store_read_wakeup(struct store *store, char *name, int64_t *instant) {
    name[0] = 0;
    *instant = 0;
    sqlite3_stmt *prepared = statement(store, "SELECT name, instant, generation, slack FROM wakeup");
    if (step(store, prepared)) {
        snprintf(name, 256, "%s", sqlite3_column_text(prepared, 0));
        *instant = sqlite3_column_int64(prepared, 1);
    }
    sqlite3_reset(prepared);
}

void store_keep_wakeup(struct store *store, const char *name, int64_t instant) {
    sqlite3_stmt *prepared = statement(
        store, "INSERT OR REPLACE INTO wakeup (id, name, instant, generation, slack) VALUES (1, ?1, ?2, ?3, ?4)");
    sqlite3_bind_text(prepared, 1, name, -1, SQLITE_STATIC);
    sqlite3_bind_int64(prepared, 2, instant);
    sqlite3_bind_text(prepared, 3, "0:000:0000000000.000000000", -1, SQLITE_STATIC);
    sqlite3_bind_int64(prepared, 4, 0);
    run(store, prepared);
}

int64_t store_take_numbers(struct store *store, int count, int64_t now) {
    sqlite3_stmt *prepared =
        statement(store, "UPDATE sequence SET next = next + ?1, latest = max(latest, ?2) RETURNING next");
    sqlite3_bind_int64(prepared, 1, count);
    sqlite3_bind_int64(prepared, 2, now);
    int64_t next = step(store, prepared) ? sqlite3_column_int64(prepared, 0) : 1;
    step(store, prepared);
    sqlite3_reset(prepared);
    return next - count;
}

void store_insert(struct store *store, int64_t number, const char *identifier, int64_t instant, int64_t now) {
    sqlite3_stmt *request = statement(
        store,
        "INSERT OR IGNORE INTO requests "
        "(id, identifier, kind, requirements, has_earliest, terms, input, recurring, replaces) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    sqlite3_bind_int64(request, 1, number);
    sqlite3_bind_text(request, 2, identifier, -1, SQLITE_STATIC);
    sqlite3_bind_int64(request, 3, 1);  // refresh
    sqlite3_bind_int64(request, 4, 0);
    sqlite3_bind_int64(request, 5, 1);
    sqlite3_bind_null(request, 6);  // a plain request
    sqlite3_bind_null(request, 7);
    sqlite3_bind_int64(request, 8, 0);
    sqlite3_bind_int64(request, 9, 0);
    run(store, request);
    if (sqlite3_changes(store->database) != 1) fail("insert", identifier);
    sqlite3_stmt *occurrence = statement(
        store,
        "INSERT INTO occurrences (id, request, instant, eligible, submitted, waiting) VALUES (?1, ?1, ?2, ?3, ?4, ?5)");
    sqlite3_bind_int64(occurrence, 1, number);
    sqlite3_bind_int64(occurrence, 2, instant);
    sqlite3_bind_int64(occurrence, 3, instant);
    sqlite3_bind_int64(occurrence, 4, now);
    sqlite3_bind_int64(occurrence, 5, 0);
    run(store, occurrence);
}

// Forgets owners whose lock is gone, and becomes one.
void store_become_owner(struct store *store, int64_t now) {
    store_begin(store);
    int64_t dead[64];
    int count = 0;
    sqlite3_stmt *known = statement(store, "SELECT id FROM owners");
    while (step(store, known)) {
        int64_t id = sqlite3_column_int64(known, 0);
        if (count < 64 && ofd(store->owners, F_OFD_GETLK, F_WRLCK, id) == F_UNLCK) dead[count++] = id;
    }
    sqlite3_reset(known);
    for (int index = 0; index < count; index++) {
        sqlite3_stmt *gone = statement(store, "DELETE FROM owners WHERE id = ?1");
        sqlite3_bind_int64(gone, 1, dead[index]);
        run(store, gone);
    }
    sqlite3_stmt *made =
        statement(store, "INSERT INTO owners (pid, boot, resident, since) VALUES (?1, ?2, ?3, ?4)");
    sqlite3_bind_int64(made, 1, getpid());
    sqlite3_bind_text(made, 2, "00000000000000000000000000000000", -1, SQLITE_STATIC);
    sqlite3_bind_int64(made, 3, 1);
    sqlite3_bind_int64(made, 4, now);
    run(store, made);
    store->owner = sqlite3_last_insert_rowid(store->database);
    if (ofd(store->owners, F_OFD_SETLK, F_WRLCK, store->owner) < 0) fail("become an owner", strerror(errno));
    store_commit(store);
}

#define RUNNING                                                                                           \
    "SELECT q.identifier FROM occurrences c INDEXED BY occurrences_claimed CROSS JOIN requests q "        \
    "ON q.id = c.request WHERE c.state = 1"
#define COLUMNS                                                                                           \
    "o.id, o.request, r.identifier, r.kind, o.instant, o.eligible, o.attempts, o.postponements, "         \
    "CASE o.forced WHEN 0 THEN r.requirements ELSE 0 END, o.submitted, o.starts, r.terms"

static void read_due(sqlite3_stmt *row, struct due *due) {
    due->id = sqlite3_column_int64(row, 0);
    due->request = sqlite3_column_int64(row, 1);
    snprintf(due->identifier, sizeof due->identifier, "%s", sqlite3_column_text(row, 2));
    due->instant = sqlite3_column_int64(row, 4);
}

static sqlite3_stmt *start_look(struct store *store, int64_t now, int limit) {
    sqlite3_stmt *look = statement(
        store, "SELECT " COLUMNS " FROM occurrences o INDEXED BY occurrences_pending "
               "CROSS JOIN requests r ON r.id = o.request WHERE o.state = 0 AND o.eligible <= ?1 AND o.instant <= ?1 "
               "AND (r.replaces OR r.identifier NOT IN (" RUNNING ")) ORDER BY o.eligible, o.id LIMIT ?2");
    sqlite3_bind_int64(look, 1, now);
    sqlite3_bind_int64(look, 2, limit);
    return look;
}

int store_look(struct store *store, int64_t now, struct due *due) {
    sqlite3_stmt *look = start_look(store, now, 64);
    int found = step(store, look);
    if (found) read_due(look, due);
    sqlite3_reset(look);
    return found;
}

static void take(struct store *store, const struct due *due, int64_t now) {
    sqlite3_stmt *take = statement(
        store,
        "UPDATE occurrences SET state = 1, owner = ?2, started = ?3, waiting = 0, starts = starts + 1 WHERE id = ?1");
    sqlite3_bind_int64(take, 1, due->id);
    sqlite3_bind_int64(take, 2, store->owner);
    sqlite3_bind_int64(take, 3, now);
    run(store, take);
    sqlite3_stmt *begin =
        statement(store, "UPDATE requests SET begun = id WHERE id = ?1 AND begun = 0 AND recurring = 0");
    sqlite3_bind_int64(begin, 1, due->request);
    run(store, begin);
}

int store_claim(struct store *store, const struct due *due, int64_t now) {
    store_begin(store);
    run(store, statement(store, RUNNING));
    sqlite3_stmt *look = statement(store, "SELECT " COLUMNS " FROM occurrences o JOIN requests r ON r.id = o.request "
                                          "WHERE o.id = ?1 AND o.state = 0 AND o.instant <= ?2");
    sqlite3_bind_int64(look, 1, due->id);
    sqlite3_bind_int64(look, 2, now);
    struct due again;
    int found = step(store, look);
    if (found) read_due(look, &again);
    sqlite3_reset(look);
    if (found) take(store, due, now);
    store_commit(store);
    return found;
}

static void finish(struct store *store, const struct due *due, int64_t started, int64_t now) {
    sqlite3_stmt *history = statement(
        store, "INSERT INTO history (identifier, outcome, reason, attempt, detail, pid, scheduled, started, ended) "
               "VALUES (?1, 1, NULL, 1, '', ?2, ?3, ?4, ?5)");
    sqlite3_bind_text(history, 1, due->identifier, -1, SQLITE_STATIC);
    sqlite3_bind_int64(history, 2, getpid());
    sqlite3_bind_int64(history, 3, due->instant);
    sqlite3_bind_int64(history, 4, started);
    sqlite3_bind_int64(history, 5, now);
    run(store, history);
    int64_t row = sqlite3_last_insert_rowid(store->database);
    if (row % 256 == 0) {
        sqlite3_stmt *old = statement(store, "DELETE FROM history WHERE id <= ?1");
        sqlite3_bind_int64(old, 1, row - 10000);
        run(store, old);
    }
    sqlite3_stmt *occurrence = statement(store, "DELETE FROM occurrences WHERE id = ?1");
    sqlite3_bind_int64(occurrence, 1, due->id);
    run(store, occurrence);
    sqlite3_stmt *request = statement(
        store, "DELETE FROM requests WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM occurrences WHERE request = ?1)");
    sqlite3_bind_int64(request, 1, due->request);
    run(store, request);
}

void store_finish(struct store *store, const struct due *due, int64_t started, int64_t now) {
    store_begin(store);
    finish(store, due, started, now);
    store_commit(store);
}

int store_turn(struct store *store, const struct due *ended, int count, int64_t started, struct due *due, int room) {
    int64_t now = microseconds();
    store_begin(store);
    for (int index = 0; index < count; index++) finish(store, &ended[index], started, now);
    int found = 0;
    sqlite3_stmt *look = start_look(store, now, room);
    while (found < room && step(store, look)) read_due(look, &due[found++]);
    sqlite3_reset(look);
    for (int index = 0; index < found; index++) take(store, &due[index], now);
    store_commit(store);
    return found;
}
