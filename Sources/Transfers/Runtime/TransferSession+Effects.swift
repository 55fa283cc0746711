// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
internal import TransfersCore
import TransfersFiles
internal import TransfersStore

extension TransferSession {
    /// Does what machines want done, each in its order: what has to be durable waits for one commit of all. What was
    /// acknowledged goes along.
    func settle() {
        while true {
            var turn = TransferTurn()
            var jobs: [FileJob] = []
            for id in state.withLock({ $0.works.filter { !$0.value.work.effects.isEmpty }.map(\.key).sorted() }) {
                while let effect = state.withLock({ $0.works[id]?.work.effects.first }) {
                    if case .persist(let checkpoint, durably: true) = effect {
                        turn.checkpoints.append((id, checkpoint))
                        break
                    }
                    if case .finish(let result) = effect {
                        turn.ends.append(TransferTurn.End(id: id, result: result, isDelivered: isAwaited(id)))
                        break
                    }
                    state.withLock { _ = $0.works[id]?.work.effects.removeFirst() }
                    if let job = perform(effect, id) { jobs.append(job) }
                }
            }
            perform(jobs)
            letGo()
            let acknowledged = takeAcknowledged()
            turn.acknowledged = acknowledged.ids
            defer { for then in acknowledged.thens { then() } }
            if turn.isEmpty { return }
            do throws(TransferFailure) {
                try store.write(withoutSecrets(turn))
            } catch {
                // Nothing that relies on it is done. It is all tried again, but for what was acknowledged.
                return failed(error)
            }
            state.withLock { state in
                state.failures = 0
                state.retryAt = nil
                state.flushAt = nil
                for id in turn.checkpoints.map(\.id) + turn.ends.map(\.id) {
                    _ = state.works[id]?.work.effects.removeFirst()
                }
            }
            for (id, checkpoint) in turn.checkpoints { noteProgress(id, checkpoint) }
            ended(turn.ends)
        }
    }

    /// Handlers of this process hear the whole; what is written down for others leaves out what may be a secret.
    private func withoutSecrets(_ turn: TransferTurn) -> TransferTurn {
        var turn = turn
        state.withLock { state in
            for index in turn.ends.indices
            where state.works[turn.ends[index].id]?.work.stored.intent.policy.keepsSecrets != true {
                turn.ends[index].result = turn.ends[index].result.withoutSecrets
            }
        }
        return turn
    }

