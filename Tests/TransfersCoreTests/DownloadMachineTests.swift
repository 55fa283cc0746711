// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("A download, event by event")
struct DownloadMachineTests {
    static let first = head(
        200, [("ETag", "\"v1\""), ("Content-Length", "1000"), ("Accept-Ranges", "bytes")])

    /// A player whose download has 400 of 1000 bytes and lost its connection; it waits for its next attempt.
    static func cut(_ intent: TransferIntent = .download(), head: ResponseHead = first) -> MachinePlayer {
        var player = MachinePlayer(intent)
        player.tell(.begin)
        player.answer(head, received: 400, failure: .connectionLost)
        return player
    }

    static func rest(_ from: Int64 = 400, _ extra: [(String, String)] = [("ETag", "\"v1\"")]) -> ResponseHead {
        head(206, [("Content-Range", "bytes \(from)-999/1000"), ("Content-Length", "\(1000 - from)")] + extra)
    }

    @Test("A file that comes at once: prepared, asked for as it is, written from nothing, verified, placed, told once")
    func whole() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        #expect(player.exchange?.method == "GET")
        #expect(player.exchange?.fields["Accept-Encoding"] == "identity")
        #expect(player.exchange?.fields["Range"] == nil)
        #expect(player.plan?.plan(for: Self.first) == .write(at: 0, count: 1000))
        player.answer(Self.first, received: 1000)
        #expect(player.result?.outcome == .succeeded)
        #expect(player.result?.head?.status == 200)
        #expect(player.result?.file == "/tmp/film")
        #expect(
            player.log == [
                "note", "prepare 0", "perform", "note", "reserve 1000", "note", "verify 1000", "persist", "place",
                "finish", "clean",
            ])
        player.tell(.cancel)
        player.tell(.begin)
        #expect(player.log.filter { $0 == "finish" }.count == 1)
    }

    @Test("What is on stable storage is not asked for again: the rest, if it is the same version")
    func resumed() {
        var player = Self.cut()
        #expect(player.wait?.reason == .retry)
        #expect(player.checkpoint?.acknowledged == 400)
        player.beginWhenDue()
        #expect(player.exchange?.fields["Range"] == "bytes=400-")
        #expect(player.exchange?.fields["If-Range"] == "\"v1\"")
        #expect(player.plan?.plan(for: Self.rest()) == .write(at: 400, count: 600))
        player.answer(Self.rest(), received: 600)
        #expect(player.result?.outcome == .succeeded)
        #expect(player.result?.head?.status == 200)
    }

    @Test("A later process goes on from the checkpoint as this one would, also if it says that it runs")
    func laterProcess() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.tell(.headed(Self.first))
        player.tell(.madeDurable(upTo: 300))
        #expect(player.checkpoint?.state == .running)
        var later = MachinePlayer(.download(), checkpoint: player.checkpoint)
        later.fileLength = 900
        later.tell(.begin)
        #expect(later.log == ["prepare 300", "perform"])
        #expect(later.exchange?.fields["Range"] == "bytes=300-")
        #expect(later.exchange?.fields["If-Range"] == "\"v1\"")
    }

    @Test("A partial file that has become shorter is begun anew")
    func shortened() {
        let checkpoint = Self.cut().checkpoint
        var player = MachinePlayer(.download(), checkpoint: checkpoint)
        player.fileLength = 100
        player.tell(.begin)
        #expect(player.log == ["note", "prepare 400", "persist", "prepare 0", "perform"])
        #expect(player.exchange?.fields["Range"] == nil)
    }

    /// Every 206 whose bytes do not continue the file (rows 7, 8 and 9 of hostile servers).
    static let wrongParts: [ResponseHead] = [
        rest(399), rest(401), rest(0), rest(400, [("ETag", "\"v2\"")]),
        head(206, [("ETag", "\"v1\"")]),
        head(206, [("ETag", "\"v1\""), ("Content-Range", "bytes 400-1000/1001")]),
        head(206, [("ETag", "\"v1\""), ("Content-Range", "bytes 400-999/1000"), ("Content-Length", "601")]),
        head(206, [("ETag", "\"v1\""), ("Content-Range", "bytes 400-1999/*")]),
        head(206, [("Content-Type", "multipart/byteranges; boundary=x"), ("Content-Range", "bytes 400-999/1000")]),
        rest(400, [("ETag", "\"v1\""), ("Content-Encoding", "gzip")]),
        head(206, [("ETag", "\"v1\""), ("Content-Range", "bytes 999-400/1000")]),
        head(206, [("ETag", "\"v1\""), ("Content-Range", "bytes 400-99999999999999999999/1000")]),
        head(200, [("ETag", "\"v2\""), ("Content-Length", "1000")]),
        head(200, [("Content-Length", "1000")]),
        head(200, [("ETag", "W/\"v1\""), ("Content-Length", "1000")]),
    ]

    @Test("Not one byte is written of an answer that does not continue the file; it begins anew", arguments: wrongParts)
    func neverSpliced(answer: ResponseHead) {
        var player = Self.cut()
        player.beginWhenDue()
        #expect(player.plan?.plan(for: answer) == .stop)
        player.log = []
        player.answer(answer)
        // The row that promised 400 bytes is gone, durably, before the file is cut and the new version is asked for.
        #expect(player.log == ["persist", "prepare 0", "perform"])
        #expect(player.checkpoint?.acknowledged == 0)
        #expect(player.exchange?.fields["Range"] == nil)
        player.answer(Self.first, received: 1000)
        #expect(player.result?.outcome == .succeeded)
    }

    @Test("A server that heeds If-Range with dates only is asked with If-Match, then without condition")
    func deliveryNetwork() {
        var player = Self.cut()
        player.beginWhenDue()
        player.answer(Self.first)
        #expect(player.exchange?.fields["If-Match"] == "\"v1\"")
        #expect(player.exchange?.fields["If-Range"] == nil)
        player.answer(Self.first)
        #expect(player.exchange?.fields["Range"] == "bytes=400-")
        #expect(player.exchange?.fields["If-Match"] == nil)
        // Now only an answer that names our version is believed.
        #expect(player.plan?.plan(for: Self.rest(400, [])) == .stop)
        #expect(player.plan?.plan(for: Self.rest()) == .write(at: 400, count: 600))
        player.answer(Self.first)
        #expect(player.exchange?.fields["Range"] == nil)
        #expect(player.log.filter { $0 == "prepare 0" }.count == 2)
    }

    @Test(
        "416: all is there if the total says so, else it begins anew; 412 begins anew",
        arguments: [
            (head(416, [("Content-Range", "bytes */400")]), nil as Int64?, true),
            (head(416, [("Content-Range", "bytes */400")]), 1000, false),
            (head(416, [("Content-Range", "bytes */399")]), nil, false), (head(416), nil, false),
            (head(412), nil, false),
        ])
    func unsatisfied(answer: ResponseHead, total: Int64?, isDone: Bool) {
        let first = head(
            200,
            [("ETag", "\"v1\"")] + (total.map { [("Content-Length", "\($0)")] } ?? [("Transfer-Encoding", "chunked")]))
        var player = Self.cut(head: first)
        player.beginWhenDue()
        player.answer(answer)
        #expect((player.result?.outcome == .succeeded) == isDone)
        if !isDone { #expect(player.exchange?.fields["Range"] == nil) }
    }

    @Test("Without a strong validator nothing is continued, and nothing is promised")
    func noValidator() {
        for fields in [
            [], [("ETag", "W/\"v1\"")], [("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT")],
            [
                ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Date", "Sun, 06 Nov 1994 08:50:36 GMT"),
            ],
        ] {
            var player = Self.cut(head: head(200, fields + [("Content-Length", "1000")]))
            #expect(player.checkpoint?.acknowledged == 0)
            #expect(player.checkpoint?.isResumable == false)
            player.beginWhenDue()
            #expect(player.exchange?.fields["Range"] == nil)
        }
    }

    @Test("A date of change a minute older than the answer is strong enough")
    func lastModified() {
        let fields = [
            ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Date", "Sun, 06 Nov 1994 08:50:37 GMT"),
            ("Content-Length", "1000"),
        ]
        var player = Self.cut(head: head(200, fields))
        player.beginWhenDue()
        #expect(player.exchange?.fields["If-Range"] == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(player.exchange?.fields["Range"] == "bytes=400-")
    }

    @Test("A body without length and end is refused, unless the policy allows it")
    func unknownLength() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.answer(head(200))
        guard case .failed(let failure) = player.result?.outcome else { return #expect(Bool(false), "no failure") }
        #expect(failure.code == .badAnswer)
        var policy = TransferPolicy()
        policy.allowsUnknownLength = true
        var lenient = MachinePlayer(.download(policy: policy))
        lenient.tell(.begin)
        lenient.answer(head(200), received: 123)
        #expect(lenient.result?.outcome == .succeeded)
        #expect(lenient.log.contains("verify 123"))
    }

    @Test("A body that ends early keeps what came, and goes on from there (row 1)")
    func shortBody() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.answer(Self.first, received: 999, failure: .wrongLength)
        #expect(player.checkpoint?.acknowledged == 999)
        player.beginWhenDue()
        #expect(player.exchange?.fields["Range"] == "bytes=999-")
    }

    @Test("A body that goes on behind its length ends there (row 2)")
    func longBody() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.answer(Self.first, received: 1000, failure: .wrongLength)
        #expect(player.result?.outcome == .succeeded)
    }

    @Test("An encoding that was not asked for is refused (row 9)")
    func encoded() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.answer(head(200, [("Content-Length", "10"), ("Content-Encoding", "gzip")]))
        guard case .failed(let failure) = player.result?.outcome else { return #expect(Bool(false), "no failure") }
        #expect(failure.code == .badAnswer)
    }

    @Test("A digest that is wrong costs one new beginning, and then the transfer")
    func digest() {
        let bytes = [UInt8](repeating: 1, count: 32)
        let target = DownloadTarget(
            destination: "/tmp/f", partial: "/tmp/.f", digest: ContentDigest(.sha256, bytes: bytes))
        var machine = TransferMachine(.download(target: target))
        var random = SeededNumbers(1)
        func tell(_ event: TransferEvent) -> [TransferEffect] { machine.handle(event, at: .start, random: &random) }
        _ = tell(.begin)
        for attempt in 0..<2 {
            _ = tell(.sinkReady(length: 0))
            _ = tell(.headed(Self.first))
            var end = ExchangeEnd(head: Self.first)
            end.received = 1000
            #expect(tell(.ended(end)).contains(.verify(length: 1000, digests: [ContentDigest(.sha256, bytes: bytes)])))
            let effects = tell(.verified(.digestMismatch(.sha256)))
            if attempt == 0 {
                #expect(effects.contains(.prepareSink(length: 0, total: nil, room: nil)))
            } else if case .finish(let result)? = effects.first, case .failed(let failure) = result.outcome {
                #expect(failure.code == .digestMismatch)
            } else {
                #expect(Bool(false), "\(effects)")
            }
        }
    }

    @Test("One that was cancelled while its file got its name is placed by the next process: it may have it already")
    func cancelledWhilePlaced() throws {
        var random = SeededNumbers(1)
        func tell(_ event: TransferEvent, _ machine: inout TransferMachine) -> [TransferEffect] {
            machine.handle(event, at: .start, random: &random)
        }
        var first = TransferMachine(.download())
        _ = tell(.begin, &first)
        _ = tell(.sinkReady(length: 0), &first)
        _ = tell(.headed(Self.first), &first)
        var end = ExchangeEnd(head: Self.first)
        end.received = 1000
        _ = tell(.ended(end), &first)
        #expect(tell(.verified(.good), &first).contains(.place(length: 1000)))
        let kept = tell(.cancel, &first).compactMap { effect in
            if case .persist(let checkpoint, durably: true) = effect { checkpoint } else { nil }
        }
        let checkpoint = try #require(kept.last)
        for isThere in [true, false] {
            var next = TransferMachine(.download(), checkpoint: checkpoint)
            #expect(tell(.begin, &next) == [.place(length: 1000)])
            let failure = TransferFailure(
                .destinationUnwritable, doing: "place", subject: "/tmp/film", cause: "no", remedy: "none")
            let ended = tell(isThere ? .placed : .sinkFailed(failure), &next).compactMap { effect in
                if case .finish(let result) = effect { result.outcome } else { nil }
            }
            #expect(ended == [isThere ? .succeeded : .cancelled])
        }
    }

    @Test("Attempts that bring something are not counted; those that bring nothing are")
    func progress() {
        var policy = TransferPolicy()
        policy.retry.maximumAttempts = 3
        var player = Self.cut(.download(policy: policy))
        for part in 1...20 {
            player.beginWhenDue()
            player.answer(Self.rest(400 + Int64(part - 1)), received: 1, failure: .connectionLost)
            #expect(player.checkpoint?.attempts == 1)
        }
        for _ in 0..<2 {
            player.beginWhenDue()
            player.fail(.connectionLost)
        }
        #expect(player.result != nil)
    }
}
