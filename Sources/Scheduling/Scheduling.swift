// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

@_exported import BackgroundSurroundings
@_exported import Dispatch
@_exported import Foundation
@_exported import SchedulingCore
@_exported import SchedulingRuntime

/// Runs a program's tasks when the time and the conditions are right, also when the program is not running then.
public typealias TaskScheduler = BGTaskScheduler

/// A request for one run of a task.
public typealias TaskRequest = BGTaskRequest
/// A request for a short run that refreshes content.
public typealias AppRefreshTaskRequest = BGAppRefreshTaskRequest
/// A request for a longer run that can wait for power and network.
public typealias ProcessingTaskRequest = BGProcessingTaskRequest

/// A run of a task, given to its launch handler.
public typealias ScheduledTask = BGTask
/// A run of a short task that refreshes content.
public typealias AppRefreshTask = BGAppRefreshTask
/// A run of a longer, deferrable task.
public typealias ProcessingTask = BGProcessingTask

/// What an async handler is told about the run that it performs.
public typealias TaskContext = BGTaskContext

#if os(Linux) || os(macOS)
/// Runs a block of this program from time to time, when that suits the host.
public typealias BackgroundActivityScheduler = NSBackgroundActivityScheduler
#endif
