// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#pragma once
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-id128.h>
#include <systemd/sd-journal.h>
#include <systemd/sd-login.h>
