// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("Resumable uploads for HTTP, event by event (row 11)")
struct ResumableUploadTests {
    static let place = "https://example.org/up/1"

    static func player(
        _ creation: ResumableCreation = .careful, _ interop: ResumableInterop = .eight, size: Int64 = 1000
    ) -> MachinePlayer {
        var policy = TransferPolicy()
        policy.resumableCreation = creation
        policy.resumableInterop = interop
        var player = MachinePlayer(.upload(method: .resumable, httpMethod: "POST", size: size, policy: policy))
        player.tell(.begin)
        return player
    }

    static func created(_ extra: [(String, String)] = []) -> MachinePlayer {
        var player = player()
        player.answer(
            answer(201, [("Location", "/up/1"), ("Upload-Complete", "?0")] + extra, at: "https://example.org/in"))
        return player
    }

    static func answer(_ status: Int, _ fields: [(String, String)] = [], at url: String = place) -> ResponseHead {
        TusUploadTests.answer(status, fields, at: url)
    }

    static func inform(_ fields: [(String, String)], version: String? = "8") -> TransferEvent {
        let named = version.map { [("Upload-Draft-Interop-Version", $0)] } ?? []
        return .informed(answer(104, fields + named, at: "https://example.org/in"))
    }

    static func code(_ player: MachinePlayer) -> TransferFailure.Code? { TusUploadTests.code(player) }

    @Test("Each version says what its draft says", arguments: ResumableInterop.allCases)
    func versions(interop: ResumableInterop) {
        var player = Self.player(.careful, interop)
        let first = player.exchange?.fields
        #expect(player.exchange?.body == [])
        #expect(first?["Upload-Draft-Interop-Version"] == (interop == .final ? nil : "\(interop.rawValue)"))
        #expect(first?["Upload-Incomplete"] == (interop == .three ? "?1" : nil))
        #expect(first?["Upload-Complete"] == (interop == .three ? nil : "?0"))
        #expect(first?["Upload-Length"] == (interop == .three || interop == .five ? nil : "1000"))
        let still = interop == .three ? ("Upload-Incomplete", "?1") : ("Upload-Complete", "?0")
        player.answer(Self.answer(201, [("Location", Self.place), still], at: "https://example.org/in"))
        let second = player.exchange?.fields
        #expect(player.exchange?.method == "PATCH" && second?["Upload-Offset"] == "0")
        #expect(second?["Upload-Incomplete"] == (interop == .three ? "?0" : nil))
        #expect(second?["Upload-Complete"] == (interop == .three ? nil : "?1"))
        let isOld = interop == .three || interop == .five
        #expect(second?["Content-Type"] == (isOld ? nil : "application/partial-upload"))
        let done = interop == .three ? ("Upload-Incomplete", "?0") : ("Upload-Complete", "?1")
        player.answer(Self.answer(200, [done]))
        #expect(player.result?.outcome == .succeeded)
    }

    @Test("Careful above eight mebibytes, whole below, unless told otherwise")
    func creation() {
        #expect(Self.player(.automatic).exchange?.bodyCount == 1000)
        #expect(Self.player(.automatic, size: 9 << 20).exchange?.bodyCount == 0)
        #expect(Self.player(.optimistic, size: 9 << 20).exchange?.bodyCount == 9 << 20)
    }

    @Test("A place from 104 is durable at once, and then asked; of another version it is nothing")
    func informed() {
        var player = Self.player(.optimistic)
        player.log = []
        player.tell(Self.inform([("Location", "/wrong")], version: "7"))
        player.tell(Self.inform([("Location", "/wrong")], version: nil))
        #expect(player.log == [])
        player.tell(Self.inform([("Location", "/up/1")]))
        #expect(player.log == ["persist"])
        player.tell(Self.inform([("Upload-Offset", "300")]))
        #expect(player.log == ["persist", "note"])
        #expect(player.checkpoint?.acknowledged == 300)
        player.answer(Self.answer(500, at: "https://example.org/in"), sent: 500)
        player.beginWhenDue()
        #expect(player.exchange?.method == "HEAD" && player.exchange?.url == Self.place)
        player.answer(Self.answer(204, [("Upload-Offset", "400"), ("Upload-Complete", "?0")]))
        #expect(player.exchange?.body == [.file(range: 400..<1000)])
    }

