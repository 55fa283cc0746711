// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// The VFS and its files (https://www.sqlite.org/c3ref/vfs.html, https://www.sqlite.org/c3ref/io_methods.html).
#include "Disk.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static _Thread_local faultvfs_disk *present_disk;
static _Thread_local int present_process;

int faultvfs_ask(handle *file, faultvfs_call call, int dead) {
    if (file->is_dead) return dead;
    faultvfs_disk *disk = file->file->disk;
    int answer = file->process && disk->hook ? disk->hook(disk->context, file->process, call) : SQLITE_OK;
    return file->is_dead ? dead : answer;
}

// MARK: Files

static int file_close(sqlite3_file *base) {
    handle *file = (handle *)base;
    faultvfs_shm_unmap(base, 0);
    file->base.pMethods->xUnlock(base, SQLITE_LOCK_NONE);
    for (handle **link = &file->file->disk->handles; *link; link = &(*link)->next) {
        if (*link == file) {
            *link = file->next;
            break;
        }
    }
    file->file->references--;
    faultvfs_release(file->file);
    return SQLITE_OK;
}

static int file_read(sqlite3_file *base, void *out, int count, sqlite3_int64 offset) {
    handle *file = (handle *)base;
    int refused = faultvfs_ask(file, FAULTVFS_READ, SQLITE_IOERR_READ);
    if (refused) return refused;
    buffer *cache = &file->file->cache;
    int64_t there = cache->count - offset;
    if (there >= count) {
        memcpy(out, cache->bytes + offset, (size_t)count);
        return SQLITE_OK;
    }
    memset(out, 0, (size_t)count);
    if (there > 0) memcpy(out, cache->bytes + offset, (size_t)there);
    return SQLITE_IOERR_SHORT_READ;
}

static int file_write(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset) {
    handle *file = (handle *)base;
    int extends = offset + count > file->file->cache.count;
    int refused = faultvfs_ask(file, extends ? FAULTVFS_EXTEND : FAULTVFS_WRITE, SQLITE_IOERR_WRITE);
    if (refused) return refused;
    // The product looks at the real file's size: one that holds something is not empty.
    if (file->file->cache.count == 0 && truncate(file->file->path, 1) != 0) return SQLITE_IOERR_WRITE;
    faultvfs_write(file->file, bytes, count, offset);
    // The log's writer is told by its lock; only who wrote has committed anything.
    for (handle *each = file->file->disk->handles; each; each = each->next) {
        if (each->process == file->process && each->memory) each->wrote = 1;
    }
    return SQLITE_OK;
}

static int file_truncate(sqlite3_file *base, sqlite3_int64 size) {
    handle *file = (handle *)base;
    int refused = faultvfs_ask(file, FAULTVFS_TRUNCATE, SQLITE_IOERR_TRUNCATE);
    if (refused) return refused;
    faultvfs_truncate(file->file, size);
    return SQLITE_OK;
}

static int file_sync(sqlite3_file *base, int flags) {
    (void)flags;
    handle *file = (handle *)base;
    int refused = faultvfs_ask(file, FAULTVFS_SYNC, SQLITE_IOERR_FSYNC);
    if (file->is_dead) return SQLITE_IOERR_FSYNC;
    if (refused) {
        if (file->file->disk->drops) faultvfs_forget_changes(file->file);
        return refused;
    }
    faultvfs_sync(file->file);
    return SQLITE_OK;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
    handle *file = (handle *)base;
    int refused = faultvfs_ask(file, FAULTVFS_SIZE, SQLITE_IOERR_FSTAT);
    *size = refused ? 0 : file->file->cache.count;
    return refused;
}

static int file_lock(sqlite3_file *base, int level) {
    handle *file = (handle *)base;
    node *node = file->file;
    if (file->level >= level) return SQLITE_OK;
    int refused = faultvfs_ask(file, FAULTVFS_LOCK, SQLITE_IOERR_LOCK);
    if (refused) return refused;
    int others = node->shared - (file->level >= SQLITE_LOCK_SHARED ? 1 : 0);
    handle *exclusive = node->exclusive, *pending = node->pending, *reserved = node->reserved;
    switch (level) {
    case SQLITE_LOCK_SHARED:
        if ((exclusive && exclusive != file) || (pending && pending != file)) return SQLITE_BUSY;
        node->shared++;
        break;
    case SQLITE_LOCK_RESERVED:
        if (reserved && reserved != file) return SQLITE_BUSY;
        node->reserved = file;
        break;
    default:
        if ((reserved && reserved != file) || (pending && pending != file)) return SQLITE_BUSY;
        node->pending = file;
        if (others > 0) {
            file->level = SQLITE_LOCK_PENDING;
            return SQLITE_BUSY;
        }
        node->exclusive = file;
    }
    file->level = level;
    return SQLITE_OK;
}

static int file_unlock(sqlite3_file *base, int level) {
    handle *file = (handle *)base;
    node *node = file->file;
    if (file->level <= level) return SQLITE_OK;
    if (node->exclusive == file) node->exclusive = NULL;
    if (node->pending == file) node->pending = NULL;
    if (node->reserved == file) node->reserved = NULL;
    if (level == SQLITE_LOCK_NONE && file->level >= SQLITE_LOCK_SHARED) node->shared--;
    file->level = level;
    return SQLITE_OK;
}

