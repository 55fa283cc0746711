// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("tus, event by event (row 10)")
struct TusUploadTests {
    static let place = "https://example.org/files/1"

    static func answer(_ status: Int, _ fields: [(String, String)] = [], at url: String = place) -> ResponseHead {
        ResponseHead(
            url: url, status: status, fields: HeaderFields(fields.map { HeaderFields.Field($0.0, $0.1) }))
    }

    static func code(_ player: MachinePlayer) -> TransferFailure.Code? {
        if case .failed(let failure) = player.result?.outcome { failure.code } else { nil }
    }

    /// The upload is created, and its first request is on its way.
    static func created(
        location: String = "https://example.org/files/1", extra: [(String, String)] = [],
        fields: HeaderFields = HeaderFields(),
        policy: TransferPolicy = TransferPolicy()
    ) -> MachinePlayer {
        var player = MachinePlayer(
            .upload("https://example.org/files/", method: .tus, httpMethod: "POST", fields: fields, policy: policy))
        player.tell(.begin)
        player.answer(answer(201, [("Location", location)] + extra, at: "https://example.org/files/"))
        return player
    }

    /// 400 bytes of it are known to be there, and it is about to be asked for.
    static func cut() -> MachinePlayer {
        var player = created()
        player.answer(answer(204, [("Upload-Offset", "400")]), sent: 400)
        player.fail(.connectionLost, sent: 350)
        player.beginWhenDue()
        return player
    }

    @Test("Created, its place made durable before a byte goes, then all in one request")
    func whole() {
        var player = MachinePlayer(.upload("https://example.org/files/", method: .tus, httpMethod: "POST"))
        player.tell(.begin)
        #expect(player.exchange?.method == "POST" && player.exchange?.fields["Upload-Length"] == "1000")
        #expect(player.exchange?.fields["Tus-Resumable"] == "1.0.0")
        #expect(player.exchange?.fields["Upload-Metadata"]?.hasPrefix("filename aW4=,filetype ") == true)
        player.log = []
        player.answer(Self.answer(201, [("Location", "1")], at: "https://example.org/files/"))
        #expect(player.log == ["persist", "perform"])
        #expect(player.checkpoint.map { TransferPosition($0.position)["upload"] } == Self.place)
        #expect(player.exchange?.method == "PATCH" && player.exchange?.fields["Upload-Offset"] == "0")
        #expect(player.exchange?.body == [.file(range: 0..<1000)])
        player.answer(Self.answer(204, [("Upload-Offset", "1000")]))
        #expect(player.result?.outcome == .succeeded)
    }

    @Test("After a cut the server is asked, and only what it misses is sent")
    func resumed() {
        var player = Self.cut()
        #expect(player.exchange?.method == "HEAD")
        player.answer(Self.answer(200, [("Upload-Offset", "700"), ("Upload-Length", "1000")]))
        #expect(player.exchange?.body == [.file(range: 700..<1000)])
        player.answer(Self.answer(200, [("Upload-Offset", "1000")]))
        #expect(player.result?.outcome == .succeeded)
    }

