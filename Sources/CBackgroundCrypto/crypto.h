// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors
#pragma once
#include <openssl/evp.h>
