// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#define _GNU_SOURCE
#include "CBackgroundLinux.h"
#ifdef __linux__
#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

int cbackground_open_timer(int clock) { return timerfd_create(clock, TFD_NONBLOCK | TFD_CLOEXEC); }

int cbackground_set_timer(int fd, long long microseconds) {
    struct itimerspec setting = {
        .it_value = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &setting, 0);
}

int cbackground_open_counter(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

int cbackground_count(int fd) {
    uint64_t one = 1;
    return write(fd, &one, sizeof one) == sizeof one ? 0 : -1;
}

long long cbackground_take_count(int fd) {
    uint64_t count = 0;
    ssize_t length;
    do { length = read(fd, &count, sizeof count); } while (length == -1 && errno == EINTR);
    return length == sizeof count ? (long long)count : -1;
}
#endif