    @Test(
        "What it tells of its offset, and what follows",
        arguments: [
            // More than was ever sent, or of another length, or forgotten: created anew.
            ([("Upload-Offset", "401")], 200, "POST"),
            ([("Upload-Offset", "400"), ("Upload-Length", "9")], 200, "POST"),
            ([], 404, "POST"), ([], 410, "POST"), ([], 403, "POST"),
            // No offset at all: asked again, later.
            ([], 200, "wait"), ([("Upload-Offset", "-1")], 200, "wait"), ([("Upload-Offset", "x")], 200, "wait"),
            ([("Upload-Offset", "1001")], 200, "wait"), ([("Upload-Offset", "99999999999999999999")], 200, "wait"),
            // Somebody writes, or the server is not well: the place is kept.
            ([], 423, "wait"), ([], 503, "wait"), ([], 412, "failed"),
            // Fewer than it had: it is believed, as nobody else knows.
            ([("Upload-Offset", "300")], 200, "PATCH 300"), ([("Upload-Offset", "400")], 204, "PATCH 400"),
        ] as [([(String, String)], Int, String)])
    func offsets(fields: [(String, String)], status: Int, next: String) {
        var player = Self.created()
        player.answer(Self.answer(204, [("Upload-Offset", "400")]), sent: 400)
        player.answer(Self.answer(503), sent: 0)
        player.beginWhenDue()
        player.exchange = nil
        player.answer(Self.answer(status, fields), sent: 0)
        var found = player.exchange?.method ?? ""
        if found == "PATCH" { found += " " + (player.exchange?.fields["Upload-Offset"] ?? "") }
        if found == "DELETE" { found = "failed" }
        if player.wait != nil { found = "wait" }
        #expect(found == next)
        if next == "wait" {
            player.beginWhenDue()
            #expect(player.exchange?.method == "HEAD" && player.exchange?.url == Self.place)
        }
    }

    @Test(
        "A server that always contradicts itself is left, within a bound",
        arguments: [
            "conflict", "lost", "mute", "damaged", "back",
        ])
    func bounded(kind: String) {
        var player = Self.created()
        var exchanges = 0
        while player.result == nil, exchanges < 500 {
            exchanges += 1
            guard let exchange = player.exchange else { break }
            let offset = exchange.method == "HEAD" ? "0" : exchange.fields["Upload-Offset"] ?? "0"
            switch (kind, exchange.method) {
            case (_, "POST"):
                player.answer(Self.answer(201, [("Location", Self.place)], at: "https://example.org/files/"))
            case (_, "DELETE"): player.answer(Self.answer(204))
            case ("conflict", "PATCH"): player.answer(Self.answer(409))
            case ("lost", "PATCH"): player.answer(Self.answer(404))
            case ("mute", "PATCH"): player.answer(Self.answer(204))
            case ("damaged", "PATCH"): player.answer(Self.answer(460))
            case ("back", "PATCH"): player.answer(Self.answer(204, [("Upload-Offset", offset == "0" ? "500" : "100")]))
            default: player.answer(Self.answer(200, [("Upload-Offset", "0")]))
            }
            if player.wait != nil { player.beginWhenDue() }
        }
        #expect(player.result != nil && player.result?.outcome != .succeeded)
        #expect(exchanges < 100, "\(exchanges) exchanges")
    }

