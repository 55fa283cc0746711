// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// Decides one transfer from its beginning to its end, over any number of attempts and processes.
///
/// **The contract with the runtime**, which is a loop without opinions:
///
/// 1. One machine for each transfer, made of its intent and the checkpoint that was persisted last (nil for a new one). A
///    checkpoint that says `running` belongs to a process that is gone: the machine goes on from what is certain.
/// 2. Events come one at a time, and each returns effects. The runtime performs them in order, each before the next, and
///    the effects of one event before the next event's. Answers may come at once or much later.
/// 3. Whatever has to survive stands as `persist` before the effect that relies on it.
/// 4. One exchange runs at a time, from `perform` to its one `ended`. Its observer asks the plan that came with it, and
///    hands on everything else as events, in the order in which the engine says them.
/// 5. After `wait` the machine rests until `begin`; it may be let go, and made anew. Constraints, order and concurrency are
///    the queue's (`TransferQueue`); it decides when `begin` is said.
/// 6. `nextInstant` is when `timeReached` has to be said at the latest. It is harmless at any other time.
/// 7. `finish` comes exactly once. Afterwards every event is heard and nothing happens.
///
/// Stalls are the engine's (`Exchange.Limits`), the total deadline is the machine's.
package struct TransferMachine: Sendable {
    package private(set) var intent: TransferIntent
    package internal(set) var checkpoint: TransferCheckpoint

    /// What it does now.
    enum Phase: Sendable, Equatable {
        /// Nothing: `checkpoint.state` says what it waits for.
        case resting
        case checkingSource
        /// The source is looked at once more, before this end of an exchange that carried it is judged.
        case recheckingSource(Hop, ExchangeEnd)
        /// The digest of what this hop carries is being computed.
        case digesting(Hop)
        case authorizing(Hop)
        case exchanging(Hop)
        case preparingSink, verifying, placing
        /// What is at the server could not be removed just now: it is asked once more (`Removal.again`).
        case removing
        case ended
    }

    /// Why it has to stop as soon as nothing is under way.
    enum Stop: Sendable, Equatable {
        case hold(WaitReason), pause, deadline, cancel
    }

    /// What is at the server is removed before its end is told.
    struct Removal: Sendable {
        var result: TransferResult
        /// Then nobody waits for it any longer.
        var ends: WallTime
        /// How often the server was asked.
        var tries = 0
        /// The server is asked once more then; nil while it is being asked.
        var again: WallTime?
        /// Nobody stays for another try.
        var isHurried = false
    }

    var phase = Phase.resting
    var stop: Stop?
    var course: any TransferCourse
    var lastPersisted: TransferCheckpoint?
    /// What a later process would come to by itself, from what is durable; nil while something else may be on the books.
    var certain: TransferCheckpoint?
    var removal: Removal?
    /// The disk refused what is coming; known before the exchange has ended.
    var localFailure: TransferFailure?
    /// What the world said last; nil if it said nothing.
    var networkIsThere: Bool?
    var tickets = 0
    /// Hooks that were asked again because the server refused what they gave.
    var refreshes = 0
    /// How often the disk was full since the last progress.
    var shortages = 0
    /// Exchanges since the last progress in this process: servers that lead in circles are left.
    var exchangesWithoutProgress = 0
    static let exchangesAllowedWithoutProgress = 60

    package init(_ intent: TransferIntent, checkpoint: TransferCheckpoint? = nil) {
        self.intent = intent
        self.checkpoint = checkpoint ?? TransferCheckpoint(state: .waiting(until: intent.created, reason: .turn))
        lastPersisted = checkpoint
        course = Self.course(intent, self.checkpoint)
        shortages = Int(clamping: TransferPosition(self.checkpoint.position)[number: "shortages"] ?? 0)
        if self.checkpoint.state == .ended { phase = .ended }
        certain = noted()
    }

    /// When `timeReached` has to be said at the latest.
    package var nextInstant: WallTime? {
        if phase == .ended { return nil }
        return removal.map { $0.again ?? $0.ends } ?? intent.deadline
    }

    /// `sourceJudged` is wanted.
    package var awaitsSource: Bool {
        switch phase {
        case .checkingSource, .recheckingSource: true
        default: false
        }
    }

    package var isEnded: Bool { phase == .ended }

    /// The clock was set: what counts from the past moves with it, dates of the caller do not.
    package mutating func clockMoved(by duration: Duration) {
        intent.deadline = intent.deadline.moved(by: duration)
        if let removal { self.removal?.ends = removal.ends.moved(by: duration) }
        if let again = removal?.again { removal?.again = again.moved(by: duration) }
    }

    package mutating func handle(
        _ event: TransferEvent, at now: WallTime, random: inout some RandomNumberGenerator
    ) -> [TransferEffect] {
        guard phase != .ended else { return [] }
        var effects: [TransferEffect] = []
        switch event {
        case .begin: begin(now, &effects)
        case .pause: halt(.pause, now, &effects)
        case .resume: resume(now, &effects)
        case .cancel: halt(.cancel, now, &effects)
        case .hold(let reason): if phase != .resting { halt(.hold(reason), now, &effects) }
        case .timeReached: time(now, &effects)
        case .networkChanged(let isThere): network(isThere, now, &effects)
        case .authorized(let ticket, let fields, let url): authorized(ticket, fields, url, now, &effects, &random)
        case .authorizerMissing(let ticket): unauthorized(ticket, nil, now, &effects, &random)
        case .authorizationFailed(let ticket, let cause): unauthorized(ticket, cause, now, &effects, &random)
        case .sourceJudged(let judgement): source(judgement, now, &effects, &random)
        case .digested(let ticket, let result): digested(ticket, result, now, &effects)
        case .sinkReady(let length):
            guard phase == .preparingSink else { break }
            course.sinkReady(length: length)
            goOn(now, &effects)
        case .verified(let verdict):
            guard phase == .verifying else { break }
            act(on: course.verified(verdict), now, &effects, &random)
        case .placed:
            guard phase == .placing else { break }
            course.placed()
            // The file is there: whatever else was wanted comes too late.
            stop = nil
            goOn(now, &effects)
        case .sinkFailed(let failure): sinkFailed(failure, now, &effects, &random)
        case .informed(let head): informed(head, now, &effects)
        case .headed(let head): headed(head, now, &effects)
        case .progressed: break
        case .madeDurable(let offset):
            guard case .exchanging = phase else { break }
            course.madeDurable(upTo: offset)
            persist(durably: false, &effects)
        case .ended(let end): ended(end, now, &effects, &random)
        }
        return effects
    }
}