    @Test("Two places for one upload end it; a flood of the same place does not")
    func places() {
        var player = Self.player(.optimistic)
        for _ in 0..<1000 { player.tell(Self.inform([("Location", "/up/1")])) }
        #expect(player.log.filter { $0 == "persist" }.count == 1)
        player.tell(Self.inform([("Location", "/up/2")]))
        #expect(player.log.last == "stop")
        player.fail(.cancelled)
        #expect(player.exchange?.method == "DELETE")
        player.answer(Self.answer(204))
        #expect(Self.code(player) == .badAnswer)
        var late = Self.player(.optimistic)
        late.tell(Self.inform([("Location", "/up/1")]))
        late.answer(Self.answer(201, [("Location", "/up/2"), ("Upload-Complete", "?0")], at: "https://example.org/in"))
        late.answer(Self.answer(204))
        #expect(Self.code(late) == .badAnswer)
    }

    @Test(
        "The last answer is the last, whatever it says; others are not",
        arguments: [
            (200, "?1", "succeeded"), (201, "?1", "succeeded"), (400, "?1", "rejected"), (409, "?1", "rejected"),
            (500, "?1", "rejected"), (503, "?1", "rejected"), (400, "?0", "rejected"), (422, nil, "rejected"),
            (200, "?0", "HEAD"), (200, nil, "HEAD"), (500, nil, "wait"), (503, "?0", "wait"), (409, nil, "HEAD"),
            (404, nil, "POST"), (410, nil, "POST"),
        ] as [(Int, String?, String)])
    func last(status: Int, complete: String?, word: String) {
        var player = Self.created()
        player.exchange = player.exchange.map { $0 }
        player.answer(Self.answer(status, complete.map { [("Upload-Complete", $0)] } ?? []), sent: 1000)
        let found =
            switch player.result?.outcome {
            case .succeeded: "succeeded"
            case .rejected: "rejected"
            case nil: player.wait == nil ? player.exchange?.method ?? "" : "wait"
            default: "failed"
            }
        #expect(found == word)
    }

    @Test("A conflict that names the offset is followed without asking")
    func conflict() {
        var player = Self.created()
        player.answer(Self.answer(409, [("Upload-Offset", "250")]), sent: 100)
        #expect(player.exchange?.method == "PATCH" && player.exchange?.body == [.file(range: 250..<1000)])
    }

    @Test(
        "An offset that goes back, or lies behind the end, ends the upload, and it is removed",
        arguments: [
            "100", "1001",
        ])
    func offsets(offset: String) {
        var player = Self.created()
        player.answer(Self.answer(409, [("Upload-Offset", "250")]), sent: 0)
        player.answer(Self.answer(409, [("Upload-Offset", offset)]), sent: 0)
        #expect(player.exchange?.method == "DELETE")
        player.answer(Self.answer(204))
        #expect(Self.code(player) == .badAnswer)
    }

    @Test("More than was sent is believed: the server may have got the bytes elsewhere")
    func obtained() {
        var player = Self.created()
        player.fail(.connectionLost)
        player.beginWhenDue()
        player.answer(Self.answer(204, [("Upload-Offset", "900"), ("Upload-Complete", "?0")]))
        #expect(player.exchange?.body == [.file(range: 900..<1000)])
    }

