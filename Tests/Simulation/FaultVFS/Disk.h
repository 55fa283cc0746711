// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#pragma once
#include "CBackgroundFaultVFS.h"
#include <sqlite3.h>
#include <sys/types.h>

enum { SECTOR = 512, REGIONS = 64, SLOTS = 8 };

/// Bytes that grow.
typedef struct {
    unsigned char *bytes;
    int64_t count, capacity;
} buffer;

/// A write, or with `bytes` NULL a truncation to `offset`, that was not synced.
typedef struct change {
    struct change *next;
    int64_t offset, count;
    unsigned char *bytes;
} change;

/// The shared memory of a database, while anybody has it; `saved` is what it held when a process in a call was killed.
typedef struct {
    int references, users;
    char *regions[REGIONS];
    char *saved[REGIONS];
    int size;
    int shared[SLOTS];
    struct handle *exclusive[SLOTS];
} shm;

/// A file: what every process sees, what is on the disk for sure, and the changes in between.
typedef struct node {
    struct node *next;
    faultvfs_disk *disk;
    char *path;
    dev_t device;
    ino_t inode;
    int references;
    int is_named, is_entry_durable, was_deleted;
    buffer cache, durable;
    change *first, **last;
    int64_t unsynced;
    struct handle *reserved, *pending, *exclusive;
    int shared;
    shm *memory;
} node;

/// One opening of a file.
typedef struct handle {
    sqlite3_file base;
    struct handle *next;
    node *file;
    shm *memory;
    int process, is_dead, level;
    int shared_slots, exclusive_slots;
    int wrote, recovers;
} handle;

struct faultvfs_disk {
    node *nodes;
    handle *handles;
    uint64_t random, writes, syncs, lost;
    int drops;
    faultvfs_hook hook;
    faultvfs_committed committed;
    void *context;
};

extern const sqlite3_io_methods faultvfs_methods;

/// The answer of the hook; for the dead an error.
int faultvfs_ask(handle *file, faultvfs_call call, int dead);
uint64_t faultvfs_random(faultvfs_disk *disk, uint64_t below);

void faultvfs_write(node *file, const void *bytes, int64_t count, int64_t offset);
void faultvfs_truncate(node *file, int64_t size);
void faultvfs_sync(node *file);
void faultvfs_forget_changes(node *file);
void faultvfs_cut(node *file);
void faultvfs_release(node *file);

int faultvfs_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out);
int faultvfs_shm_lock(sqlite3_file *base, int offset, int count, int flags);
void faultvfs_shm_barrier(sqlite3_file *base);
int faultvfs_shm_unmap(sqlite3_file *base, int delete);
void faultvfs_shm_let_go(handle *file);
void faultvfs_shm_save(node *file);
void faultvfs_shm_restore(shm *memory);
