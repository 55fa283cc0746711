// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Synchronization
package import TransfersCore

/// Hears an exchange, keeps what it heard, and lets a test wait for it.
package final class ExchangeRecorder: ExchangeObserver {
    package struct Record: Sendable {
        package var informed: [ResponseHead] = []
        package var plans: [ResponseHead] = []
        package var progress: [(sent: Int64, received: Int64)] = []
        package var durable: [Int64] = []
        /// One in the end, whatever happens.
        package var ends: [ExchangeEnd] = []
        /// Calls that came after the end.
        package var late = 0
    }

    private struct Waiter {
        var condition: @Sendable (Record) -> Bool
        var continuation: CheckedContinuation<Record, Never>
    }

    private struct State {
        var record = Record()
        var waiters: [Waiter] = []
    }

    private let state = Mutex(State())
    private let choose: @Sendable (ResponseHead) -> BodyPlan

    package init(_ choose: @escaping @Sendable (ResponseHead) -> BodyPlan) {
        self.choose = choose
    }

    package convenience init(_ plan: BodyPlan = .keep(limit: 65_536)) {
        self.init { _ in plan }
    }

    package var record: Record { state.withLock { $0.record } }

    package func until(_ condition: @escaping @Sendable (Record) -> Bool) async -> Record {
        await withCheckedContinuation { continuation in
            let now: Record? = state.withLock { state in
                if condition(state.record) { return state.record }
                state.waiters.append(Waiter(condition: condition, continuation: continuation))
                return nil
            }
            if let now { continuation.resume(returning: now) }
        }
    }

    package func end() async -> ExchangeEnd {
        await until { !$0.ends.isEmpty }.ends[0]
    }

    private func note(_ change: (inout Record) -> Void) {
        let ready = state.withLock { state -> [(Waiter, Record)] in
            if !state.record.ends.isEmpty { state.record.late += 1 }
            change(&state.record)
            let record = state.record
            let ready = state.waiters.filter { $0.condition(record) }.map { ($0, record) }
            state.waiters.removeAll { $0.condition(record) }
            return ready
        }
        for (waiter, record) in ready { waiter.continuation.resume(returning: record) }
    }

    package func informed(_ head: ResponseHead) { note { $0.informed.append(head) } }

    package func plan(for head: ResponseHead) -> BodyPlan {
        note { $0.plans.append(head) }
        return choose(head)
    }

    package func progressed(sent: Int64, received: Int64) { note { $0.progress.append((sent, received)) } }
    package func madeDurable(upTo offset: Int64) { note { $0.durable.append(offset) } }
    package func ended(_ end: ExchangeEnd) { note { $0.ends.append(end) } }
}
