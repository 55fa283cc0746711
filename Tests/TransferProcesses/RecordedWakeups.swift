// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings
import Synchronization
internal import Transfers

/// Remembers what was scheduled, and runs a session's task when a test says so.
package final class RecordedWakeups: TransferWakeups {
    package struct Scheduled: Sendable, Equatable {
        package var session: String
        package var instant: WallTime?
        package var requiresNetwork: Bool
    }

    private struct State {
        var scheduled: [Scheduled] = []
        var runs: [String: @Sendable () async -> Void] = [:]
        var runHere = false
    }
    private let state = Mutex(State())
    private let scheduling: AsyncStream<Scheduled>.Continuation
    /// What is scheduled, one after another; for one that listens.
    package let stream: AsyncStream<Scheduled>

    package init() { (stream, scheduling) = AsyncStream.makeStream(of: Scheduled.self) }

    package var all: [Scheduled] { state.withLock(\.scheduled) }
    package var last: Scheduled? { state.withLock(\.scheduled.last) }

    package var runHere: Bool {
        get { state.withLock(\.runHere) }
        set { state.withLock { $0.runHere = newValue } }
    }

    /// Once the task is due at this instant; for the one that listens.
    package func isScheduled(at instant: WallTime?) async -> Bool {
        for await scheduled in stream where scheduled.instant == instant { return true }
        return false
    }

    package func run(_ session: String) async { await state.withLock { $0.runs[session] }?() }

    package func register(session: String, run: @escaping @Sendable () async -> Void) {
        state.withLock { $0.runs[session] = run }
    }

    package func schedule(session: String, at instant: WallTime?, requiresNetwork: Bool) throws {
        let new = Scheduled(session: session, instant: instant, requiresNetwork: requiresNetwork)
        state.withLock { $0.scheduled.append(new) }
        scheduling.yield(new)
    }
}
