// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#define _GNU_SOURCE
#include "CBackgroundLinux.h"
#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

// What is larger than the whole file system never fits, whatever is removed from it.
static void judge_length(const struct statfs *system, long long length) {
    if (errno == ENOSPC && system->f_bsize > 0 && length / system->f_bsize > (long long)system->f_blocks) errno = EFBIG;
}

static int look_for_room(int fd, const struct statfs *system, long long length) {
    struct stat file;
    if (fstat(fd, &file) != 0) return -1;
    long long missing = length - (long long)file.st_blocks * 512;
    if (system->f_blocks == 0 || missing <= (long long)system->f_bavail * (long long)system->f_bsize) return 0;
    errno = ENOSPC;
    judge_length(system, length);
    return -1;
}

int cbackground_look_for_room(int fd, long long length) {
    struct statfs system;
    return fstatfs(fd, &system) == 0 ? look_for_room(fd, &system, length) : -1;
}

int cbackground_reserve(int fd, long long length) {
    struct statfs system;
    if (fstatfs(fd, &system) != 0) return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, length);
    // tmpfs(5) allocates and charges every page for a reservation, which takes as long as writing them, under the lock that
    // writers need. Whether they would fit can be told without.
    if (system.f_type == TMPFS_MAGIC) return look_for_room(fd, &system, length);
    int result = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, length);
    if (result != 0 && system.f_blocks > 0) judge_length(&system, length);
    return result;
}

void cbackground_send_ahead(int fd) { sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); }

int cbackground_clone_file(int target, int source) { return ioctl(target, FICLONE, source); }

long cbackground_copy_range(int source, int target, unsigned long length) {
    return copy_file_range(source, 0, target, 0, length, 0);
}

int cbackground_rename_new(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}
#endif
