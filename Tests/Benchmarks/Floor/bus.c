// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#define _GNU_SOURCE
#include "bus.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-id128.h>
#include <time.h>
#include <unistd.h>

#include "store.h"

#define SYSTEMD "org.freedesktop.systemd1"
#define LOGIN "org.freedesktop.login1"

static void check(int result, const char *doing) {
    if (result < 0) fail(doing, strerror(-result));
}

static int64_t microseconds(clockid_t clock) {
    struct timespec reading;
    clock_gettime(clock, &reading);
    return reading.tv_sec * 1000000LL + reading.tv_nsec / 1000;
}

void manager_connect(struct manager *manager) {
    char address[256];
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    snprintf(address, sizeof address, "unix:path=%s/systemd/private", runtime ? runtime : "/run");
    check(sd_bus_new(&manager->bus), "make a connection");
    check(sd_bus_set_address(manager->bus, address), address);
    check(sd_bus_start(manager->bus), address);
    check(sd_bus_get_property_trivial(
              manager->bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager", "UserspaceTimestampMonotonic",
              NULL, 't', &manager->started),
          "ask when the manager started");
}

static void instance(char text[32]) {
    sd_id128_t boot;
    uint64_t number;
    check(sd_id128_get_boot(&boot), "read the boot id");
    if (getrandom(&number, sizeof number, 0) != sizeof number) fail("get", "a random number");
    snprintf(text, 32, "%02x%02x%02x%02x-%016lx", boot.bytes[0], boot.bytes[1], boot.bytes[2], boot.bytes[3], number);
}

static void calendar(int64_t instant, char text[64]) {
    time_t seconds = instant / 1000000;
    struct tm utc;
    gmtime_r(&seconds, &utc);
    size_t length = strftime(text, 64, "%Y-%m-%d %H:%M:%S", &utc);
    snprintf(text + length, 64 - length, ".%06ld UTC", (long)(instant % 1000000));
}

// Whether the message is the JobRemoved of this job; `done` says how it ended.
static int is_end_of(sd_bus_message *message, const char *job, int *done) {
    if (sd_bus_message_is_signal(message, SYSTEMD ".Manager", "JobRemoved") <= 0) return 0;
    uint32_t number;
    const char *path, *unit, *result;
    if (sd_bus_message_read(message, "uoss", &number, &path, &unit, &result) < 0 || strcmp(path, job)) return 0;
    *done = !strcmp(result, "done");
    return 1;
}

static void await_job(sd_bus *bus, const char *job) {
    int done = 0;
    for (;;) {
        sd_bus_message *message = NULL;
        int result = sd_bus_process(bus, &message);
        check(result, "read from the manager");
        int ended = message && is_end_of(message, job, &done);
        sd_bus_message_unref(message);
        if (ended) break;
        if (result == 0) check(sd_bus_wait(bus, 3000000), "wait for the manager");
    }
    if (!done) fail("arm", "the job failed");
}

void manager_arm(struct manager *manager, const char *application, int64_t instant, char name[256]) {
    char number[32], description[256], date[64];
    instance(number);
    snprintf(name, 256, "app-background-%s@%s.timer", application, number);
    snprintf(description, sizeof description, "Wake-up for the background tasks of %s", application);
    calendar(instant, date);
    uint64_t startup =
        microseconds(CLOCK_MONOTONIC) + instant - microseconds(CLOCK_REALTIME) + 2000 - manager->started;
    sd_bus_message *reply = NULL;
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int result = sd_bus_call_method(
        manager->bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager", "StartTransientUnit", &error, &reply,
        "ssa(sv)a(sa(sv))", name, "fail", 6,
        "Description", "s", description,
        "TimersCalendar", "a(ss)", 1, "OnCalendar", date,
        "TimersMonotonic", "a(st)", 2, "OnStartupSec", startup, "OnUnitInactiveSec", (uint64_t)900000000,
        "AccuracyUSec", "t", (uint64_t)1,
        "RemainAfterElapse", "b", 0,
        "CollectMode", "s", "inactive-or-failed", 0);
    if (result < 0) fail("arm", error.message ? error.message : strerror(-result));
    const char *job;
    check(sd_bus_message_read(reply, "o", &job), "read the job");
    await_job(manager->bus, job);
    sd_bus_message_unref(reply);
}

void manager_stop(struct manager *manager, const char *name) {
    sd_bus_error error = SD_BUS_ERROR_NULL;
    int result = sd_bus_call_method(
        manager->bus, SYSTEMD, "/org/freedesktop/systemd1", SYSTEMD ".Manager", "StopUnit", &error, NULL, "ss", name,
        "replace");
    if (result < 0 && !sd_bus_error_has_name(&error, SYSTEMD ".NoSuchUnit"))
        fail("stop the old timer", error.message ? error.message : strerror(-result));
    sd_bus_error_free(&error);
}

static void match(sd_bus *bus, const char *member) {
    char rule[256];
    snprintf(rule, sizeof rule,
             "type='signal',sender='" LOGIN "',path='/org/freedesktop/login1',interface='" LOGIN
             ".Manager',member='%s'",
             member);
    check(sd_bus_call_method(
              bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "AddMatch", NULL, NULL,
              "s", rule),
          "ask for signals");
}

static void property(sd_bus *bus, const char *name, char type, void *value) {
    check(sd_bus_get_property_trivial(
              bus, LOGIN, "/org/freedesktop/login1", LOGIN ".Manager", name, NULL, type, value),
          name);
}

sd_bus *logind_listen(void) {
    sd_bus *bus;
    uint64_t grace;
    int announced;
    check(sd_bus_open_system(&bus), "connect to the system bus");
    match(bus, "PrepareForSleep");
    match(bus, "PrepareForShutdown");
    property(bus, "InhibitDelayMaxUSec", 't', &grace);
    property(bus, "PreparingForSleep", 'b', &announced);
    property(bus, "PreparingForShutdown", 'b', &announced);
    return bus;
}

static void inhibit(sd_bus *bus, const char *what, const char *who) {
    sd_bus_message *reply = NULL;
    int descriptor;
    // Refused without polkit; the library goes on as well.
    if (sd_bus_call_method(
            bus, LOGIN, "/org/freedesktop/login1", LOGIN ".Manager", "Inhibit", NULL, &reply, "ssss", what, who,
            "A background task is running", "delay") < 0)
        return;
    check(sd_bus_message_read(reply, "h", &descriptor), "read the lock");
    if (fcntl(descriptor, F_DUPFD_CLOEXEC, 3) < 0) fail("keep", "the lock");
    sd_bus_message_unref(reply);
}

void logind_inhibit(sd_bus *bus, const char *who) {
    inhibit(bus, "sleep", who);
    inhibit(bus, "shutdown", who);
}
