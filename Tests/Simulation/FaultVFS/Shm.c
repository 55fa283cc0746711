// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// The shared memory of the write-ahead log (https://www.sqlite.org/walformat.html#the_wal_index_file_format).
#include "Disk.h"
#include <stdlib.h>
#include <string.h>

/// The slots that who writes the log holds, and who reads it anew.
enum { WRITER = 0, RECOVERER = 2 };

static void free_saved(shm *memory) {
    for (int i = 0; i < REGIONS; i++) {
        free(memory->saved[i]);
        memory->saved[i] = NULL;
    }
}

static shm *attach(handle *file) {
    if (file->memory) return file->memory;
    node *node = file->file;
    if (!node->memory) node->memory = calloc(1, sizeof(shm));
    shm *memory = node->memory;
    memory->references++;
    // The first user of a database makes its shared memory anew, whatever dead processes left there.
    if (file->process && memory->users++ == 0) {
        for (int i = 0; i < REGIONS; i++) {
            if (memory->regions[i]) memset(memory->regions[i], 0, (size_t)memory->size);
        }
    }
    return file->memory = memory;
}

int faultvfs_shm_map(sqlite3_file *base, int region, int size, int extend, void volatile **out) {
    handle *file = (handle *)base;
    *out = NULL;
    int refused = faultvfs_ask(file, FAULTVFS_SHM_MAP, SQLITE_IOERR_SHMMAP);
    if (refused) return refused;
    shm *memory = attach(file);
    if (region >= REGIONS) return SQLITE_FULL;
    memory->size = size;
    if (!memory->regions[region]) {
        if (!extend) return SQLITE_OK;
        memory->regions[region] = calloc(1, (size_t)size);
    }
    *out = memory->regions[region];
    return SQLITE_OK;
}

static void unlock(handle *file, int offset, int count) {
    shm *memory = file->memory;
    for (int slot = offset; slot < offset + count; slot++) {
        int bit = 1 << slot;
        if (file->shared_slots & bit) memory->shared[slot]--;
        if (file->exclusive_slots & bit) memory->exclusive[slot] = NULL;
        file->shared_slots &= ~bit;
        file->exclusive_slots &= ~bit;
    }
}

static int lock(handle *file, int offset, int count, int exclusive) {
    shm *memory = file->memory;
    for (int slot = offset; slot < offset + count; slot++) {
        int own = (file->shared_slots >> slot) & 1;
        if (memory->exclusive[slot] && memory->exclusive[slot] != file) return SQLITE_BUSY;
        if (exclusive && memory->shared[slot] > own) return SQLITE_BUSY;
    }
    for (int slot = offset; slot < offset + count; slot++) {
        int bit = 1 << slot;
        if (exclusive) {
            if (slot == RECOVERER) file->recovers = 1;
            memory->exclusive[slot] = file;
            file->exclusive_slots |= bit;
        } else if (!(file->shared_slots & bit)) {
            memory->shared[slot]++;
            file->shared_slots |= bit;
        }
    }
    return SQLITE_OK;
}

int faultvfs_shm_lock(sqlite3_file *base, int offset, int count, int flags) {
    handle *file = (handle *)base;
    if (flags & SQLITE_SHM_UNLOCK) {
        // No error is heard here: only the death of the process makes a difference.
        faultvfs_ask(file, FAULTVFS_SHM_UNLOCK, SQLITE_OK);
        if (file->is_dead) return SQLITE_OK;
        unlock(file, offset, count);
        faultvfs_disk *disk = file->file->disk;
        if (file->recovers && offset <= RECOVERER && offset + count > RECOVERER) {
            file->recovers = 0;
            if (disk->committed && file->process) disk->committed(disk->context, 0);
        }
        if (offset == WRITER && (flags & SQLITE_SHM_EXCLUSIVE) && file->wrote && disk->committed && file->process) {
            file->wrote = 0;
            disk->committed(disk->context, file->process);
        }
        return SQLITE_OK;
    }
    int refused = faultvfs_ask(file, FAULTVFS_SHM_LOCK, SQLITE_IOERR_SHMLOCK);
    if (refused) return refused;
    attach(file);
    return lock(file, offset, count, flags & SQLITE_SHM_EXCLUSIVE);
}

void faultvfs_shm_barrier(sqlite3_file *base) {
    handle *file = (handle *)base;
    faultvfs_ask(file, FAULTVFS_SHM_BARRIER, SQLITE_OK);
    __sync_synchronize();
}

void faultvfs_shm_let_go(handle *file) {
    if (file->memory) unlock(file, 0, SLOTS);
}

int faultvfs_shm_unmap(sqlite3_file *base, int delete) {
    (void)delete;
    handle *file = (handle *)base;
    shm *memory = file->memory;
    if (!memory) return SQLITE_OK;
    faultvfs_shm_let_go(file);
    file->memory = NULL;
    if (file->process && !file->is_dead) memory->users--;
    if (--memory->references > 0) return SQLITE_OK;
    if (file->file->memory == memory) file->file->memory = NULL;
    free_saved(memory);
    for (int i = 0; i < REGIONS; i++) free(memory->regions[i]);
    free(memory);
    return SQLITE_OK;
}

void faultvfs_shm_save(node *file) {
    shm *memory = file->memory;
    if (!memory) return;
    free_saved(memory);
    for (int i = 0; i < REGIONS; i++) {
        if (!memory->regions[i]) continue;
        memory->saved[i] = malloc((size_t)memory->size);
        memcpy(memory->saved[i], memory->regions[i], (size_t)memory->size);
    }
}

void faultvfs_shm_restore(shm *memory) {
    for (int i = 0; i < REGIONS; i++) {
        if (memory->saved[i]) memcpy(memory->regions[i], memory->saved[i], (size_t)memory->size);
    }
    free_saved(memory);
}