    @Test("Complete, as it is told when asked, is a success; the lost answer is not asked for again")
    func completeWhenAsked() {
        var player = Self.created()
        player.fail(.connectionLost)
        player.beginWhenDue()
        player.answer(Self.answer(204, [("Upload-Offset", "1000"), ("Upload-Complete", "?1")]))
        #expect(player.result?.outcome == .succeeded)
        var short = Self.created()
        short.fail(.connectionLost)
        short.beginWhenDue()
        short.answer(Self.answer(204, [("Upload-Offset", "999"), ("Upload-Complete", "?1")]))
        short.answer(Self.answer(204))
        #expect(Self.code(short) == .badAnswer)
    }

    @Test("Pieces as large as the server allows, the last of which completes")
    func pieces() {
        var player = Self.created([("Upload-Limit", "max-append-size=600")])
        #expect(player.exchange?.body == [.file(range: 0..<600)])
        #expect(player.exchange?.fields["Upload-Complete"] == "?0")
        player.answer(Self.answer(204, [("Upload-Offset", "600"), ("Upload-Complete", "?0")]))
        #expect(player.exchange?.body == [.file(range: 600..<1000)])
        #expect(player.exchange?.fields["Upload-Complete"] == "?1")
    }

    @Test("413: smaller within the limits, halves without them, and never in circles")
    func tooLarge() {
        var limited = Self.created()
        limited.answer(Self.answer(413, [("Upload-Limit", "max-append-size=100")]), sent: 0)
        #expect(limited.exchange?.method == "HEAD")
        limited.answer(Self.answer(204, [("Upload-Offset", "0"), ("Upload-Complete", "?0")]))
        #expect(limited.exchange?.bodyCount == 100)
        var small = Self.created()
        small.answer(Self.answer(413), sent: 0)
        #expect(small.result?.outcome == .rejected)
        var large = Self.player(.careful, size: 1 << 20)
        large.answer(
            Self.answer(201, [("Location", "/up/1"), ("Upload-Complete", "?0")], at: "https://example.org/in"))
        var sizes: [Int64] = []
        while large.result == nil, sizes.count < 50 {
            if large.exchange?.method == "HEAD" {
                large.answer(Self.answer(204, [("Upload-Offset", "0"), ("Upload-Complete", "?0")]))
            } else {
                sizes.append(large.exchange?.bodyCount ?? 0)
                large.answer(Self.answer(413), sent: 0)
            }
        }
        #expect(sizes == [1_048_576, 524_288, 262_144, 131_072, 65_536])
        #expect(large.result?.outcome == .rejected)
    }

    @Test(
        "Limits that cannot be kept are a failure before anything is sent",
        arguments: [
            "max-size=999", "min-size=1001", "max-append-size=0",
        ])
    func impossible(limit: String) {
        var player = Self.created([("Upload-Limit", limit)])
        #expect(player.exchange?.method == "DELETE")
        player.answer(Self.answer(204))
        #expect(Self.code(player) == .badAnswer)
    }

    @Test("One byte at a time is refused for a file that needs too many")
    func oneByte() {
        var player = Self.player(.careful, size: 20_000)
        let fields = [("Location", "/up/1"), ("Upload-Complete", "?0"), ("Upload-Limit", "max-append-size=1")]
        player.answer(Self.answer(201, fields, at: "https://example.org/in"))
        #expect(player.exchange?.method == "DELETE")
    }

    @Test("A server that knows nothing of resuming gets the whole file in one request")
    func unknown() {
        var player = Self.player()
        player.answer(Self.answer(200, at: "https://example.org/in"), sent: 0)
        #expect(player.exchange?.method == "POST" && player.exchange?.bodyCount == 1000)
        player.answer(Self.answer(201, at: "https://example.org/in"), sent: 1000)
        #expect(player.result?.outcome == .succeeded)
        #expect(player.checkpoint?.isResumable == false)
    }

    @Test("Complete before all was sent is no success")
    func early() {
        var player = Self.created()
        player.answer(Self.answer(200, [("Upload-Complete", "?1")]), sent: 10)
        player.answer(Self.answer(204))
        #expect(Self.code(player) == .badAnswer)
    }
}
