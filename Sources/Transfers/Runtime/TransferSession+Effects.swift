// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
internal import TransfersCore
import TransfersFiles
internal import TransfersStore

extension TransferSession {
    /// Does what machines want done, each in its order: what has to be durable waits for one commit of all.
    func settle() {
        while true {
            var durable: [(id: Int64, checkpoint: TransferCheckpoint)] = []
            var ends: [(id: Int64, result: TransferResult)] = []
            for id in state.withLock({ $0.works.keys.sorted() }) {
                while let effect = state.withLock({ $0.works[id]?.effects.first }) {
                    if case .persist(let checkpoint, durably: true) = effect {
                        durable.append((id, checkpoint))
                        break
                    }
                    if case .finish(let result) = effect {
                        ends.append((id, result))
                        break
                    }
                    state.withLock { _ = $0.works[id]?.effects.removeFirst() }
                    perform(effect, id)
                }
            }
            letGo()
            if durable.isEmpty, ends.isEmpty { return }
            do throws(TransferFailure) {
                try commit(durable, ends)
            } catch {
                // Nothing that relies on it is done. It is all tried again.
                return failed(error)
            }
            state.withLock { state in
                state.failures = 0
                state.retryAt = nil
                for id in durable.map(\.id) + ends.map(\.id) { _ = state.works[id]?.effects.removeFirst() }
            }
            ended(ends)
        }
    }

    private func commit(
        _ durable: [(id: Int64, checkpoint: TransferCheckpoint)], _ ends: [(id: Int64, result: TransferResult)]
    ) throws(TransferFailure) {
        for (id, checkpoint) in durable.dropLast(ends.isEmpty ? 1 : 0) {
            try store.update(id, checkpoint, durably: false)
        }
        if ends.isEmpty, let last = durable.last {
            try store.update(last.id, last.checkpoint, durably: true)
        } else {
            try store.finish(ends)
        }
        state.withLock { $0.flushAt = nil }
        for (id, checkpoint) in durable { noteProgress(id, checkpoint) }
    }

    /// Machines that rest or have ended are not needed any more.
    private func letGo() {
        state.withLock { state in
            for (id, work) in state.works where work.isOver && work.effects.isEmpty {
                state.works[id] = nil
                state.moved[id] = nil
            }
        }
    }

    func failed(_ failure: TransferFailure) {
        parts.log(failure.description)
        let now = moment()
        state.withLock { state in
            // After a second, then after twice as long each time, up to a minute.
            state.retryAt = now.awake(after: .seconds(min(60, 1 << min(state.failures, 6))))
            state.failures += 1
        }
    }

    private func perform(_ effect: TransferEffect, _ id: Int64) {
        guard let work = state.withLock({ $0.works[id] }) else { return }
        let answer: @Sendable (TransferEvent) -> Void = { [weak self] event in
            self?.send(.event(id, work.generation, event))
        }
        switch effect {
        case .persist(let checkpoint, _):
            _ = try? store.update(id, checkpoint, durably: false)
            let at = moment().awake(after: .milliseconds(200))
            state.withLock { state in
                if state.flushAt == nil { state.flushAt = at }
            }
            noteProgress(id, checkpoint)
        case .authorize(let request): authorize(request, work, answer)
        case .checkSource:
            let sources = work.sourceIdentities
            files.async {
                let judgements = sources.lazy.map(SourceFile.judge)
                answer(.sourceJudged(judgements.first { $0 != .same } ?? .same))
            }
        case .digest(let ticket, let algorithm, let range):
            guard let source = work.sourceIdentities.first else { return }
            files.async {
                let result = Result { () throws(TransferFailure) in
                    try FileDigest.digest(algorithm, of: range, in: source)
                }
                answer(.digested(ticket: ticket, result))
            }
        case .prepareSink(let length, let total): prepareSink(work, length, total, answer)
        case .reserve(let total):
            guard let sink = work.sink else { return }
            files.async {
                do throws(TransferFailure) { try sink.reserve(total: total) } catch { answer(.sinkFailed(error)) }
            }
        case .perform(let exchange, let plan): perform(exchange, plan, work, answer)
        case .cancelExchange: work.exchange?.cancel()
        case .verify(let length, let digests): verify(work, length, digests, answer)
        case .place(let length):
            guard let target = work.target else { return }
            files.async {
                do throws(TransferFailure) {
                    _ = try Placement.place(target, length: length)
                    answer(.placed)
                } catch {
                    answer(.sinkFailed(error))
                }
            }
        case .note(let host, let word):
            let now = moment().wall
            state.withLock { $0.queue.note(word, of: host, now: now) }
        case .wait(let until, let reason): wait(work, until, reason)
        case .finish: break
        case .removeLeftovers:
            // A file without a destination is there until somebody has taken it.
            let isKept = work.stored.result?.outcome == .succeeded && work.target?.destination == nil
            if work.target == nil || !isKept { opened.folder.removeLeftovers(of: work.stored.intent) }
            state.withLock { $0.works[id]?.isOver = true }
        }
    }

