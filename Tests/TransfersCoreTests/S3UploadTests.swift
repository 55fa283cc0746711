// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("S3 by parts, event by event (row 19)")
struct S3UploadTests {
    /// Created, and its first part is on its way; every grant is the URL of its purpose.
    static func begun(size: Int64 = 1000, part: Int64 = 400, listed: Bool = true) -> S3Player {
        var player = S3Player(size: size, part: part, grantsList: listed)
        player.tell(.begin)
        player.answer(200, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
        return player
    }

    @Test("Created, each part once, completed by the tags that came")
    func whole() {
        var player = Self.begun()
        for number in 1...3 {
            #expect(player.exchange?.url.hasSuffix("part-\(number)") == true)
            #expect(player.exchange?.bodyCount == [400, 400, 200][number - 1])
            player.answer(200, tag: "\"t\(number)\"")
        }
        guard case .bytes(let bytes) = player.exchange?.body.first else { return #expect(Bool(false), "no body") }
        #expect(
            String(decoding: bytes, as: UTF8.self).contains("<PartNumber>3</PartNumber><ETag>&quot;t3&quot;</ETag>"))
        player.answer(200, "<CompleteMultipartUploadResult/>")
        #expect(player.result?.outcome == .succeeded)
    }

    @Test("A URL that has expired is asked for again, and only then is a refusal the answer")
    func expired() {
        var player = Self.begun()
        player.answer(200, tag: "t1")
        player.answer(403, "<Error><Code>AccessDenied</Code></Error>")
        #expect(player.lastRequest?.isRefresh == true)
        #expect(player.exchange?.url.hasSuffix("part-2") == true)
        player.answer(200, tag: "t2")
        for _ in 0..<3 { player.answer(403) }
        #expect(player.exchange?.method == "DELETE" || player.result?.outcome == .rejected)
    }

    @Test("200 with an error in its body is none of a success")
    func hiddenError() {
        var player = Self.begun(size: 100)
        player.answer(200, tag: "t1")
        player.answer(200, "<Error><Code>InternalError</Code></Error>")
        #expect(player.result == nil && player.wait?.reason == .retry)
        player.beginWhenDue()
        #expect(player.exchange?.url.hasSuffix("complete") == true)
        player.answer(200, "<Error><Code>BadThing</Code></Error>")
        #expect(player.exchange?.url.hasSuffix("abort") == true)
        player.answer(204)
        guard case .failed(let failure) = player.result?.outcome else { return #expect(Bool(false), "no failure") }
        #expect(failure.cause.contains("BadThing"))
    }

    @Test("A part without tag is sent again; a part that the list lost too, and no other")
    func lost() {
        var player = Self.begun()
        player.answer(200)
        #expect(player.wait != nil)
        player.beginWhenDue()
        #expect(player.exchange?.url.hasSuffix("list-0") == true)
        let part = "<Part><PartNumber>2</PartNumber><ETag>t2</ETag><Size>400</Size></Part>"
        player.answer(200, "<ListPartsResult><IsTruncated>false</IsTruncated>\(part)</ListPartsResult>")
        #expect(player.exchange?.url.hasSuffix("part-1") == true)
        player.answer(200, tag: "t1")
        #expect(player.exchange?.url.hasSuffix("part-3") == true)
    }

    @Test("Without a list the tags that were kept are believed, by a later process too")
    func unlisted() {
        var player = Self.begun(listed: false)
        player.answer(200, tag: "t1")
        var later = S3Player(size: 1000, part: 77, grantsList: false, checkpoint: player.checkpoint)
        later.tell(.begin)
        #expect(later.exchange?.url.hasSuffix("part-2") == true)
        #expect(later.exchange?.bodyCount == 400)
        #expect(later.machine.checkpoint.acknowledged == 400)
    }

    @Test("503 SlowDown waits; nothing of the caller's is added to a signed request")
    func slowDown() {
        var player = Self.begun()
        #expect(player.exchange?.fields["X-Mine"] == nil)
        player.answer(503, "<Error><Code>SlowDown</Code></Error>")
        #expect(player.wait?.reason == .retry)
    }

    @Test("Without a hook there is no URL, and that is said")
    func noHook() {
        var player = MachinePlayer(.upload(method: .s3Multipart))
        player.tell(.begin)
        guard case .failed(let failure) = player.result?.outcome else { return #expect(Bool(false), "no failure") }
        #expect(failure.code == .authorization)
    }

    @Test("Ten thousand parts at most, whatever the size")
    func parts() {
        var player = S3Player(size: 200_000_000_000, part: nil, grantsList: true)
        player.tell(.begin)
        player.answer(200, "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>")
        #expect(player.exchange?.bodyCount == 20_000_000)
    }
}

/// Plays the runtime with a hook that presigns.
struct S3Player {
    var machine: TransferMachine
    var random = SeededNumbers(1)
    var now = WallTime.start
    let grantsList: Bool
    var exchange: Exchange?
    var lastRequest: AuthorizationRequest?
    var result: TransferResult?
    var checkpoint: TransferCheckpoint?
    var wait: (until: WallTime?, reason: WaitReason)?

    init(size: Int64, part: Int64?, grantsList: Bool, checkpoint: TransferCheckpoint? = nil) {
        var policy = TransferPolicy()
        policy.partSize = part
        let fields = HeaderFields([HeaderFields.Field("X-Mine", "1")])
        machine = TransferMachine(
            .upload(method: .s3Multipart, size: size, fields: fields, authorizer: "presign", policy: policy),
            checkpoint: checkpoint)
        self.grantsList = grantsList
    }

    mutating func tell(_ event: TransferEvent) {
        var events = [event]
        while !events.isEmpty {
            for effect in machine.handle(events.removeFirst(), at: now, random: &random) {
                switch effect {
                case .checkSource: events.append(.sourceJudged(.same))
                case .authorize(let request):
                    lastRequest = request
                    events.append(
                        .authorized(ticket: request.ticket, fields: HeaderFields(), url: url(request.purpose)))
                case .perform(let exchange, _): (self.exchange, wait) = (exchange, nil)
                case .persist(let checkpoint, _): self.checkpoint = checkpoint
                case .wait(let until, let reason): wait = (until, reason)
                case .finish(let result): self.result = result
                default: break
                }
            }
        }
    }

    private func url(_ purpose: AuthorizationRequest.Purpose) -> String? {
        let word: String? =
            switch purpose {
            case .request: "request"
            case .s3Create: "create"
            case .s3Part(let number, _): "part-\(number)"
            case .s3List(_, let after): grantsList ? "list-\(after)" : nil
            case .s3Complete: "complete"
            case .s3Abort: "abort"
            }
        return word.map { "https://bucket.example/key?signed=\($0)" }
    }

    mutating func answer(_ status: Int, _ body: String = "", tag: String? = nil) {
        var head = ResponseHead(url: exchange?.url ?? "", status: status)
        head.fields["ETag"] = tag
        var end = ExchangeEnd(head: head)
        end.body = Array(body.utf8)
        end.sent = exchange?.bodyCount ?? 0
        tell(.headed(head))
        tell(.ended(end))
    }

    mutating func beginWhenDue() {
        if let until = wait?.until, until > now { now = until }
        tell(.begin)
    }
}
