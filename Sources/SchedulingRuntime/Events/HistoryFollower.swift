// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import SchedulingCore
import SchedulingStore
import Synchronization

/// Tells the consumers of this process what other processes of the app wrote into history: each row once, in their order.
///
/// The doorbell wakes it, nothing else: without inotify it tells nothing.
final class HistoryFollower: Sendable {
    /// Guarded by `state`. `seen`: up to here everything was told; nil before the start. `own`: later rows of this process,
    /// which were told when they were written.
    private struct State {
        var seen: Int64?
        var own: Set<Int64> = []
        var watch: (any DoorbellHearing)?
        var isStopped = false
    }
    private let state = Mutex(State())
    private let store: SchedulingStore
    private let tell: @Sendable (RecordedEntry) -> Void
    /// One look at a time, so that no row is told twice.
    private let looking = Mutex(())

    init(_ store: SchedulingStore, tell: @escaping @Sendable (RecordedEntry) -> Void) {
        self.store = store
        self.tell = tell
    }

    /// What is written from now on is told.
    func start() throws(SchedulingFailure) {
        let newest = try store.newestRecord()
        let watch = store.watch { [weak self] in self?.look() }
        let isOver = state.withLock { state in
            state.seen = newest
            state.own = state.own.filter { $0 > newest }
            state.watch = watch
            return state.isStopped
        }
        if isOver { return stop() }
        look()  // what came between the two
    }

    func stop() {
        let watch = state.withLock { state in
            state.isStopped = true
            return state.watch.take()
        }
        watch?.stop()
    }

    func recorded(_ row: Int64) { state.withLock { _ = $0.own.insert(row) } }

    func look() {
        looking.withLock { _ in
            while let seen = state.withLock({ $0.isStopped ? nil : $0.seen }) {
                guard let rows = try? store.records(after: seen, limit: 256) else { return }
                guard let last = rows.last else { return startAgainIfEmptied(seen) }
                let own = state.withLock { state in
                    state.seen = last.row
                    defer { state.own = state.own.filter { $0 > last.row } }
                    return state.own
                }
                for row in rows where !own.contains(row.row) { tell(row) }
            }
        }
    }

    /// Rows are numbered anew where history was emptied.
    private func startAgainIfEmptied(_ seen: Int64) {
        guard let newest = try? store.newestRecord(), newest < seen else { return }
        state.withLock { $0.seen = newest }
    }
}
