// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// One transfer, told whatever the bytes say in whatever order: it never does two things at once, and ends once.
func feedTransfer(_ bytes: [UInt8]) {
    var story = TransferStory(bytes)
    story.run()
}

/// Numbers that the bytes give, and then none.
private struct FuzzNumbers: RandomNumberGenerator {
    var state: UInt64 = 1

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state
    }
}

private struct TransferStory {
    var rest: ArraySlice<UInt8>
    var machine: TransferMachine
    let intent: TransferIntent
    var now = WallTime(microseconds: 1_767_225_600_000_000)
    var random = FuzzNumbers()
    var isExchanging = false
    var ends = 0
    var ticket = 0
    var checkpoint: TransferCheckpoint?

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
        let kind = rest.popFirst() ?? 0
        let source = SourceIdentity(path: "/a/b", device: 1, inode: 2, size: 300, modifiedNanoseconds: 3)
        let methods: [UploadProtocol] = [.plain, .tus, .resumable, .s3Multipart, .automatic]
        var policy = TransferPolicy()
        policy.partSize = 100
        policy.resumableInterop = ResumableInterop.allCases[Int(kind >> 4) % ResumableInterop.allCases.count]
        policy.resumableCreation = kind & 8 == 0 ? .careful : .optimistic
        let work: TransferIntent.Work =
            kind & 7 < 5
            ? .upload(source, method: methods[Int(kind & 7)])
            : .download(DownloadTarget(destination: "/a/c", partial: "/a/.c"))
        intent = TransferIntent(
            session: "s", identifier: "t", work: work, httpMethod: "POST", url: "https://example.org/in",
            policy: policy, authorizer: kind & 7 == 3 ? "hook" : nil, created: now,
            deadline: now.advanced(by: .seconds(86_400)))
        machine = TransferMachine(intent)
    }

    mutating func word() -> String {
        let line = rest.prefix { $0 != 0x0a }
        rest = rest[line.endIndex...].dropFirst()
        return String(decoding: line, as: UTF8.self)
    }

    mutating func head() -> ResponseHead {
        let byte = Int(rest.popFirst() ?? 0)
        let statuses = [
            100, 104, 200, 201, 204, 206, 301, 303, 307, 400, 401, 403, 404, 409, 410, 412, 413, 416, 423, 460, 500,
            503,
        ]
        var head = ResponseHead(url: "https://example.org/in", status: statuses[byte % statuses.count])
        let names = [
            "Location", "Upload-Offset", "Upload-Complete", "Upload-Limit", "Content-Range", "Content-Length", "ETag",
            "Retry-After", "Upload-Expires", "Upload-Draft-Interop-Version", "Upload-Length", "Tus-Version",
        ]
        for _ in 0..<Int((rest.popFirst() ?? 0) % 5) {
            head.fields.append(names[Int(rest.popFirst() ?? 0) % names.count], word())
        }
        return head
    }

    mutating func event() -> TransferEvent? {
        guard let byte = rest.popFirst() else { return nil }
        switch byte % 20 {
        case 0, 1: return .begin
        case 2: return .pause
        case 3: return .resume
        case 4: return .cancel
        case 5: return .hold(.turn)
        case 6: return .authorized(ticket: ticket, fields: HeaderFields(), url: word())
        case 7: return .authorizerMissing(ticket: ticket)
        case 8: return .authorizationFailed(ticket: ticket, "no")
        case 9: return .sourceJudged(byte > 200 ? .changed : .same)
        case 10: return .sinkReady(length: Int64(rest.popFirst() ?? 0))
        case 11: return .verified(byte > 200 ? .wrongLength(3) : .good)
        case 12: return .placed
        case 13: return isExchanging ? .informed(head()) : .timeReached
        case 14: return isExchanging ? .headed(head()) : .timeReached
        case 15: return .madeDurable(upTo: Int64(rest.popFirst() ?? 0))
        // The clock is set, by up to 340 years either way.
        case 16 where byte == 236:
            let step = Duration.seconds(Int64(rest.popFirst() ?? 0) * 86_400_000 - 10_000_000_000)
            now = now.advanced(by: step)
            machine.clockMoved(by: step)
            return .timeReached
        case 16: return .networkChanged(isThere: byte > 100)
        case 17:
            now = now.advanced(by: .seconds(Int64(rest.popFirst() ?? 0) * 600))
            return .timeReached
        default: return isExchanging ? ended(byte) : .begin
        }
    }

    mutating func ended(_ byte: UInt8) -> TransferEvent {
        var end = ExchangeEnd(head: byte > 60 ? head() : nil)
        end.sent = Int64(rest.popFirst() ?? 0) * 2
        end.received = Int64(rest.popFirst() ?? 0)
        end.body = Array(word().utf8)
        if end.head == nil { end.failure = ExchangeFailure(byte > 30 ? .connectionLost : .cancelled) }
        return .ended(end)
    }

    mutating func run() {
        while let event = event() {
            if case .ended = event { isExchanging = false }
            for effect in machine.handle(event, at: now, random: &random) {
                switch effect {
                case .perform(let exchange, _):
                    hold(!isExchanging && ends == 0, "two exchanges at once, or one after the end")
                    hold(exchange.bodyCount <= 300 || exchange.method == "POST", "more than the file")
                    hold(exchange.fields.all.allSatisfy(\.isWellFormed), "a field that is none: \(exchange.fields)")
                    isExchanging = true
                case .cancelExchange: hold(isExchanging, "nothing to cancel")
                case .authorize(let request): ticket = request.ticket
                case .finish: ends += 1
                case .wait: hold(!isExchanging, "rests while an exchange runs")
                case .persist(let checkpoint, _):
                    hold((0...300).contains(checkpoint.acknowledged), "\(checkpoint.acknowledged) bytes are there")
                    self.checkpoint = checkpoint
                default: break
                }
            }
            hold(ends <= 1, "two ends")
            if !isExchanging, let checkpoint { _ = TransferMachine(intent, checkpoint: checkpoint) }
        }
    }
}
