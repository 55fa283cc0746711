// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import TransfersCore
internal import TransfersStore

extension TransferSession {
    /// Has `handler` called exactly once, with the present or next end of this transfer; an end that lies in the outbox is
    /// delivered at once. Returns false if there is no such transfer.
    @discardableResult
    package func attach(_ identifier: String, _ handler: @escaping Handler) -> Bool {
        engageOrLog()
        let (index, isFirst) = state.withLock { state in
            state.handlers[identifier, default: []].append(handler)
            return ((state.handlers[identifier]?.count ?? 1) - 1, state.handlers[identifier]?.count == 1)
        }
        do throws(TransferFailure) {
            guard let hasEnded = try store.hasEnded(session: self.identifier, identifier: identifier) else {
                state.withLock { state in
                    if isFirst {
                        state.handlers[identifier] = nil
                    } else if state.handlers[identifier]?.indices.contains(index) == true {
                        state.handlers[identifier]?.remove(at: index)
                    }
                }
                return false
            }
            if hasEnded { send(.deliver(identifier)) }
        } catch {
            parts.log(error.description)
        }
        return true
    }

    /// Forgets an end: the row and a file of ours go, the identifier is free. Every handler that was called for it has to
    /// say so; the last one counts. Durable when it returns.
    package func acknowledge(_ identifier: String) async {
        await withCheckedContinuation { continuation in acknowledge(identifier) { continuation.resume() } }
    }

    /// The same for who does not wait; `then` is called on the session's thread.
    func acknowledge(_ identifier: String, then: @escaping @Sendable () -> Void) {
        send(.acknowledge(Acknowledgement(identifier: identifier, then: then)))
    }

    // MARK: Delivering

    /// Somebody here is to be told of its end.
    func isAwaited(_ id: Int64) -> Bool {
        state.withLock { state in state.works[id].map { state.handlers[$0.work.identifier] != nil } ?? false }
    }

    /// These stand in the outbox now.
    func ended(_ ends: [TransferTurn.End]) {
        if ends.isEmpty { return }
        var delivered: [StoredTransfer] = []
        var others: [StoredTransfer] = []
        for end in ends {
            let stored = state.withLock { state in
                guard let place = state.works[end.id] else { return nil as StoredTransfer? }
                place.work.stored.result = end.result
                place.work.stored.checkpoint = place.work.machine.checkpoint
                return place.work.stored
            }
            leave(end.id)
            guard let stored else { continue }
            if end.isDelivered { delivered.append(stored) } else { others.append(stored) }
            hub.tell(stored.intent.identifier) {
                var progress = Self.progress(of: stored)
                if end.result.outcome == .succeeded, let total = progress.total { progress.completed = total }
                return progress
            }
        }
        tidy(delivered + others)
        handOut(delivered)
        deliver(others)
    }

    func deliverStored(_ identifier: String) {
        guard let stored = (try? store.transfer(session: self.identifier, identifier: identifier)) ?? nil,
            stored.result != nil
        else { return }
        deliver([stored])
    }

    /// Whatever lies in the outbox and somebody waits for.
    func deliverResults() {
        if state.withLock({ $0.handlers.isEmpty }) { return }
        var last: Int64 = 0
        while let page = try? store.results(session: identifier, after: last), let end = page.last {
            last = end.id
            deliver(page)
        }
    }

    private func deliver(_ ends: [StoredTransfer]) {
        let wanted = state.withLock { state in ends.filter { state.handlers[$0.intent.identifier] != nil } }
        if wanted.isEmpty { return }
        do throws(TransferFailure) {
            try store.markDelivered(wanted.map(\.id))
        } catch {
            // Once too often is better than never.
            parts.log(error.description)
        }
        handOut(wanted)
    }

    /// They count as delivered on the books.
    private func handOut(_ ends: [StoredTransfer]) {
        for var stored in ends {
            stored.deliveries += 1
            guard let result = stored.result else { continue }
            let handlers = state.withLock { state in
                let handlers = state.handlers.removeValue(forKey: stored.intent.identifier) ?? []
                state.runningHandlers += handlers.count
                state.delivered[stored.intent.identifier, default: (stored, 0)].calls += handlers.count
                return handlers
            }
            for handler in handlers {
                Task { [stored] in
                    await handler(stored, result)
                    self.handlerReturned()
                }
            }
        }
    }

    /// Looks only for somebody who waits for that.
    private func handlerReturned() {
        let isAwaited = state.withLock { state in
            state.runningHandlers -= 1
            return state.runningHandlers == 0
                && !(state.drained.isEmpty && state.runs.isEmpty && state.leaving.isEmpty)
        }
        if isAwaited { send(.look) }
    }

    /// The ends whose last handler has acknowledged, and who waits for that to be durable.
    func takeAcknowledged() -> (ids: [Int64], thens: [@Sendable () -> Void]) {
        let acknowledged = state.withLock { state in
            defer { state.acknowledging = [] }
            return state.acknowledging
        }
        var ended: [StoredTransfer] = []
        for identifier in acknowledged.map(\.identifier) {
            let (known, isLast) = state.withLock { state -> (StoredTransfer?, Bool) in
                guard let delivered = state.delivered[identifier] else { return (nil, true) }
                state.delivered[identifier]?.calls -= 1
                if delivered.calls > 1 { return (nil, false) }
                state.delivered[identifier] = nil
                return (delivered.stored, true)
            }
            if !isLast { continue }
            let stored =
                known ?? (try? store.transfer(session: self.identifier, identifier: identifier)).flatMap(\.self)
            if let stored, stored.result != nil { ended.append(stored) }
        }
        // Before the row goes, so that nothing is left that nobody knows of.
        for stored in ended where !stored.hasPlacedFile { opened.folder.removeLeftovers(of: stored.intent) }
        return (ended.map(\.id), acknowledged.map(\.then))
    }
}

extension StoredTransfer {
    /// What was a partial file is the file now.
    fileprivate var hasPlacedFile: Bool {
        guard case .download(let target) = intent.work else { return false }
        return target.destination != nil && result?.outcome == .succeeded
    }
}
