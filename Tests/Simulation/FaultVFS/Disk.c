// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// What is in a file, what is on the disk, and what a power cut leaves.
#include "Disk.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// splitmix64 (https://prng.di.unimi.it/splitmix64.c): the same seed cuts the same way.
uint64_t faultvfs_random(faultvfs_disk *disk, uint64_t below) {
    uint64_t z = disk->random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (z ^ (z >> 31)) % below;
}

static void resize(buffer *buffer, int64_t count) {
    if (count > buffer->capacity) {
        buffer->capacity = count > 2 * buffer->capacity ? count : 2 * buffer->capacity;
        buffer->bytes = realloc(buffer->bytes, (size_t)buffer->capacity);
    }
    if (count > buffer->count) memset(buffer->bytes + buffer->count, 0, (size_t)(count - buffer->count));
    buffer->count = count;
}

static void put(buffer *buffer, const void *bytes, int64_t count, int64_t offset) {
    if (offset + count > buffer->count) resize(buffer, offset + count);
    memcpy(buffer->bytes + offset, bytes, (size_t)count);
}

static void apply(buffer *buffer, const change *change) {
    if (change->bytes) {
        put(buffer, change->bytes, change->count, change->offset);
    } else if (change->offset < buffer->count) {
        buffer->count = change->offset;
    }
}

static void note(node *file, const void *bytes, int64_t count, int64_t offset) {
    change *new = calloc(1, sizeof(change));
    new->offset = offset;
    new->count = count;
    if (bytes) {
        new->bytes = malloc((size_t)count);
        memcpy(new->bytes, bytes, (size_t)count);
    }
    *file->last = new;
    file->last = &new->next;
    file->unsynced += count;
}

static void drop_first(node *file) {
    change *old = file->first;
    file->first = old->next;
    if (!file->first) file->last = &file->first;
    file->unsynced -= old->count;
    free(old->bytes);
    free(old);
}

void faultvfs_forget_changes(node *file) {
    while (file->first) drop_first(file);
}

/// The kernel writes by itself what nobody syncs, sooner or later.
enum { WRITE_BACK = 32 << 20 };

void faultvfs_write(node *file, const void *bytes, int64_t count, int64_t offset) {
    put(&file->cache, bytes, count, offset);
    note(file, bytes, count, offset);
    file->disk->writes++;
    while (file->unsynced > WRITE_BACK) {
        apply(&file->durable, file->first);
        drop_first(file);
    }
}

void faultvfs_truncate(node *file, int64_t size) {
    resize(&file->cache, size);
    note(file, NULL, 0, size);
}

void faultvfs_sync(node *file) {
    for (change *change = file->first; change; change = change->next) apply(&file->durable, change);
    faultvfs_forget_changes(file);
    // The default VFS synchronises the directory with the first sync of a journal or log that it made.
    file->is_entry_durable = 1;
    file->disk->syncs++;
}

/// A write reaches the disk sector by sector, and each of them or not, in any order; one may be cut in the middle. What
/// lies around the bytes that were written is left alone ("powersafe overwrite", https://www.sqlite.org/psow.html).
static void cut_write(node *file, const change *change, int keep, int tear, int garbage) {
    faultvfs_disk *disk = file->disk;
    for (int64_t done = 0; done < change->count;) {
        int64_t offset = change->offset + done;
        int64_t count = SECTOR - offset % SECTOR;
        if (count > change->count - done) count = change->count - done;
        int64_t kept = (int)faultvfs_random(disk, 100) < keep ? count : 0;
        if (kept && (int)faultvfs_random(disk, 100) < tear) kept = (int64_t)faultvfs_random(disk, (uint64_t)count);
        if (kept) put(&file->durable, change->bytes + done, kept, offset);
        if (kept < count && offset + count > file->durable.count && (int)faultvfs_random(disk, 100) < garbage) {
            // The file grew, and what is in its new blocks is anybody's guess.
            int64_t from = offset + kept > file->durable.count ? file->durable.count : offset + kept;
            resize(&file->durable, offset + count);
            for (int64_t at = from; at < offset + count; at++) {
                file->durable.bytes[at] = (unsigned char)faultvfs_random(disk, 256);
            }
        }
        disk->lost += (uint64_t)(count - kept);
        done += count;
    }
}

void faultvfs_cut(node *file) {
    faultvfs_disk *disk = file->disk;
    // Each cut has a character of its own: nothing was written back, everything, or some.
    static const int chances[] = {0, 20, 50, 80, 95, 100};
    int keep = chances[faultvfs_random(disk, 6)];
    int tear = (int)faultvfs_random(disk, 2) * 10;
    int garbage = (int)faultvfs_random(disk, 2) * 50;
    for (change *change = file->first; change; change = change->next) {
        if (change->bytes) {
            cut_write(file, change, keep, tear, garbage);
        } else if ((int)faultvfs_random(disk, 100) < keep) {
            apply(&file->durable, change);
        }
    }
    faultvfs_forget_changes(file);
    resize(&file->cache, file->durable.count);
    if (file->durable.count) memcpy(file->cache.bytes, file->durable.bytes, (size_t)file->durable.count);
}

void faultvfs_release(node *file) {
    if (file->references > 0 || file->is_named) return;
    for (node **link = &file->disk->nodes; *link; link = &(*link)->next) {
        if (*link == file) {
            *link = file->next;
            break;
        }
    }
    faultvfs_forget_changes(file);
    free(file->cache.bytes);
    free(file->durable.bytes);
    free(file->path);
    free(file);
}
