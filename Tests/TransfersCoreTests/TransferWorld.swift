// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// A runtime without opinions, a disk and a network that fail, and one transfer in them; all from one seed.
///
/// The process may die at the boundary of any two effects and in the middle of any exchange. Then what was not durable is
/// lost or garbage, and a new machine begins from the last checkpoint that survived.
struct TransferWorld<Server: SimulatedServer> {
    var random: SeededNumbers
    var server: Server
    let intent: TransferIntent
    let source: [UInt8]
    var now = WallTime.start
    var machine: TransferMachine
    /// On the disk.
    var durable: TransferCheckpoint?
    /// Written behind it, each lost or kept by a crash with all before it.
    var written: [TransferCheckpoint] = []
    var results: [TransferResult] = []
    var events: [TransferEvent] = []
    /// The partial file, and how much of it survives a loss of power.
    var sink: [UInt8]?
    var sinkDurable = 0
    var placed: [UInt8]?
    var isExchanging = false
    var cancelsAt: Int?
    /// By upload: how far the server said that it came, as the machine heard.
    var told: [String: Int64] = [:]
    /// What the exchange that runs created, and its head, as far as they were heard.
    var created: String?
    var heardHead: ResponseHead?
    var violations: [String] = []
    var exchanges = 0
    var steps = 0
    var isDead = false
    /// For looking at one seed.
    var log: [String] = []

    static var troubledExchanges: Int { 30 }
    static var stepsAllowed: Int { 3000 }
    /// Nothing goes wrong.
    var isCalm = false
    var mayMisbehave: Bool { !isCalm && exchanges < Self.troubledExchanges }

    init(_ intent: TransferIntent, source: [UInt8] = [], server: Server, random: SeededNumbers) {
        self.intent = intent
        self.source = source
        self.server = server
        self.random = random
        machine = TransferMachine(intent)
    }

    mutating func run() {
        events = [.begin]
        while results.isEmpty, steps < Self.stepsAllowed {
            steps += 1
            if steps == cancelsAt { events.insert(.cancel, at: 0) }
            if events.isEmpty, let instant = machine.nextInstant, instant < intent.deadline {
                // The server holds on to what is to be removed.
                now = max(now, instant)
                events = [.timeReached]
            }
            if events.isEmpty {
                violations.append("nothing more happens in the state \(machine.checkpoint.state)")
                return
            }
            let event = events.removeFirst()
            hear(event)
            for effect in machine.handle(event, at: now, random: &random) {
                perform(effect)
                if mayMisbehave, random.chance(2) { isDead = true }
                if isDead { break }
            }
            if isDead { restart() }
        }
        if results.isEmpty { violations.append("no end within \(Self.stepsAllowed) steps") }
        // Told once: whoever comes later finds the end, and does nothing.
        var late = TransferMachine(intent, checkpoint: machine.checkpoint)
        if !late.handle(.begin, at: now, random: &random).isEmpty { violations.append("it goes on after its end") }
    }

    private mutating func restart() {
        isDead = false
        isExchanging = false
        log.append("died")
        let kept = written.isEmpty ? 0 : Int.random(in: 0...written.count, using: &random)
        if kept > 0 { durable = written[kept - 1] }
        written = []
        if let bytes = sink, bytes.count > sinkDurable {
            // What was not synced is there, or is not, or is something else.
            let length = Int.random(in: sinkDurable...(bytes.count + 3), using: &random)
            sink = Array(bytes[..<sinkDurable]) + random.bytes(length - sinkDurable)
        }
        now = now.advanced(by: .seconds(Int64.random(in: 0...20, using: &random)))
        machine = TransferMachine(intent, checkpoint: durable)
        events = [.begin]
    }

