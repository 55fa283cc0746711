// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// A disk, and how processes and hosts die on it.
#include "Disk.h"
#include <stdlib.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>

faultvfs_disk *faultvfs_disk_new(uint64_t seed) {
    faultvfs_disk *disk = calloc(1, sizeof(faultvfs_disk));
    disk->random = seed;
    return disk;
}

void faultvfs_disk_free(faultvfs_disk *disk) {
    while (disk->nodes) {
        node *file = disk->nodes;
        file->is_named = 0;
        file->references = 0;
        faultvfs_release(file);
    }
    free(disk);
}

void faultvfs_disk_observe(faultvfs_disk *disk, faultvfs_hook hook, faultvfs_committed committed, void *context) {
    disk->hook = hook;
    disk->committed = committed;
    disk->context = context;
}

void faultvfs_failed_sync_drops(faultvfs_disk *disk, int drops) { disk->drops = drops; }

static void die(handle *file) {
    if (file->is_dead) return;
    // SQLite goes on in that process, as it does not know; what it writes to shared memory then is undone in `reap`.
    if (file->memory && file->memory == file->file->memory) faultvfs_shm_save(file->file);
    faultvfs_shm_let_go(file);
    if (file->memory && file->process) file->memory->users--;
    file->base.pMethods->xUnlock(&file->base, SQLITE_LOCK_NONE);
    file->is_dead = 1;
}

void faultvfs_kill(faultvfs_disk *disk, int process) {
    for (handle *file = disk->handles; file; file = file->next) {
        if (file->process == process) die(file);
    }
}

void faultvfs_reap(faultvfs_disk *disk) {
    for (node *file = disk->nodes; file; file = file->next) {
        if (file->memory) faultvfs_shm_restore(file->memory);
    }
}

/// A new file whose name was not made durable may be gone; one whose removal was not may be back.
static void cut_name(node *file) {
    faultvfs_disk *disk = file->disk;
    if (file->is_named && !file->is_entry_durable && faultvfs_random(disk, 2)) {
        unlink(file->path);
        file->is_named = 0;
    } else if (file->was_deleted && file->is_entry_durable && faultvfs_random(disk, 2)) {
        int descriptor = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        struct stat about;
        if (descriptor >= 0 && fstat(descriptor, &about) == 0) {
            file->device = about.st_dev;
            file->inode = about.st_ino;
            file->is_named = 1;
            if (ftruncate(descriptor, file->cache.count > 0) != 0) abort();
        }
        if (descriptor >= 0) close(descriptor);
    }
    file->was_deleted = 0;
    file->is_entry_durable = 1;
}

void faultvfs_sync_names(faultvfs_disk *disk) {
    for (node *file = disk->nodes, *next; file; file = next) {
        next = file->next;
        file->is_entry_durable = 1;
        file->was_deleted = 0;
        faultvfs_release(file);
    }
}

void faultvfs_power_cut(faultvfs_disk *disk) {
    for (handle *file = disk->handles; file; file = file->next) die(file);
    for (node *file = disk->nodes, *next; file; file = next) {
        next = file->next;
        faultvfs_cut(file);
        cut_name(file);
        // Memory is gone with the power; who still holds a piece of it is dead.
        file->memory = NULL;
        faultvfs_release(file);
    }
}

void faultvfs_shut_down(faultvfs_disk *disk) {
    for (node *file = disk->nodes; file; file = file->next) faultvfs_sync(file);
    faultvfs_sync_names(disk);
    faultvfs_power_cut(disk);
}

int faultvfs_open_files(const faultvfs_disk *disk) {
    int count = 0;
    for (const handle *file = disk->handles; file; file = file->next) count++;
    return count;
}

uint64_t faultvfs_writes(const faultvfs_disk *disk) { return disk->writes; }
uint64_t faultvfs_syncs(const faultvfs_disk *disk) { return disk->syncs; }
uint64_t faultvfs_lost(const faultvfs_disk *disk) { return disk->lost; }
