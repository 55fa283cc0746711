// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#ifdef __linux__
#include "CBackgroundLinux.h"

#include <errno.h>
#include <stdint.h>
#include <sys/timerfd.h>
#include <unistd.h>

// "If this flag is specified along with TFD_TIMER_ABSTIME and the clock for this timer is CLOCK_REALTIME [...] then mark
// this timer as cancelable if the real-time clock undergoes a discontinuous change" (timerfd_create(2)). The instant itself
// is one that never comes.
static int arm(int fd) {
    struct itimerspec never = {.it_value = {.tv_sec = (time_t)1 << 40}};
    return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL);
}

int cbackground_open_clock_settings(void) {
    int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (fd >= 0 && arm(fd) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

int cbackground_drain_clock_settings(int fd) {
    uint64_t count;
    ssize_t length = read(fd, &count, sizeof count);
    if (length < 0 && errno == EAGAIN) return 0;
    int was_set = length < 0 && errno == ECANCELED;
    if (length < 0 && !was_set && errno != EINTR) return -1;
    if (arm(fd) != 0) return -1;
    return was_set;
}
#endif