    private mutating func perform(_ effect: TransferEffect) {
        switch effect {
        case .persist(let checkpoint, let durably):
            if Int(checkpoint.acknowledged) > sinkDurable, isDownload, checkpoint.state == .running, placed == nil {
                violations.append("the row promises \(checkpoint.acknowledged) bytes, and \(sinkDurable) are durable")
            }
            written.append(checkpoint)
            if durably || random.chance(20) {
                durable = checkpoint
                written = []
            }
        case .authorize(let request): authorize(request)
        case .checkSource: events.append(.sourceJudged(.same))
        case .digest(let ticket, _, _): events.append(.digested(ticket: ticket, .success([])))
        case .prepareSink(let length, _, _):
            if isFull { return events.append(.sinkFailed(Self.full)) }
            var bytes = sink ?? []
            if bytes.count > Int(length) { bytes.removeLast(bytes.count - Int(length)) }
            sink = bytes
            sinkDurable = min(sinkDurable, bytes.count)
            events.append(.sinkReady(length: Int64(bytes.count)))
        case .reserve: if isFull { events.append(.sinkFailed(Self.full)) }
        case .note: break
        case .perform(let exchange, let plan): begin(exchange, plan)
        case .cancelExchange:
            guard isExchanging else { return violations.append("an exchange is cancelled that does not run") }
            // It may be too late.
            guard random.chance(60) else { return }
            var end = ExchangeEnd(head: heardHead, failure: ExchangeFailure(.cancelled))
            events.removeAll {
                switch $0 {
                case .ended(let last):
                    end.sent = last.sent
                    return true
                case .informed, .headed, .madeDurable, .progressed: return true
                default: return false
                }
            }
            events.append(.ended(end))
        case .verify(let length, let digests):
            sinkDurable = sink?.count ?? 0
            if !digests.isEmpty { violations.append("digests of nobody") }
            let count = Int64(sink?.count ?? 0)
            events.append(.verified(count == length ? .good : .wrongLength(count)))
        case .place:
            if isFull { return events.append(.sinkFailed(Self.full)) }
            if let sink { placed = sink }
            sink = nil
            sinkDurable = 0
            events.append(.placed)
        case .wait(let until, let reason): wait(until, reason)
        case .finish(let result):
            results.append(result)
            durable = machine.checkpoint
            written = []
        case .removeLeftovers: sink = nil
        }
    }

    private static var full: TransferFailure {
        TransferFailure(.diskFull, doing: "Writing", subject: "f", cause: "full", remedy: "Free some.")
    }
    /// Somebody else has the rest of the disk.
    private var isFull: Bool {
        mutating get { mayMisbehave && random.chance(3) }
    }

    var isDownload: Bool {
        if case .download = intent.work { true } else { false }
    }

    private mutating func wait(_ until: WallTime?, _ reason: WaitReason) {
        log.append("wait \(reason)")
        if isExchanging { violations.append("it rests while an exchange runs") }
        if let until, until > now { now = until }
        // Now and then nobody keeps the machine.
        if random.chance(30), let durable, written.isEmpty { machine = TransferMachine(intent, checkpoint: durable) }
        switch reason {
        case .paused: events.append(.resume)
        case .network: events.append(.networkChanged(isThere: true))
        default: events.append(.begin)
        }
    }

    private mutating func authorize(_ request: AuthorizationRequest) {
        if mayMisbehave, random.chance(3) { return events.append(.authorizerMissing(ticket: request.ticket)) }
        if mayMisbehave, random.chance(3) {
            return events.append(.authorizationFailed(ticket: request.ticket, "no token"))
        }
        let query: String? =
            switch request.purpose {
            case .request: nil
            case .s3Create: "create"
            case .s3Part(let number, _): "part&\(number)"
            case .s3List(_, let after): "list&\(after)"
            case .s3Complete: "complete"
            case .s3Abort: "abort"
            }
        let isDeclined = intent.identifier == "nolist" && query?.hasPrefix("list") == true
        events.append(
            .authorized(
                ticket: request.ticket, fields: HeaderFields([HeaderFields.Field("Authorization", "Bearer t")]),
                url: isDeclined ? nil : query.map { "https://bucket.example/key?\($0)" }))
    }
}