static int file_check_reserved(sqlite3_file *base, int *out) {
    *out = ((handle *)base)->file->reserved != NULL;
    return SQLITE_OK;
}

static int file_control(sqlite3_file *base, int operation, void *argument) {
    (void)base, (void)operation, (void)argument;
    return SQLITE_NOTFOUND;
}

static int file_sector_size(sqlite3_file *base) {
    (void)base;
    return 4096;
}

static int file_characteristics(sqlite3_file *base) {
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

const sqlite3_io_methods faultvfs_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = faultvfs_shm_map,
    .xShmLock = faultvfs_shm_lock,
    .xShmBarrier = faultvfs_shm_barrier,
    .xShmUnmap = faultvfs_shm_unmap,
};

// MARK: Names

static sqlite3_vfs *real(sqlite3_vfs *vfs) { return vfs->pAppData; }

static node *find(faultvfs_disk *disk, const char *path) {
    struct stat about;
    if (stat(path, &about) != 0) return NULL;
    for (node *node = disk->nodes; node; node = node->next) {
        if (node->is_named && node->inode == about.st_ino && node->device == about.st_dev) return node;
    }
    return NULL;
}

static node *make(faultvfs_disk *disk, const char *path, int is_durable) {
    struct stat about;
    if (stat(path, &about) != 0) return NULL;
    node *new = calloc(1, sizeof(node));
    new->disk = disk;
    new->path = strdup(path);
    new->device = about.st_dev;
    new->inode = about.st_ino;
    new->is_named = 1;
    new->is_entry_durable = is_durable;
    new->last = &new->first;
    new->next = disk->nodes;
    disk->nodes = new;
    return new;
}

static int vfs_open(sqlite3_vfs *vfs, const char *path, sqlite3_file *base, int flags, int *out_flags) {
    handle *file = (handle *)base;
    memset(file, 0, sizeof(handle));
    faultvfs_disk *disk = present_disk;
    // Temporary files have no name; nothing that the stores do needs one.
    if (!path || !disk) return SQLITE_CANTOPEN;
    if (present_process && disk->hook) {
        int refused = disk->hook(disk->context, present_process, FAULTVFS_OPEN);
        if (refused) return refused;
    }
    int descriptor = open(path, O_RDWR | O_CLOEXEC | ((flags & SQLITE_OPEN_CREATE) ? O_CREAT : 0), 0600);
    if (descriptor < 0) return SQLITE_CANTOPEN;
    close(descriptor);
    node *node = find(disk, path);
    // The database itself is made, named and made durable by the product.
    if (!node) node = make(disk, path, (flags & SQLITE_OPEN_MAIN_DB) != 0);
    if (!node) return SQLITE_CANTOPEN;
    if (strcmp(node->path, path) != 0) {
        free(node->path);
        node->path = strdup(path);
    }
    node->references++;
    file->file = node;
    file->process = present_process;
    file->next = disk->handles;
    disk->handles = file;
    file->base.pMethods = &faultvfs_methods;
    if (out_flags) *out_flags = flags;
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *path, int synchronises) {
    faultvfs_disk *disk = present_disk;
    if (disk && present_process && disk->hook) {
        int refused = disk->hook(disk->context, present_process, FAULTVFS_DELETE);
        if (refused) return refused;
    }
    node *node = disk ? find(disk, path) : NULL;
    int code = real(vfs)->xDelete(real(vfs), path, 0);
    if (node && code == SQLITE_OK) {
        node->is_named = 0;
        node->was_deleted = !synchronises;
        if (synchronises) faultvfs_release(node);
    }
    return code;
}

static int vfs_access(sqlite3_vfs *vfs, const char *path, int flags, int *out) {
    node *node = present_disk ? find(present_disk, path) : NULL;
    if (!node) return real(vfs)->xAccess(real(vfs), path, flags, out);
    *out = flags != SQLITE_ACCESS_EXISTS || node->cache.count > 0;
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *path, int count, char *out) {
    return real(vfs)->xFullPathname(real(vfs), path, count, out);
}

static int vfs_randomness(sqlite3_vfs *vfs, int count, char *out) {
    // SQLite seeds its own generator with this; the salts of the log come from there.
    (void)vfs;
    memset(out, 0x5a, (size_t)count);
    return count;
}

/// Nobody else runs while one waits: time passes at once.
static int vfs_sleep(sqlite3_vfs *vfs, int microseconds) {
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *out) { return real(vfs)->xCurrentTimeInt64(real(vfs), out); }

static int vfs_last_error(sqlite3_vfs *vfs, int count, char *out) {
    (void)vfs, (void)count, (void)out;
    return 0;
}

int faultvfs_register(void) {
    if (sqlite3_vfs_find(FAULTVFS_NAME)) return SQLITE_OK;
    static sqlite3_vfs vfs;
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    if (!real) return SQLITE_ERROR;
    vfs = (sqlite3_vfs){
        .iVersion = 2,
        .szOsFile = sizeof(handle),
        .mxPathname = real->mxPathname,
        .zName = FAULTVFS_NAME,
        .pAppData = real,
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_path,
        .xRandomness = vfs_randomness,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    return sqlite3_vfs_register(&vfs, 0);
}

void faultvfs_enter(faultvfs_disk *disk, int process) {
    present_disk = disk;
    present_process = process;
}
