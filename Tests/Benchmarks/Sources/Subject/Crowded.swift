// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Glibc
import Scheduling

/// A program whose store holds very much that is pending, and one task that is due.
struct Crowded {
    private let scheduler: TaskScheduler

    init(_ scheduler: TaskScheduler) { self.scheduler = scheduler }

    /// Two numbers: nanoseconds from before the store is opened until the handler of what is due runs, and bytes by which
    /// the most memory that was ever resident exceeds what was resident before.
    @MainActor func run() async throws {
        let (ends, end) = AsyncStream<Int64>.makeStream()
        scheduler.register(forTaskWithIdentifier: "task.first", using: nil) { task in
            end.yield(Clock.monotonic())
            task.setTaskCompleted(success: true)
            end.finish()
        }
        let scheduler = scheduler
        let before = Self.memory("VmRSS:")
        let start = Clock.monotonic()
        let running = Task { @MainActor in try await scheduler.run() }
        var handled: Int64 = 0
        for await instant in ends { handled = instant }
        running.cancel()
        try await running.value
        Subject.say("\(handled - start)")
        Subject.say("\(Self.memory("VmHWM:") - before)")
    }

    /// One line of /proc/self/status, in bytes (proc(5)).
    private static func memory(_ name: String) -> Int {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
            let kibibytes = line.split(whereSeparator: { !$0.isNumber }).first.flatMap({ Int($0) })
        else { Subject.fail("/proc/self/status does not say \(name)") }
        return kibibytes * 1024
    }
}
