// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

@_exported public import Foundation
@_exported public import TransfersCore

#if canImport(FoundationNetworking)
@_exported public import FoundationNetworking
#endif
