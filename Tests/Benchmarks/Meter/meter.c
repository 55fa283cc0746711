// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// meter FD COMMAND... - runs a program, and writes to the descriptor FD: nanoseconds from before its start until after its
// end, microseconds of processor time, and the most memory that it had (KiB). Ends as the program does.
//
// It is this small because the kernel counts as a program's memory also what its process had before it was executed
// (getrusage(2), ru_maxrss).
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t microseconds(struct timeval time) { return (int64_t)time.tv_sec * 1000000 + time.tv_usec; }

int main(int count, char **arguments) {
    if (count < 3) return fprintf(stderr, "meter FD COMMAND...\n"), 2;
    int report = atoi(arguments[1]), status;
    fcntl(report, F_SETFD, FD_CLOEXEC);
    int64_t began = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(arguments[2], arguments + 2);
        perror(arguments[2]);
        _exit(127);
    }
    struct rusage usage;
    if (child < 0 || wait4(child, &status, 0, &usage) != child) return perror("meter"), 2;
    dprintf(report, "%lld %lld %ld\n", (long long)(now() - began),
            (long long)(microseconds(usage.ru_utime) + microseconds(usage.ru_stime)), usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
