// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#define _GNU_SOURCE
#include "CBackgroundLinux.h"
#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

int cbackground_reserve(int fd, long long length) { return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, length); }

int cbackground_clone_file(int target, int source) { return ioctl(target, FICLONE, source); }

long cbackground_copy_range(int source, int target, unsigned long length) {
    return copy_file_range(source, 0, target, 0, length, 0);
}

int cbackground_rename_new(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}
#endif