    /// Machines that rest or have ended are not needed any more.
    private func letGo() {
        state.withLock { state in
            for (id, place) in state.works where place.work.isOver && place.work.effects.isEmpty {
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

    /// What waits for disks is not done, but returned.
    private func perform(_ effect: TransferEffect, _ id: Int64) -> FileJob? {
        func job(_ work: FileJob.Work) -> FileJob? {
            state.withLock { state in state.works[id].map { FileJob($0.work, work) } }
        }
        switch effect {
        case .persist(let checkpoint, _):
            _ = try? store.update(id, checkpoint, durably: false)
            let at = moment().awake(after: .milliseconds(200))
            state.withLock { state in
                if state.flushAt == nil { state.flushAt = at }
            }
            noteProgress(id, checkpoint)
        case .digest(let ticket, let algorithm, let range): return job(.digest(ticket: ticket, algorithm, range))
        case .prepareSink(let length, let total, let room):
            return job(.prepare(length: length, total: total, room: room))
        case .reserve(let total):
            // What is short is here before it could be reserved.
            return total > FileJob.large ? job(.reserve(total: total)) : nil
        case .verify(let length, let digests):
            state.withLock { $0.queue.finishes(id) }
            return job(.verify(length: length, digests))
        case .place(let length): return job(.place(length: length))
        case .note(let host, let word):
            let now = moment().wall
            state.withLock { $0.queue.note(word, of: host, now: now) }
        case .finish: break
        case .authorize, .checkSource, .perform, .cancelExchange, .wait, .removeLeftovers: performNow(effect, id)
        }
        return nil
    }

    /// What needs most of the transfer at hand.
    private func performNow(_ effect: TransferEffect, _ id: Int64) {
        guard let work = state.withLock({ $0.works[id]?.work }) else { return }
        let generation = work.generation
        let answer: @Sendable ([TransferEvent]) -> Void = { [weak self] events in
            self?.send(events.map { .event(id, generation, $0) })
        }
        switch effect {
        case .authorize(let request): authorize(request, work) { answer([$0]) }
        case .checkSource:
            // A look at names, as opening them is; behind an exchange the engine's thread has looked.
            if work.machine.awaitsSource { answer([.sourceJudged(SourceFile.judge(work.sourceIdentities))]) }
        case .perform(let exchange, let plan):
            state.withLock { $0.queue.returns(id) }
            perform(exchange, plan, work, answer)
        case .cancelExchange: work.exchange?.cancel()
        case .wait(let until, let reason): wait(work, until, reason)
        case .removeLeftovers: removeLeftovers(of: work.stored)
        case .persist, .finish, .note, .digest, .prepareSink, .reserve, .verify, .place: break
        }
    }

    private func removeLeftovers(of stored: StoredTransfer) {
        // A file without a destination is there until somebody has taken it, and one with has its name.
        let isDownload = if case .download = stored.intent.work { true } else { false }
        let isKept = isDownload && stored.result?.outcome == .succeeded
        if !isKept { opened.folder.removeLeftovers(of: stored.intent) }
        state.withLock { $0.works[stored.id]?.work.isOver = true }
    }

    /// Whoever hears of an end finds nothing left behind.
    func tidy(_ ended: [StoredTransfer]) {
        for stored in ended {
            let isNext = state.withLock { state in
                guard case .removeLeftovers? = state.works[stored.id]?.work.effects.first else { return false }
                state.works[stored.id]?.work.effects.removeFirst()
                return true
            }
            if isNext { removeLeftovers(of: stored) }
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
            state.works[work.id]?.work.isOver = true
        }
        hub.tell(work.identifier) { Self.progress(of: stored) }
    }

    /// Other processes are told once a second. On the engine's threads.
    private func note(moved bytes: Int64, of id: Int64, _ generation: UInt64) {
        let at = parts.time.now().awake(after: .seconds(1))
        let isFirst = state.withLock { state in
            guard state.works[id]?.work.generation == generation else { return false }
            state.moved[id] = bytes
            if state.movedAt != nil { return false }
            state.movedAt = at
            return true
        }
        if isFirst { send(.look) }
    }

    private func noteProgress(_ id: Int64, _ checkpoint: TransferCheckpoint) {
        guard checkpoint.state == .running, var stored = state.withLock({ $0.works[id]?.work.stored }) else { return }
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

    // MARK: Exchanges

    private func perform(
        _ exchange: Exchange, _ plan: AnswerPlan, _ work: TransferWork,
        _ answer: @escaping @Sendable ([TransferEvent]) -> Void
    ) {
        var sources = work.sources
        do throws(TransferFailure) {
            if sources.isEmpty, exchange.carriesFile {
                for identity in work.sourceIdentities { sources.append(try SourceFile.open(identity)) }
            }
        } catch {
            let kind: ExchangeFailure.Kind = error.code == .sourceUnreadable ? .sourceUnreadable(0) : .sourceEnded
            return answer([.ended(ExchangeEnd(failure: ExchangeFailure(kind, detail: error.cause)))])
        }
        let engine: any ExchangeEngine
        do throws(ExchangeFailure) {
            engine = try self.engine()
        } catch {
            return answer([.ended(ExchangeEnd(failure: error))])
        }
        let (hub, id, generation) = (hub, work.id, work.generation)
        let (identifier, total) = (work.identifier, work.machine.checkpoint.total ?? work.stored.intent.sourceSize)
        let sink = plan.download == nil ? nil : work.sink
        let hearing = ExchangeHearing(exchange, of: work.sourceIdentities, into: sink, plan) { [weak self] bytes in
            self?.note(moved: bytes, of: id, generation)
            hub.tell(identifier) { TransferProgress(completed: bytes, total: total, state: .running) }
        } onEvents: {
            answer($0)
        }
        let running = engine.start(exchange, sources: sources, sink: sink, observer: hearing)
        state.withLock { state in
            guard state.works[work.id]?.work.generation == work.generation else { return }
            state.works[work.id]?.work.sources = sources
            state.works[work.id]?.work.exchange = running
        }
    }
}

extension Exchange {
    var carriesFile: Bool {
        body.contains { if case .file = $0 { true } else { false } }
    }
}
