// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
internal import TransfersCore
internal import TransfersStore

// One thread at a time works the inputs off, in order.
extension TransferSession {
    func send(_ input: Input) { send([input]) }

    func send(_ inputs: [Input]) {
        if inputs.isEmpty { return }
        let (isMine, isAbandoned) = state.withLock { state in
            if state.isAbandoned { return (false, true) }
            state.inbox += inputs
            defer { state.isWorking = true }
            return (!state.isWorking, false)
        }
        if isMine { worker.async { self.work() } }
        if isAbandoned { for input in inputs { Self.refuse(input) } }
    }

    /// Who waits for an answer has one.
    static func refuse(_ input: Input) {
        switch input {
        case .run(let continuation), .leave(let continuation): continuation.resume()
        case .acknowledge(let acknowledgement): acknowledgement.then()
        default: break
        }
    }

    private func work() {
        while true {
            let inputs = state.withLock { state in
                defer { state.inbox = [] }
                if state.inbox.isEmpty { state.isWorking = false }
                return state.inbox
            }
            if inputs.isEmpty { return }
            for input in inputs { take(input) }
            turn()
        }
    }

    private func take(_ input: Input) {
        switch input {
        case .owned(let ownership): takeOver(ownership)
        case .event(let id, let generation, let event): tell(id, event, generation: generation)
        case .began(let began): add(began)
        case .ordered: takeOrders()
        case .rang: heard()
        case .look: break
        case .acknowledge(let acknowledgement): state.withLock { $0.acknowledging.append(acknowledgement) }
        case .conditionsChanged: observe()
        case .clockSet: state.withLock { $0.isScheduledKnown = false }
        case .authorizersChanged: wakeAuthorized()
        case .deliver(let identifier): deliverStored(identifier)
        case .run(let continuation): beginRun(continuation)
        case .hold: hold()
        case .leave(let continuation): beginLeaving(continuation)
        }
    }

    /// Nothing is begun, and what runs comes to rest.
    func hold() {
        let working = state.withLock { state in
            state.isHeld = true
            return state.works.keys.sorted()
        }
        for id in working { tell(id, .hold(.turn)) }
    }

    /// What follows from whatever was heard.
    private func turn() {
        guard state.withLock({ !$0.isAbandoned }) else { return }
        settle()
        if state.withLock({ $0.ownership != nil }) {
            forgetOrders()
            tellTime()
            settle()
            var isAgain = true
            while isAgain {
                isAgain = beginDue()
                settle()
            }
        }
        keep()
        tellIdle()
        leaveIfQuiet()
    }

    // MARK: Machines

    /// Says something to a machine that is at work.
    func tell(_ id: Int64, _ event: TransferEvent, generation: UInt64? = nil) {
        let now = moment().wall
        state.withLock { state in
            guard state.works[id] != nil, generation == nil || state.works[id]?.work.generation == generation else {
                return
            }
            state.works[id]?.work.hear(event, at: now)
        }
    }

    /// Says something to a machine, made anew if it rests.
    ///
    /// - Returns: false if there is none, or it cannot be read.
    @discardableResult
    func tellResting(_ id: Int64, _ event: TransferEvent) -> Bool {
        let rested = state.withLock { $0.works[id] == nil }
        if rested, !wake(id, toSend: event == .begin) { return false }
        tell(id, event)
        // It had nothing to do, and rests on.
        if rested { state.withLock { if $0.works[id]?.work.effects.isEmpty == true { $0.works[id] = nil } } }
        return true
    }

    private func tellTime() {
        let now = moment().wall
        let (overdue, working) = state.withLock { state in
            (
                state.queue.overdue(now: now),
                state.works.filter { $0.value.work.nextInstant.map { $0 <= now } ?? false }.map(\.key)
            )
        }
        for id in Set(overdue).union(working).sorted() { tellResting(id, .timeReached) }
    }

    /// Whether anything was begun.
    private func beginDue() -> Bool {
        let now = moment().wall
        // Its row may be read before what is withheld of it is here (`.began`): it would be sent without.
        let ids = state.withLock { state in state.isHeld || state.begins > 0 ? [] : state.queue.begin(now: now) }
        for id in ids { tellResting(id, .begin) }
        return !ids.isEmpty
    }

    /// Makes the machine of one that rests; false if it is gone, or may not be sent by this process.
    private func wake(_ id: Int64, toSend: Bool) -> Bool {
        let stored: StoredTransfer?
        do throws(TransferFailure) {
            let fresh = state.withLock { $0.fresh.removeValue(forKey: id) }
            stored = if let fresh { fresh } else { try store.transfer(id) }
        } catch {
            parts.log(error.description)
            rest(id, nil)
            return false
        }
        guard var stored, stored.result == nil, stored.checkpoint.state != .ended else {
            leave(id)
            return false
        }
        let isComplete = state.withLock { state in
            if let withheld = state.withheld[id] {
                stored.intent.url = withheld.url
                stored.intent.fields = withheld.fields
                return true
            }
            // The hook of an intent gives what was withheld, or says that it cannot.
            return stored.withheld.isEmpty || stored.intent.authorizer != nil
        }
        guard isComplete || !toSend else {
            stored.checkpoint.state = .waiting(until: .distantFuture, reason: .authorizer)
            _ = try? store.update(id, stored.checkpoint, durably: true)
            state.withLock { _ = $0.waitForAuthorizer.insert(id) }
            rest(id, stored)
            return false
        }
        state.withLock { state in
            state.generation += 1
            var work = TransferWork(stored, generation: state.generation)
            // Without its secrets it ends, or is paused, as if there were no network: nothing is sent bare.
            if !isComplete || (state.networkIsThere == false && !work.isLocal) {
                work.hear(.networkChanged(isThere: false), at: .epoch)
            }
            state.works[id] = WorkPlace(work)
        }
        return true
    }

    /// Back into the queue; what could not be read is tried again.
    private func rest(_ id: Int64, _ stored: StoredTransfer?) {
        let now = moment().wall
        let queued =
            stored.flatMap { self.entry(of: $0, now) }
            ?? TransferQueue.Entry(id: id, host: "", earliest: now.advanced(by: .seconds(600)), reason: .retry)
        state.withLock { $0.queue.put(queued) }
    }

    /// It has ended, or is gone.
    func leave(_ id: Int64) {
        state.withLock { state in
            state.queue.remove(id)
            state.alive.remove(id)
            state.local.remove(id)
            state.withheld[id] = nil
            state.fresh[id] = nil
            state.waitForNetwork.remove(id)
            state.waitForAuthorizer.remove(id)
            state.told[id] = nil
        }
    }

    // MARK: Others' words

    private func wakeAuthorized() {
        let now = moment().wall
        let ids = state.withLock { state in
            defer { state.waitForAuthorizer = [] }
            return state.waitForAuthorizer.sorted()
        }
        for id in ids where state.withLock({ $0.works[id] == nil }) { hasten(id, now) }
    }

    /// One that rests may run now.
    func hasten(_ id: Int64, _ now: WallTime) {
        guard let stored = try? store.transfer(id), var entry = entry(of: stored, now) else { return }
        if stored.checkpoint.state == .paused { return }
        entry.earliest = max(now, stored.intent.earliest ?? now)
        entry.reason = .turn
        state.withLock { $0.queue.put(entry) }
    }
}