extension WallTime {
    /// Where it is after the clock was set; what is never stays so.
    package func moved(by duration: Duration) -> WallTime {
        self == .distantFuture || self == .distantPast ? self : advanced(by: duration)
    }
}

// MARK: - Orders

extension TransferMachine {
    private mutating func begin(_ now: WallTime, _ effects: inout [TransferEffect]) {
        guard phase == .resting else { return }
        let position = TransferPosition(checkpoint.position)
        if position["ending"] != nil {
            guard position["stage"] == "placing", case .place(let length) = course.next(now: now) else {
                return cancelNow(now, &effects)
            }
            // It was cancelled as it got its name, and may have it: whoever is told that it was cancelled finds no file.
            (phase, stop) = (.placing, .cancel)
            return effects.append(.place(length: length))
        }
        if checkpoint.state == .paused { return effects.append(.wait(until: nil, .paused)) }
        if now >= intent.deadline { return fail(deadlinePassed, Answer(), now, &effects) }
        if let earliest = intent.earliest, now < earliest {
            return rest(.waiting(until: earliest, reason: .notBefore), &effects)
        }
        if let failure = intent.flaw { return fail(failure, Answer(), now, &effects) }
        checkpoint.state = .running
        exchangesWithoutProgress = 0
        refreshes = 0
        if case .upload = intent.work {
            phase = .checkingSource
            effects.append(.checkSource)
        } else {
            goOn(now, &effects)
        }
    }

    private mutating func resume(_ now: WallTime, _ effects: inout [TransferEffect]) {
        if stop == .pause { stop = .hold(.turn) }
        guard phase == .resting, checkpoint.state == .paused else { return }
        rest(.waiting(until: now, reason: .turn), &effects)
    }

    private mutating func network(_ isThere: Bool, _ now: WallTime, _ effects: inout [TransferEffect]) {
        networkIsThere = isThere
        guard isThere, phase == .resting, case .waiting(_, .network) = checkpoint.state else { return }
        rest(.waiting(until: now, reason: .turn), &effects)
    }

    private mutating func time(_ now: WallTime, _ effects: inout [TransferEffect]) {
        guard let instant = nextInstant, now >= instant else { return }
        guard let removal else { return halt(.deadline, now, &effects) }
        if removal.again != nil { return askForRemoval(now, &effects) }
        if case .exchanging = phase { effects.append(.cancelExchange) }
        finishRemoval(&effects)
    }

    /// Stops now, or as soon as what is under way has ended.
    private mutating func halt(_ order: Stop, _ now: WallTime, _ effects: inout [TransferEffect]) {
        guard removal == nil else {
            if case .hold = order { hurryRemoval(&effects) }
            return
        }
        switch phase {
        case .resting, .authorizing, .checkingSource, .digesting:
            obey(order, now, &effects)
        case .exchanging:
            let isNew = stop == nil
            stop = stronger(stop, order)
            // Whatever happens now, a later process knows that nobody wants it any more.
            if stop == .cancel { persist(durably: true, &effects) }
            if isNew { effects.append(.cancelExchange) }
        case .recheckingSource, .preparingSink, .verifying, .placing:
            stop = stronger(stop, order)
            if stop == .cancel { persist(durably: true, &effects) }
        case .removing, .ended: break
        }
    }

