// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
//
// The calls that the library makes to systemd and logind, and nothing around them.

#ifndef FLOOR_BUS_H
#define FLOOR_BUS_H

#include <stdint.h>
#include <systemd/sd-bus.h>

struct manager {
    sd_bus *bus;
    uint64_t started;  // of its monotonic clock, in microseconds
};

// Over the user manager's own socket, as the library does.
void manager_connect(struct manager *manager);
// Starts a transient timer for the service of the same name, and waits until its job is done. `name` is written.
void manager_arm(struct manager *manager, const char *application, int64_t instant, char name[256]);
void manager_stop(struct manager *manager, const char *name);

// Listens to sleep and shutdown, and asks what is announced.
sd_bus *logind_listen(void);
// One delay lock on sleep and one on shutdown; the descriptors stay open.
void logind_inhibit(sd_bus *bus, const char *who);

#endif
