// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("Redirects are ours (row 6)")
struct RedirectTests {
    static let secret = HeaderFields([
        HeaderFields.Field("Authorization", "Bearer secret"), HeaderFields.Field("Cookie", "secret"),
        HeaderFields.Field("X-Kind", "film"), HeaderFields.Field("Content-Type", "video/mp4"),
    ])

    static func to(_ location: String, _ status: Int = 302) -> ResponseHead {
        ResponseHead(
            url: "", status: status, fields: HeaderFields([HeaderFields.Field("Location", location)]))
    }

    static func code(_ player: MachinePlayer) -> TransferFailure.Code? {
        if case .failed(let failure) = player.result?.outcome { failure.code } else { nil }
    }

    @Test("To the same origin, with everything; a relative place is resolved")
    func sameOrigin() {
        var player = MachinePlayer(.download("https://example.org/a/b", fields: Self.secret))
        player.tell(.begin)
        player.answer(Self.to("../c?d"))
        #expect(player.exchange?.url == "https://example.org/c?d")
        #expect(player.exchange?.fields["Authorization"] == "Bearer secret")
    }

    @Test("To another origin, without what proves who we are, and it stays so on the way back")
    func otherOrigin() {
        for other in ["https://other.example/", "https://example.org:444/", "//cdn.example.org/x"] {
            var player = MachinePlayer(.download(fields: Self.secret, authorizer: "token"))
            player.grant = HeaderFields([HeaderFields.Field("X-Token", "secret")])
            player.tell(.begin)
            #expect(player.exchange?.fields["X-Token"] == "secret")
            for place in [other, "https://example.org/back"] {
                player.answer(Self.to(place))
                let sent = player.exchange?.fields.all.map { $0.name + $0.value }.joined() ?? ""
                #expect(!sent.contains("secret") && player.exchange?.fields["X-Kind"] == "film")
            }
        }
    }

    @Test(
        "What is refused",
        arguments: [
            ("http://example.org/", TransferFailure.Code.redirectRefused), ("file:///etc/passwd", .redirectRefused),
            ("gopher://example.org/", .redirectRefused), ("https://u:p@example.org/", .redirectRefused),
            ("https://", .redirectRefused), ("https://[", .redirectRefused),
        ])
    func refused(location: String, code: TransferFailure.Code) {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.answer(Self.to(location))
        #expect(Self.code(player) == code)
    }

    @Test("Twenty are followed, the next is too many; with a policy of none, a redirect is the answer")
    func bounded() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        for _ in 0..<20 { player.answer(Self.to("/film")) }
        #expect(player.result == nil)
        player.answer(Self.to("/film"))
        #expect(Self.code(player) == .tooManyRedirects)
        var policy = TransferPolicy()
        policy.redirects = .never
        var never = MachinePlayer(.download(policy: policy))
        never.tell(.begin)
        never.answer(Self.to("/film"))
        #expect(never.result?.outcome == .rejected)
        var lost = MachinePlayer(.download())
        lost.tell(.begin)
        lost.answer(head(302))
        #expect(lost.result?.outcome == .rejected)
    }

    @Test("A policy of one origin refuses others")
    func oneOrigin() {
        var policy = TransferPolicy()
        policy.redirects.sameOriginOnly = true
        var player = MachinePlayer(.download(policy: policy))
        player.tell(.begin)
        player.answer(Self.to("https://cdn.example.org/"))
        #expect(Self.code(player) == .redirectRefused)
    }

    @Test(
        "A body goes again, whole, where it is asked for; after 303 the answer is fetched",
        arguments: [
            (307, "PUT", 0 as Int64, "PUT"), (308, "PUT", 1000, "PUT"), (307, "POST", 1000, "POST"),
            (302, "PUT", 1000, "PUT"), (301, "POST", 0, "POST"), (302, "POST", 1000, "GET"), (303, "PUT", 1000, "GET"),
            (303, "POST", 1000, "GET"),
        ])
    func bodies(status: Int, method: String, sent: Int64, next: String) {
        var player = MachinePlayer(.upload(httpMethod: method, fields: Self.secret))
        player.tell(.begin)
        player.answer(Self.to("/there", status), sent: sent)
        #expect(player.exchange?.method == next)
        #expect(player.exchange?.body == (next == "GET" ? [] : [.file(range: 0..<1000)]))
        #expect((player.exchange?.fields["Content-Type"] == nil) == (next == "GET"))
        player.answer(head(200))
        #expect(player.result?.outcome == .succeeded)
    }

    @Test("303 before the file was read is no success")
    func earlySeeOther() {
        var player = MachinePlayer(.upload())
        player.tell(.begin)
        player.answer(Self.to("/there", 303), sent: 10)
        player.answer(head(200))
        #expect(Self.code(player) == .badAnswer)
    }

    @Test(
        "A place for good is kept for the next attempt; others are not",
        arguments: [(301, true), (308, true), (302, false)])
    func permanent(status: Int, isKept: Bool) {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.answer(Self.to("/moved", status))
        player.answer(DownloadMachineTests.first, received: 400, failure: .connectionLost)
        var later = MachinePlayer(.download(), checkpoint: player.checkpoint)
        later.tell(.begin)
        #expect(later.exchange?.url == (isKept ? "https://example.org/moved" : "https://example.org/film"))
    }
}
