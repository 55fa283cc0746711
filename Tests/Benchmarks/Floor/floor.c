// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// What the library is measured against: the same work by hand in C. Each command prints one number a line.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "bus.h"
#include "store.h"

static int64_t nanoseconds(clockid_t clock) {
    struct timespec reading;
    clock_gettime(clock, &reading);
    return reading.tv_sec * 1000000000LL + reading.tv_nsec;
}

static int64_t wall(void) { return nanoseconds(CLOCK_REALTIME) / 1000; }

// "bench." and the last part of the directory.
static const char *application(const char *directory) {
    static char name[128];
    const char *slash = strrchr(directory, '/');
    snprintf(name, sizeof name, "bench.%.100s", slash ? slash + 1 : directory);
    return name;
}

// MARK: submit DIRECTORY moving|staying COUNT BASE TAG

static void submit(struct store *store, struct manager *manager, const char *identifier, int64_t instant, int moves) {
    char old[256], name[256];
    int64_t armed, now = wall();
    if (moves) {
        store_read_wakeup(store, old, &armed);
        manager_arm(manager, application(store->directory), instant, name);
    }
    store_begin(store);
    if (moves) {
        store_keep_wakeup(store, name, instant);
    } else {
        store_read_wakeup(store, old, &armed);
        if (armed > instant) fail("submit", "the head would move");
    }
    store_insert(store, store_take_numbers(store, 1, now), identifier, instant, now);
    store_commit(store);
    if (moves && old[0]) manager_stop(manager, old);
}

static void submit_all(const char *directory, const char *mode, int count, int64_t base, const char *tag) {
    int moves = !strcmp(mode, "moving");
    struct store store;
    struct manager manager;
    int64_t *durations = calloc(count + 1, sizeof *durations);
    for (int index = 0; index <= count; index++) {
        char identifier[64];
        snprintf(identifier, sizeof identifier, "task.%s.%d", tag, index);
        int64_t start = nanoseconds(CLOCK_MONOTONIC);
        // The first one opens the store and connects, as in the library.
        if (index == 0) store_open(&store, directory);
        if (index == 0 && moves) manager_connect(&manager);
        submit(&store, &manager, identifier, base + (moves ? -60000000LL : 1000000LL) * index, moves);
        durations[index] = nanoseconds(CLOCK_MONOTONIC) - start;
    }
    for (int index = 0; index <= count; index++) printf("%ld\n", (long)durations[index]);
}

// MARK: bulk DIRECTORY COUNT BASE

static void bulk(const char *directory, int count, int64_t base) {
    struct store store;
    store_open(&store, directory);
    int64_t now = wall(), start = nanoseconds(CLOCK_MONOTONIC);
    store_begin(&store);
    int64_t number = store_take_numbers(&store, count, now);
    for (int index = 0; index < count; index++) {
        char identifier[64];
        snprintf(identifier, sizeof identifier, "task.bulk.%d", index + 1);
        store_insert(&store, number + index, identifier, base + 1000000LL * (index + 1), now);
    }
    store_commit(&store);
    printf("%ld\n", (long)(nanoseconds(CLOCK_MONOTONIC) - start));
}

// MARK: resident DIRECTORY

static void enlist(struct store *store, const char *identifier, int64_t instant) {
    int64_t now = wall();
    store_begin(store);
    store_insert(store, store_take_numbers(store, 1, now), identifier, instant, now);
    store_commit(store);
}

static void set_alarm(int timer, int64_t instant) {
    struct itimerspec setting = {
        .it_value = {.tv_sec = instant / 1000000, .tv_nsec = instant % 1000000 * 1000}};
    if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL) < 0) fail("set the timer", strerror(errno));
}

// The timer fired: claims, and only then says what the clock reads.
static void run_due(struct store *store, int timer) {
    uint64_t expirations;
    struct due due;
    if (read(timer, &expirations, sizeof expirations) != sizeof expirations) fail("read", "the timer");
    int64_t now = wall();
    if (!store_look(store, now, &due) || !store_claim(store, &due, now)) fail("claim", "nothing is due");
    int64_t handled = wall();
    printf("%ld\n", (long)handled);
    fflush(stdout);
    store_finish(store, &due, now, wall());
}

static void stay(const char *directory) {
    struct store store;
    store_open(&store, directory);
    store_become_owner(&store, wall());
    int timer = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC);
    struct pollfd watched[2] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = timer, .events = POLLIN}};
    for (;;) {
        if (poll(watched, 2, -1) < 0) fail("wait", strerror(errno));
        if (watched[1].revents) run_due(&store, timer);
        if (!watched[0].revents) continue;
        char line[64];
        ssize_t length = read(STDIN_FILENO, line, sizeof line - 1);
        if (length <= 0) return;
        line[length] = 0;
        int64_t instant = atoll(line);
        enlist(&store, "task.due", instant);
        set_alarm(timer, instant);
        printf("submitted\n");
        fflush(stdout);
    }
}

// MARK: burn DIRECTORY COUNT ROOM

static int handled;

