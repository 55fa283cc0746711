// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling

/// How long `submit` takes its caller.
struct Submitting {
    private let scheduler: TaskScheduler

    init(_ scheduler: TaskScheduler) { self.scheduler = scheduler }

    private func register(_ identifier: String) {
        scheduler.register(forTaskWithIdentifier: identifier, using: nil) { $0.setTaskCompleted(success: true) }
    }

    /// `moving`: each request is a minute earlier than all before, so the wake-up moves; `staying`: each is later.
    /// The first one, which opens the store and connects, is the first number.
    func run(mode: String, count: Int, base: Int, tag: String) throws {
        let step = mode == "moving" ? -60_000_000 : 1_000_000
        let identifiers = (0...count).map { "task.\(tag).\($0)" }
        identifiers.forEach(register)
        var durations: [Int64] = []
        for (index, identifier) in identifiers.enumerated() {
            let request = BGTaskRequest.refresh(identifier, at: base + step * index)
            let start = Clock.monotonic()
            try scheduler.submit(request)
            durations.append(Clock.monotonic() - start)
        }
        for duration in durations { Subject.say("\(duration)") }
    }

    /// All in one call, after one request that opens the store and lies before all of them.
    func bulk(count: Int, base: Int) throws {
        register("task.first")
        try scheduler.submit(.refresh("task.first", at: base))
        let identifiers = (1...max(1, count)).map { "task.bulk.\($0)" }
        identifiers.forEach(register)
        let requests = identifiers.enumerated().map { BGTaskRequest.refresh($1, at: base + 1_000_000 * ($0 + 1)) }
        let start = Clock.monotonic()
        try scheduler.submit(contentsOf: requests)
        Subject.say("\(Clock.monotonic() - start)")
    }
}
