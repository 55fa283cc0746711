// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#define _GNU_SOURCE
#include "CBackgroundLinux.h"
#ifdef __linux__
#include <errno.h>
#include <fcntl.h>
#include <sys/statfs.h>

static int ofd(int fd, int command, short type, long long start, long long length, struct flock *answer) {
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length, .l_pid = 0};
    int result;
    do { result = fcntl(fd, command, &lock); } while (result == -1 && errno == EINTR);
    if (answer) *answer = lock;
    return result;
}

int cbackground_ofd_lock(int fd, long long start, long long length) {
    return ofd(fd, F_OFD_SETLK, F_WRLCK, start, length, 0);
}

int cbackground_ofd_wait(int fd, long long start, long long length) {
    return ofd(fd, F_OFD_SETLKW, F_WRLCK, start, length, 0);
}

int cbackground_ofd_unlock(int fd, long long start, long long length) {
    return ofd(fd, F_OFD_SETLK, F_UNLCK, start, length, 0);
}

int cbackground_ofd_is_locked(int fd, long long start, long long length) {
    struct flock answer;
    if (ofd(fd, F_OFD_GETLK, F_WRLCK, start, length, &answer) == -1) return -1;
    return answer.l_type != F_UNLCK;
}

long cbackground_filesystem_type(int fd) {
    struct statfs about;
    int result;
    do { result = fstatfs(fd, &about); } while (result == -1 && errno == EINTR);
    return result == -1 ? -1 : (long)about.f_type;
}
#endif
