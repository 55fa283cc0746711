// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// The store of the library, with the same statements and settings and nothing around them.

#ifndef FLOOR_STORE_H
#define FLOOR_STORE_H

#include <sqlite3.h>
#include <stdint.h>

struct store {
    char directory[512];
    sqlite3 *database;
    int owners;      // the lock file of the owners, open
    int64_t owner;   // our row, once we are one
    int pages;       // of the log, after the latest commit
    struct statement *statements;
};

// What is due, as the library reads it.
struct due {
    int64_t id, request, instant;
    char identifier[128];
};

_Noreturn void fail(const char *doing, const char *cause);

void store_open(struct store *store, const char *directory);
void store_begin(struct store *store);
void store_commit(struct store *store);

// In one transaction: the wake-up that a request relies on, and the request.
void store_keep_wakeup(struct store *store, const char *name, int64_t instant);
void store_read_wakeup(struct store *store, char *name, int64_t *instant);
int64_t store_take_numbers(struct store *store, int count, int64_t now);
void store_insert(struct store *store, int64_t number, const char *identifier, int64_t instant, int64_t now);

// A commit each.
void store_become_owner(struct store *store, int64_t now);
int store_look(struct store *store, int64_t now, struct due *due);
int store_claim(struct store *store, const struct due *due, int64_t now);
void store_finish(struct store *store, const struct due *due, int64_t started, int64_t now);
// What ended is recorded, and at most `room` of what is due is claimed, in the same commit. Returns how many.
int store_turn(struct store *store, const struct due *ended, int count, int64_t started, struct due *due, int room);

#endif
