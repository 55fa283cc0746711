// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Scheduling
import SchedulingTesting
import Synchronization

/// What the handlers of a test did, in order.
final class Diary: Sendable {
    private let lines = Mutex<[String]>([])
    func note(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
}

extension TaskScheduler {
    func submitRefresh(_ identifier: String, in delay: TimeInterval? = nil, now: ManualTime) throws {
        let request = AppRefreshTaskRequest(identifier: identifier)
        request.earliestBeginDate = delay.map { now.date.addingTimeInterval($0) }
        try submit(request)
    }

    func submitProcessing(
        _ identifier: String, in delay: TimeInterval? = nil, power: Bool = false, network: Bool = false, now: ManualTime
    ) throws {
        let request = ProcessingTaskRequest(identifier: identifier)
        request.earliestBeginDate = delay.map { now.date.addingTimeInterval($0) }
        request.requiresExternalPower = power
        request.requiresNetworkConnectivity = network
        try submit(request)
    }

    func outcomes(_ identifier: String) throws -> [Outcome] {
        try history(for: identifier).reversed().map(\.outcome)
    }
}
