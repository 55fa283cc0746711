// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// Deterministic random numbers (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1 }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}

extension WallTime {
    /// 2026-01-01 00:00:00 UTC.
    static let start = WallTime(microseconds: 1_767_225_600_000_000)

    static func after(_ seconds: Double) -> WallTime {
        WallTime(microseconds: start.microseconds + Int64(seconds * 1_000_000))
    }
}

extension TransferIntent {
    static func download(
        _ url: String = "https://example.org/film", fields: HeaderFields = HeaderFields(),
        target: DownloadTarget = DownloadTarget(destination: "/tmp/film", partial: "/tmp/.film.part"),
        authorizer: String? = nil, policy: TransferPolicy = TransferPolicy()
    ) -> TransferIntent {
        TransferIntent(
            session: "s", identifier: "t", work: .download(target), httpMethod: "GET", url: url, fields: fields,
            policy: policy, authorizer: authorizer, created: .start, deadline: .after(7 * 86_400))
    }

    static func upload(
        _ url: String = "https://example.org/in", method: UploadProtocol = .plain, httpMethod: String = "PUT",
        size: Int64 = 1000, fields: HeaderFields = HeaderFields(), authorizer: String? = nil,
        policy: TransferPolicy = TransferPolicy()
    ) -> TransferIntent {
        TransferIntent(
            session: "s", identifier: "t",
            work: .upload(
                SourceIdentity(path: "/tmp/in", device: 1, inode: 2, size: size, modifiedNanoseconds: 3),
                method: method), httpMethod: httpMethod, url: url, fields: fields, policy: policy,
            authorizer: authorizer, created: .start, deadline: .after(7 * 86_400))
    }
}

func head(_ status: Int, _ fields: [(String, String)] = [], version: String = "HTTP/1.1") -> ResponseHead {
    ResponseHead(
        url: "https://example.org/film", status: status, version: version,
        fields: HeaderFields(fields.map { HeaderFields.Field($0.0, $0.1) }))
}

/// Plays the runtime: tells a machine events and answers the dull effects; what is left is what a test looks at.
struct MachinePlayer {
    var machine: TransferMachine
    var now = WallTime.start
    var random = SeededNumbers(1)
    var exchange: Exchange?
    var plan: AnswerPlan?
    var checkpoint: TransferCheckpoint?
    var result: TransferResult?
    var wait: (until: WallTime?, reason: WaitReason)?
    /// Every effect, by its name.
    var log: [String] = []
    var grant: HeaderFields?
    var fileLength: Int64 = 0
    /// What the last partial file was to have.
    var prepared: (total: Int64?, room: Int64?)?
    /// Why no partial file is opened or placed.
    var sinkFailure: TransferFailure?

    init(_ intent: TransferIntent, checkpoint: TransferCheckpoint? = nil) {
        machine = TransferMachine(intent, checkpoint: checkpoint)
        fileLength = checkpoint?.acknowledged ?? 0
    }

    mutating func tell(_ event: TransferEvent) {
        var events = [event]
        while !events.isEmpty {
            for effect in machine.handle(events.removeFirst(), at: now, random: &random) {
                perform(effect, &events)
            }
        }
    }

    private mutating func perform(_ effect: TransferEffect, _ events: inout [TransferEvent]) {
        switch effect {
        case .persist(let checkpoint, let durably):
            self.checkpoint = checkpoint
            log.append(durably ? "persist" : "note")
        case .authorize(let request):
            log.append("authorize")
            if let grant { events.append(.authorized(ticket: request.ticket, fields: grant, url: nil)) }
        case .checkSource:
            log.append("check")
            events.append(.sourceJudged(.same))
        case .digest(let ticket, let algorithm, let range):
            log.append("digest \(algorithm.rawValue) \(range)")
            events.append(.digested(ticket: ticket, .success([1, 2, 3])))
        case .prepareSink(let length, let total, let room):
            log.append("prepare \(length)")
            prepared = (total, room)
            fileLength = min(fileLength, length)
            events.append(sinkFailure.map { .sinkFailed($0) } ?? .sinkReady(length: fileLength))
        case .reserve(let total): log.append("reserve \(total)")
        case .perform(let exchange, let plan):
            log.append("perform")
            (self.exchange, self.plan, wait) = (exchange, plan, nil)
        case .cancelExchange: log.append("stop")
        case .verify(let length, _):
            log.append("verify \(length)")
            events.append(.verified(.good))
        case .place:
            log.append("place")
            events.append(sinkFailure.map { .sinkFailed($0) } ?? .placed)
        case .note: break
        case .wait(let until, let reason):
            log.append("wait \(reason)")
            wait = (until, reason)
        case .finish(let result):
            log.append("finish")
            self.result = result
        case .removeLeftovers: log.append("clean")
        }
    }

    /// The server answers the exchange that runs.
    mutating func answer(
        _ head: ResponseHead, received: Int64 = 0, body: String = "", failure: ExchangeFailure.Kind? = nil,
        sent: Int64? = nil
    ) {
        tell(.headed(head))
        let sent = sent ?? exchange?.bodyCount ?? 0
        let plan = plan?.plan(for: head)
        if case .write(let start, _) = plan {
            fileLength = max(fileLength, start + received)
            tell(.madeDurable(upTo: start + received))
        }
        var end = ExchangeEnd(head: head, failure: failure.map { ExchangeFailure($0) })
        if plan == .stop { end.failure = ExchangeFailure(.stoppedByPlan) }
        end.received = received
        end.sent = sent
        end.body = Array(body.utf8)
        tell(.ended(end))
    }

    /// The exchange that runs breaks without a head.
    mutating func fail(_ kind: ExchangeFailure.Kind, sent: Int64 = 0) {
        var end = ExchangeEnd(failure: ExchangeFailure(kind))
        end.sent = sent
        tell(.ended(end))
    }

    /// The instant has come and there is a place.
    mutating func beginWhenDue() {
        if let until = wait?.until, until > now { now = until }
        tell(.begin)
    }
}
