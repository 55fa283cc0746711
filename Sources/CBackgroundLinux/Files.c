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

// tmpfs(5) allocates and charges every page for a reservation, which takes as long as writing them, under the lock that
// writers need. Whether they would fit can be told without.
static int fits_in_memory(int fd, const struct statfs *system, long long length) {
    struct stat file;
    if (fstat(fd, &file) != 0) return -1;
    long long missing = length - (long long)file.st_blocks * 512;
    if (system->f_blocks == 0 || missing <= (long long)system->f_bavail * (long long)system->f_bsize) return 0;
    errno = ENOSPC;
    return -1;
}

int cbackground_reserve(int fd, long long length) {
    struct statfs system;
    if (fstatfs(fd, &system) == 0 && system.f_type == TMPFS_MAGIC) return fits_in_memory(fd, &system, length);
    return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, length);
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
