// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// What Swift's Glibc module does not show: each line with its reason.
#pragma once
#ifdef __linux__

// `fcntl` is variadic and the OFD commands are hidden behind _GNU_SOURCE (fcntl_locking(2), "Open file
// description locks"). Each returns 0, or -1 with errno.
int cbackground_ofd_lock(int fd, long long start, long long length, int wait);
int cbackground_ofd_unlock(int fd, long long start, long long length);
// 1: somebody else holds a conflicting lock; 0: nobody; -1: errno.
int cbackground_ofd_is_locked(int fd, long long start, long long length);

// `statfs` is not imported: the f_type of the file system that holds an open file, or -1 with errno (statfs(2)).
long cbackground_filesystem_type(int fd);

#endif
