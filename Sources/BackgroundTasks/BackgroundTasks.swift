// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

#if os(Linux)

// What a file gets from Apple's module of this name: its types, and Foundation with Dispatch and URLSession in it. Nothing
// else of ours: a client's own `TaskScheduler` or `HistoryEntry` stays what it was.
@_exported import Dispatch
@_exported import Foundation
@_exported import FoundationNetworking
@_exported import SchedulingRuntime

/// The Objective-C name of a dispatch queue, by which the headers of Apple's framework call it.
public typealias dispatch_queue_t = DispatchQueue

#endif
