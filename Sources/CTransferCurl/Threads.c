// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#define _GNU_SOURCE
#include "CTransferCurl.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct beginning {
    void (*body)(void *);
    void *context;
};

static void *begin(void *raw) {
    struct beginning start = *(struct beginning *)raw;
    free(raw);
    start.body(start.context);
    return NULL;
}

int ctransfer_start_thread(pthread_t *thread, const char *name, void (*body)(void *), void *context) {
    struct beginning *start = malloc(sizeof(struct beginning));
    if (!start) return ENOMEM;
    *start = (struct beginning){body, context};
    // A thread inherits its mask (pthread_sigmask(3)), and so do the threads that libcurl starts to resolve names.
    sigset_t blocked, before;
    sigfillset(&blocked);
    int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&blocked, own[i]);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    int failed = pthread_create(thread, NULL, begin, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) free(start);
#ifdef __linux__
    else pthread_setname_np(*thread, name);
#endif
    return failed;
}

static int64_t microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int ctransfer_sync(int descriptor, int64_t *took) {
    int64_t before = microseconds();
    int result;
    // EINTR is no verdict on the data; any other failure is one, and is final (fsync(2), NOTES).
    do { result = fdatasync(descriptor); } while (result == -1 && errno == EINTR);
    int number = result == -1 ? errno : 0;
    *took = microseconds() - before;
    return number;
}