    private func stronger(_ one: Stop?, _ other: Stop) -> Stop {
        func rank(_ stop: Stop?) -> Int {
            switch stop {
            case nil: 0
            case .hold: 1
            case .pause: 2
            case .deadline: 3
            case .cancel: 4
            }
        }
        return rank(one) > rank(other) ? one ?? other : other
    }

    /// Nothing is under way: does what was ordered.
    mutating func obey(_ order: Stop, _ now: WallTime, _ effects: inout [TransferEffect]) {
        stop = nil
        switch order {
        case .hold(let reason):
            let isOurs = reason == .turn || reason == .otherProcess
            rest(.waiting(until: isOurs ? now : .distantFuture, reason: reason), &effects)
        case .pause: if checkpoint.state != .paused { rest(.paused, &effects) }
        case .deadline: fail(deadlinePassed, Answer(), now, &effects)
        case .cancel: cancelNow(now, &effects)
        }
    }

    /// Gives its place back. The course is made anew of what was persisted, as a later process would.
    mutating func rest(_ state: TransferCheckpoint.State, _ effects: inout [TransferEffect]) {
        checkpoint.state = state
        phase = .resting
        persist(durably: true, &effects)
        course = Self.course(intent, checkpoint)
        switch state {
        case .waiting(let until, let reason):
            effects.append(.wait(until: until == .distantFuture ? nil : until, reason))
        case .paused: effects.append(.wait(until: nil, .paused))
        case .running, .ended: break
        }
    }

    var deadlinePassed: TransferFailure {
        if case .waiting(_, .storage) = checkpoint.state {
            return failure(
                .deadlinePassed, "the disk or the quota was full until its deadline",
                "Free some space, and begin it again.")
        }
        return failure(
            .deadlinePassed, "it was not done before its deadline", "Begin it again, or allow more time.")
    }
}

// MARK: - Keeping

extension TransferMachine {
    /// Puts what the course knows into the checkpoint, and writes it if it is news. That it runs is nothing that anything
    /// relies on: who finds it waiting, its instant past, does the same as who finds it interrupted.
    mutating func persist(durably: Bool, _ effects: inout [TransferEffect]) {
        if course.acknowledged > checkpoint.acknowledged { (exchangesWithoutProgress, shortages) = (0, 0) }
        checkpoint = noted()
        guard checkpoint != lastPersisted else { return }
        lastPersisted = checkpoint
        var running = certain
        running?.state = .running
        let isDurable = durably && checkpoint != running
        if isDurable { certain = checkpoint } else if checkpoint != running { certain = nil }
        effects.append(.persist(checkpoint, durably: isDurable))
    }

    private func noted() -> TransferCheckpoint {
        var noted = checkpoint
        if course.acknowledged > noted.acknowledged { noted.attempts = 0 }
        noted.acknowledged = course.acknowledged
        noted.total = course.total
        noted.isResumable = course.isResumable
        var position = TransferPosition()
        course.save(into: &position)
        position[number: "shortages"] = shortages == 0 ? nil : Int64(shortages)
        if removal?.result.outcome == .cancelled || stop == .cancel { position["ending"] = "cancelled" }
        noted.position = position.bytes
        return noted
    }
}

// MARK: - Courses

extension TransferMachine {
    static func course(_ intent: TransferIntent, _ checkpoint: TransferCheckpoint) -> any TransferCourse {
        let position = TransferPosition(checkpoint.position)
        switch intent.work {
        case .download(let target):
            return Download(intent, target: target, checkpoint: checkpoint, position: position)
        case .upload(let source, let method):
            switch method {
            case .plain: return PlainUpload(intent, pieces: source.pieces)
            case .form(let form):
                let sizes = [source.size] + intent.furtherSources.map(\.size)
                let fields = HeaderFields([HeaderFields.Field("Content-Type", form.contentType)])
                return PlainUpload(intent, pieces: form.pieces(sizes: sizes) ?? [], fields: fields)
            case .tus: return TusUpload(intent, source: source, checkpoint: checkpoint, position: position)
            case .resumable: return ResumableUpload(intent, source: source, checkpoint: checkpoint, position: position)
            case .s3Multipart: return S3Upload(intent, source: source, checkpoint: checkpoint, position: position)
            case .automatic: return AutomaticUpload(intent, source: source, checkpoint: checkpoint, position: position)
            }
        }
    }
}