    private func wait(_ work: TransferWork, _ until: WallTime?, _ reason: WaitReason) {
        let now = moment().wall
        var stored = work.stored
        stored.checkpoint = work.machine.checkpoint
        stored.checkpoint.state =
            reason == .paused ? .paused : .waiting(until: until ?? .distantFuture, reason: reason)
        let entry = entry(of: stored, now)
        state.withLock { state in
            if let entry { state.queue.put(entry) }
            if reason == .network, until != nil { state.waitForNetwork.insert(work.id) }
            if reason == .authorizer { state.waitForAuthorizer.insert(work.id) }
            state.works[work.id]?.isOver = true
        }
        hub.tell(work.identifier) { Self.progress(of: stored) }
    }

    /// Other processes are told once a second. On the engine's threads.
    private func note(moved bytes: Int64, of work: TransferWork) {
        let at = parts.time.now().awake(after: .seconds(1))
        let isFirst = state.withLock { state in
            guard state.works[work.id]?.generation == work.generation else { return false }
            state.moved[work.id] = bytes
            if state.movedAt != nil { return false }
            state.movedAt = at
            return true
        }
        if isFirst { send(.look) }
    }

    private func noteProgress(_ id: Int64, _ checkpoint: TransferCheckpoint) {
        guard checkpoint.state == .running, var stored = state.withLock({ $0.works[id]?.stored }) else { return }
        stored.checkpoint = checkpoint
        if case .download = stored.intent.work, checkpoint.acknowledged == 0 { return }
        hub.tell(stored.intent.identifier) { Self.progress(of: stored) }
    }

    // MARK: Hooks

    private func authorize(
        _ request: AuthorizationRequest, _ work: TransferWork, _ answer: @escaping @Sendable (TransferEvent) -> Void
    ) {
        guard let hook = state.withLock({ state in work.stored.intent.authorizer.flatMap { state.authorizers[$0] } })
        else { return answer(.authorizerMissing(ticket: request.ticket)) }
        let intent = work.stored.intent
        Task {
            do {
                let (fields, url) = try await hook(request, intent)
                answer(.authorized(ticket: request.ticket, fields: fields, url: url))
            } catch {
                answer(.authorizationFailed(ticket: request.ticket, "\(error)"))
            }
        }
    }

    // MARK: Files

    private func prepareSink(
        _ work: TransferWork, _ length: Int64, _ total: Int64?, _ answer: @escaping @Sendable (TransferEvent) -> Void
    ) {
        guard let target = work.target else { return }
        files.async { [self] in
            do throws(TransferFailure) {
                let (file, length) = try PartialFile.prepare(target.partial, length: length, total: total)
                state.withLock { state in
                    if state.works[work.id]?.generation == work.generation { state.works[work.id]?.sink = file }
                }
                answer(.sinkReady(length: length))
            } catch {
                answer(.sinkFailed(error))
            }
        }
    }

    private func verify(
        _ work: TransferWork, _ length: Int64, _ digests: [ContentDigest],
        _ answer: @escaping @Sendable (TransferEvent) -> Void
    ) {
        guard let target = work.target else { return }
        files.async {
            do throws(TransferFailure) {
                // A placement that was cut in two has a file that nobody has opened yet.
                var sink = work.sink
                if sink == nil { sink = try PartialFile.prepare(target.partial, length: .max, total: nil).file }
                guard let sink else { return }
                answer(.verified(try sink.verify(length: length, digests: digests)))
            } catch {
                answer(.sinkFailed(error))
            }
        }
    }

    // MARK: Exchanges

    private func perform(
        _ exchange: Exchange, _ plan: AnswerPlan, _ work: TransferWork,
        _ answer: @escaping @Sendable (TransferEvent) -> Void
    ) {
        var sources = work.sources
        do throws(TransferFailure) {
            if sources.isEmpty, exchange.carriesFile {
                for identity in work.sourceIdentities { sources.append(try SourceFile.open(identity)) }
            }
        } catch {
            let kind: ExchangeFailure.Kind = error.code == .sourceUnreadable ? .sourceUnreadable(0) : .sourceEnded
            return answer(.ended(ExchangeEnd(failure: ExchangeFailure(kind, detail: error.cause))))
        }
        let engine: any ExchangeEngine
        do throws(ExchangeFailure) {
            engine = try self.engine()
        } catch {
            return answer(.ended(ExchangeEnd(failure: error)))
        }
        let (hub, stored) = (hub, work.stored)
        let total = work.machine.checkpoint.total
        let hearing = ExchangeHearing(exchange, plan) { [weak self] bytes in
            self?.note(moved: bytes, of: work)
            hub.tell(stored.intent.identifier) {
                TransferProgress(completed: bytes, total: total ?? stored.intent.sourceSize, state: .running)
            }
        } onEvent: {
            answer($0)
        }
        let sink = plan.download == nil ? nil : work.sink
        let running = engine.start(exchange, sources: sources, sink: sink, observer: hearing)
        state.withLock { state in
            guard state.works[work.id]?.generation == work.generation else { return }
            state.works[work.id]?.sources = sources
            state.works[work.id]?.exchange = running
        }
    }
}

extension Exchange {
    fileprivate var carriesFile: Bool {
        body.contains { if case .file = $0 { true } else { false } }
    }
}
