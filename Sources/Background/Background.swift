// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

@_exported import Scheduling
@_exported import Transfers