static void handle(const struct due *due) { handled += due->identifier[0] == 't'; }

// Runs what is due, ROOM at a time: nothing starts before its claim is durable, and a group is claimed in the commit that
// records the ends of the group before.
static void burn(const char *directory, int count, int room) {
    struct due *due = calloc(room, sizeof *due), *ended = calloc(room, sizeof *ended);
    void (*volatile handler)(const struct due *) = handle;
    int64_t start = nanoseconds(CLOCK_MONOTONIC), started = 0;
    struct store store;
    store_open(&store, directory);
    store_become_owner(&store, wall());
    int found = 0;
    do {
        struct due *before = ended;
        ended = due, due = before;
        int64_t now = wall();
        found = store_turn(&store, ended, found, started, due, room);
        started = now;
        for (int index = 0; index < found; index++) handler(&due[index]);
    } while (found > 0);
    printf("%ld\n", (long)(nanoseconds(CLOCK_MONOTONIC) - start));
    if (handled != count) fail("run", "not all was due");
}

// MARK: cold-submit DIRECTORY INSTANT, cold-launched DIRECTORY

static void cold_submit(const char *directory, int64_t instant) {
    struct store store;
    struct manager manager;
    store_open(&store, directory);
    manager_connect(&manager);
    submit(&store, &manager, "task.cold", instant, 1);
}

static void cold_launched(const char *directory, int64_t began) {
    if (sd_notify(1, "READY=1") <= 0) fail("notify", "the manager");
    struct store store;
    struct due due;
    store_open(&store, directory);
    store_become_owner(&store, wall());
    sd_bus *bus = logind_listen();
    int64_t started = wall();
    if (!store_look(&store, started, &due) || !store_claim(&store, &due, started)) fail("claim", "nothing is due");
    int64_t handled = wall();
    // As the library does: what is due does not wait for the locks.
    logind_inhibit(bus, application(directory));

    char path[640], draft[648];
    snprintf(path, sizeof path, "%s/cold", directory);
    snprintf(draft, sizeof draft, "%s.new", path);
    FILE *file = fopen(draft, "w");
    if (!file) fail(draft, strerror(errno));
    fprintf(file, "%ld %ld %d\n", (long)began, (long)handled, getpid());
    fclose(file);
    rename(draft, path);
    store_finish(&store, &due, started, wall());
}

// MARK: barrier DIRECTORY COUNT

// The disk's own price of a commit: 4 KiB more in a file, and the barrier.
static void barrier(const char *directory, int count) {
    char path[640], page[4096];
    memset(page, 'x', sizeof page);
    snprintf(path, sizeof path, "%s/barrier", directory);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0) fail(path, strerror(errno));
    for (int index = 0; index < count; index++) {
        if (write(file, page, sizeof page) != sizeof page) fail("write", path);
        int64_t start = nanoseconds(CLOCK_MONOTONIC);
        if (fdatasync(file) < 0) fail("synchronise", path);
        printf("%ld\n", (long)(nanoseconds(CLOCK_MONOTONIC) - start));
    }
    unlink(path);
}

// MARK: time COUNT INPUT COMMAND...

// How long a program takes from its start to its end, with INPUT as its standard input.
static void time_program(int count, const char *input, char **command) {
    extern char **environ;
    for (int index = 0; index < count; index++) {
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, input, O_RDONLY, 0);
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
        if (!getenv("FLOOR_VERBOSE")) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
        pid_t pid;
        int status;
        int64_t start = nanoseconds(CLOCK_MONOTONIC);
        if (posix_spawnp(&pid, command[0], &actions, NULL, command, environ)) fail("start", command[0]);
        if (waitpid(pid, &status, 0) != pid || status) fail(command[0], "it failed");
        printf("%ld\n", (long)(nanoseconds(CLOCK_MONOTONIC) - start));
        posix_spawn_file_actions_destroy(&actions);
    }
}

int main(int count, char **words) {
    int64_t began = wall();
    const char *command = count > 2 ? words[1] : "";
    if (!strcmp(command, "submit") && count == 7) {
        submit_all(words[2], words[3], atoi(words[4]), atoll(words[5]), words[6]);
    } else if (!strcmp(command, "bulk") && count == 5) {
        bulk(words[2], atoi(words[3]), atoll(words[4]));
    } else if (!strcmp(command, "resident") && count == 3) {
        stay(words[2]);
    } else if (!strcmp(command, "burn") && count == 5) {
        burn(words[2], atoi(words[3]), atoi(words[4]));
    } else if (!strcmp(command, "cold-submit") && count == 4) {
        cold_submit(words[2], atoll(words[3]));
    } else if (!strcmp(command, "cold-launched") && count == 3) {
        cold_launched(words[2], began);
    } else if (!strcmp(command, "barrier") && count == 4) {
        barrier(words[2], atoi(words[3]));
    } else if (!strcmp(command, "time") && count > 4) {
        time_program(atoi(words[2]), words[3], words + 4);
    } else {
        fail("understand", "the command line");
    }
    return 0;
}