    @Test(
        "Where an upload is: relative, elsewhere without credentials, or nowhere",
        arguments: [
            ("x", "https://example.org/files/x"), ("/x", "https://example.org/x"),
            ("https://store.example/x", "https://store.example/x"), ("", "https://example.org/files/"),
            ("http://example.org/x", nil), ("ftp://example.org/x", nil), ("https://u:p@example.org/", nil),
        ] as [(String, String?)])
    func locations(location: String, url: String?) {
        let fields = HeaderFields([HeaderFields.Field("Authorization", "Bearer secret")])
        var player = Self.created(location: location, fields: fields)
        guard let url else { return #expect(Self.code(player) == .badAnswer) }
        #expect(player.exchange?.url == url)
        let isHome = url.hasPrefix("https://example.org/")
        #expect((player.exchange?.fields["Authorization"] != nil) == isHome)
        player.answer(Self.answer(204, [("Upload-Offset", "1000")]))
        #expect(player.result?.outcome == .succeeded)
    }

    @Test("A conflict, or an answer without an offset, is followed by the question how far it came, never by bytes")
    func asks() {
        for status in [409, 204] {
            var player = Self.created()
            player.answer(Self.answer(status), sent: 1000)
            #expect(player.exchange?.method == "HEAD")
            player.answer(Self.answer(200, [("Upload-Offset", "1000")]))
            #expect(player.result?.outcome == .succeeded)
        }
    }

    @Test("201 without a place is a failure")
    func nowhere() {
        var player = MachinePlayer(.upload(method: .tus))
        player.tell(.begin)
        player.answer(Self.answer(201))
        #expect(Self.code(player) == .badAnswer)
    }

    @Test("An upload that has expired is created anew")
    func expired() {
        var player = Self.created(extra: [("Upload-Expires", HTTPDate.text(.after(60)))])
        player.fail(.connectionLost)
        player.now = .after(61)
        player.tell(.begin)
        #expect(player.exchange?.method == "POST")
    }

    @Test("Cancelled, the upload is removed at the server, also by a later process, and then it is over")
    func cancelled() {
        var player = Self.created()
        player.tell(.cancel)
        player.fail(.cancelled)
        #expect(player.exchange?.method == "DELETE" && player.exchange?.url == Self.place)
        #expect(player.result == nil)
        var later = MachinePlayer(
            .upload("https://example.org/files/", method: .tus, httpMethod: "POST"), checkpoint: player.checkpoint)
        later.tell(.begin)
        #expect(later.exchange?.method == "DELETE")
        later.fail(.notConnected)
        #expect(later.result?.outcome == .cancelled)
        player.now = .after(31)
        player.tell(.timeReached)
        #expect(player.result?.outcome == .cancelled)
    }

    /// One that was cancelled while bytes flowed; the server has been asked to remove it.
    private static func removing() -> MachinePlayer {
        var player = created()
        player.tell(.cancel)
        player.fail(.cancelled)
        return player
    }

    @Test("A server that holds on to what is cancelled is asked five times within half a minute, and then it is over")
    func held() {
        var player = Self.removing()
        var asked: [Double] = []
        for status in [423, 409, 503, 423] {
            player.exchange = nil
            player.answer(Self.answer(status))
            #expect(player.result == nil && player.exchange == nil)
            guard let instant = player.machine.nextInstant else { return #expect(Bool(false), "never asked again") }
            player.tell(.timeReached)
            #expect(player.exchange == nil, "not before its time")
            asked.append(Double(instant.microseconds - player.now.microseconds) / 1e6)
            player.now = instant
            player.tell(.timeReached)
            #expect(player.exchange?.method == "DELETE")
        }
        #expect(asked == [0.5, 1.5, 4, 12])
        player.answer(Self.answer(423))
        #expect(player.result?.outcome == .cancelled)
    }

    @Test("It is over when the upload is gone, the server says no, wants longer than is waited, or nobody stays for it")
    func letGo() {
        for last in [204, 404, 410, 403] {
            var player = Self.removing()
            player.answer(Self.answer(423))
            player.now = .after(1)
            player.tell(.timeReached)
            player.answer(Self.answer(last))
            #expect(player.result?.outcome == .cancelled, "\(last)")
        }
        var busy = Self.removing()
        busy.answer(Self.answer(423, [("Retry-After", "3")]))
        #expect(busy.machine.nextInstant == .after(3))
        busy.now = .after(3)
        busy.tell(.timeReached)
        busy.answer(Self.answer(503, [("Retry-After", "60")]))
        #expect(busy.result?.outcome == .cancelled)
        var left = Self.removing()
        left.answer(Self.answer(423))
        left.tell(.hold(.turn))
        #expect(left.result?.outcome == .cancelled)
        var leaving = Self.removing()
        leaving.tell(.hold(.turn))
        #expect(leaving.result == nil)
        leaving.answer(Self.answer(423))
        #expect(leaving.result?.outcome == .cancelled)
    }

    @Test("An empty file is complete when it is created; one too large is refused before it is sent")
    func sizes() {
        var empty = MachinePlayer(.upload(method: .tus, size: 0))
        empty.tell(.begin)
        empty.answer(Self.answer(201, [("Location", "/x")], at: "https://example.org/in"))
        #expect(empty.result?.outcome == .succeeded)
        var large = MachinePlayer(.upload(method: .tus, size: 2 << 20))
        large.tell(.begin)
        #expect(large.exchange?.method == "OPTIONS")
        large.answer(Self.answer(204, [("Tus-Max-Size", "1000")]))
        #expect(Self.code(large) == .badAnswer)
    }
}
