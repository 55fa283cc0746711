// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import TransfersCore
internal import TransfersStore

extension TransferSession {
    /// Makes the session's task due now, and lets go of the session if this process does not run the task itself.
    package func leave() async {
        guard settings.sendsLaunchEvents else { return }
        await withCheckedContinuation { send(.leave($0)) }
    }

    func beginLeaving(_ continuation: CheckedContinuation<Void, Never>) {
        if parts.wakeups.runHere {
            handOver()
            return continuation.resume()
        }
        state.withLock { state in
            state.leaving.append(continuation)
            state.isHandedOver = state.ownership != nil
        }
        // What runs comes to rest first, and what it has done is written down.
        hold()
    }

    /// Once nothing is at work here and every handler has returned.
    func leaveIfQuiet() {
        let leaving = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            guard state.works.isEmpty, state.begins == 0, state.inbox.isEmpty, state.runningHandlers == 0 else {
                return []
            }
            defer { state.leaving = [] }
            return state.leaving
        }
        if leaving.isEmpty { return }
        if state.withLock({ $0.ownership != nil }) { forgetOrders() }
        do throws(TransferFailure) {
            try store.flush()
        } catch {
            parts.log(error.description)
        }
        handOver()
        for continuation in leaving { continuation.resume() }
    }

    /// The session goes before its task is due: who is started at once has to find it free.
    private func handOver() {
        let now = moment().wall
        let isRunHere = parts.wakeups.runHere
        let (ownership, wakeup) = state.withLock { state in
            let wakeup = state.queue.wakeup(now: now)
            guard !isRunHere else {
                state.isHandedOver = state.ownership != nil && wakeup.map { $0 <= now } == true
                return (state.ownership, wakeup)
            }
            defer { state.ownership = nil }
            return (state.ownership, wakeup)
        }
        if let ownership {
            if !isRunHere { ownership.release() }
            if let wakeup { arming.withLock { _ in schedule(wakeup) } }
            if !isRunHere { forgetQueue() }
        } else if let free = (try? store.own(identifier)).flatMap(\.self) {
            // It was left before, and something was begun since.
            free.release()
            if let counts = try? store.counts(session: identifier), counts.waiting + counts.running > 0 {
                arming.withLock { _ in schedule(now) }
            }
        }
    }

    private func forgetQueue() {
        state.withLock { state in
            state.isScheduledKnown = false
            state.alive = []
            state.local = []
            state.fresh = [:]
            state.queue = TransferQueue(totalLimit: settings.totalLimit, hostLimit: settings.hostLimit)
        }
    }
}
