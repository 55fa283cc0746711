// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// An SQLite VFS (https://www.sqlite.org/vfs.html) for tests: files in memory, faults on demand, and power cuts.
//
// Each file is an inode of a real directory, so that names (rename, unlink, lstat) are the real ones; the real file is a
// byte long at the most, and what SQLite writes is kept here. Not thread-safe: a disk belongs to one thread.
#pragma once
#include <stdint.h>

#define FAULTVFS_NAME "fault"

/// Which call of the VFS is about to happen.
typedef enum {
    FAULTVFS_OPEN,
    FAULTVFS_READ,
    FAULTVFS_WRITE,
    /// A write that makes the file longer.
    FAULTVFS_EXTEND,
    FAULTVFS_TRUNCATE,
    FAULTVFS_SYNC,
    FAULTVFS_SIZE,
    FAULTVFS_LOCK,
    FAULTVFS_SHM_MAP,
    FAULTVFS_SHM_LOCK,
    FAULTVFS_SHM_UNLOCK,
    FAULTVFS_SHM_BARRIER,
    FAULTVFS_DELETE,
} faultvfs_call;

/// Called before each call's effect. Returns 0, or the SQLite error that the call fails with, without its effect. It may
/// kill the process, or cut the power.
typedef int (*faultvfs_hook)(void *context, int process, faultvfs_call call);
/// Called when a process that lives has let go of the log's write lock after writing frames: what it committed can be seen.
/// Also when it has read the log anew, which may show what a dead process committed: then `process` is 0.
typedef void (*faultvfs_committed)(void *context, int process);

typedef struct faultvfs_disk faultvfs_disk;

/// Registers the VFS under its name, once. Returns an SQLite code.
int faultvfs_register(void);
faultvfs_disk *faultvfs_disk_new(uint64_t seed);
/// Every connection has to be closed before.
void faultvfs_disk_free(faultvfs_disk *disk);
void faultvfs_disk_observe(faultvfs_disk *disk, faultvfs_hook hook, faultvfs_committed committed, void *context);
/// Files that this thread opens from now on are on this disk (NULL: on none) and belong to this process; the process 0
/// only looks: no hook is called for it, and its connection does not keep the shared memory alive.
void faultvfs_enter(faultvfs_disk *disk, int process);

/// What a failing sync leaves: with `drops`, the pages count as clean and are lost at a power cut unless they are written
/// again, as on Linux (https://www.postgresql.org/docs/current/wal-reliability.html); else they stay unsynced.
void faultvfs_failed_sync_drops(faultvfs_disk *disk, int drops);
/// kill -9: its locks are gone, and nothing that it does from now on has an effect. What was written stays.
void faultvfs_kill(faultvfs_disk *disk, int process);
/// The dead process' stack is unwound: what it scribbled into shared memory meanwhile is undone.
void faultvfs_reap(faultvfs_disk *disk);
/// Every process dies, and of what was not synced an arbitrary part is kept, in arbitrary order, torn in the middle.
void faultvfs_power_cut(faultvfs_disk *disk);

/// The directory was synchronised: names that were made or removed stay so. Removing a rollback journal does not do that
/// by itself with synchronous FULL (https://www.sqlite.org/pragma.html#pragma_synchronous).
void faultvfs_sync_names(faultvfs_disk *disk);

/// The host goes down as it should: everything is written, and every process is gone.
void faultvfs_shut_down(faultvfs_disk *disk);

/// How many files are open on it.
int faultvfs_open_files(const faultvfs_disk *disk);
/// How many writes, and how many successful syncs, there were.
uint64_t faultvfs_writes(const faultvfs_disk *disk);
uint64_t faultvfs_syncs(const faultvfs_disk *disk);
/// How many bytes power cuts have taken.
uint64_t faultvfs_lost(const faultvfs_disk *disk);
