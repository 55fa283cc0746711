// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("A plain upload, and what all transfers share, event by event")
struct PlainUploadTests {
    static let authorized = HeaderFields([HeaderFields.Field("Authorization", "Bearer secret")])

    @Test("The file is looked at before and after it is sent, and the answer is the end")
    func whole() {
        var player = MachinePlayer(.upload())
        player.tell(.begin)
        #expect(player.exchange?.body == [.file(range: 0..<1000)])
        player.answer(head(201), body: "thanks")
        #expect(player.result?.outcome == .succeeded)
        #expect(player.result?.body == Array("thanks".utf8))
        #expect(player.log == ["check", "note", "perform", "check", "finish", "clean"])
    }

    @Test("Another file under the name is an error, never a spliced upload", arguments: [false, true])
    func changed(whileSending: Bool) {
        var machine = TransferMachine(.upload())
        var random = SeededNumbers(1)
        _ = machine.handle(.begin, at: .start, random: &random)
        if whileSending {
            _ = machine.handle(.sourceJudged(.same), at: .start, random: &random)
            var end = ExchangeEnd(head: head(200))
            end.sent = 1000
            _ = machine.handle(.ended(end), at: .start, random: &random)
        }
        let effects = machine.handle(.sourceJudged(.changed), at: .start, random: &random)
        guard case .finish(let result) = effects.first, case .failed(let failure) = result.outcome else {
            return #expect(Bool(false), "\(effects)")
        }
        #expect(failure.code == .sourceChanged)
    }

    @Test(
        "Statuses mean what they mean in the Background package",
        arguments: [
            (200, "succeeded"), (201, "succeeded"), (202, "succeeded"), (204, "succeeded"), (203, "rejected"),
            (206, "rejected"), (304, "rejected"), (400, "rejected"), (401, "rejected"), (403, "rejected"),
            (404, "rejected"), (413, "rejected"), (501, "rejected"), (505, "rejected"), (408, "wait"), (425, "wait"),
            (429, "wait"), (500, "wait"), (502, "wait"), (503, "wait"), (504, "wait"), (99, "failed"),
        ])
    func statuses(status: Int, word: String) {
        var player = MachinePlayer(.upload())
        player.tell(.begin)
        player.answer(head(status))
        let said =
            switch player.result?.outcome {
            case .succeeded: "succeeded"
            case .rejected: "rejected"
            case .failed: "failed"
            case .cancelled: "cancelled"
            case nil: player.wait == nil ? "nothing" : "wait"
            }
        #expect(said == word)
    }

    @Test("An early refusal is the answer; an early success is no success, for the file did not arrive (row 12)")
    func early() {
        var refused = MachinePlayer(.upload())
        refused.tell(.begin)
        refused.answer(head(413), body: "too large", failure: .connectionLost, sent: 10)
        #expect(refused.result?.outcome == .rejected)
        #expect(refused.result?.body == Array("too large".utf8))
        var early = MachinePlayer(.upload())
        early.tell(.begin)
        early.answer(head(200), sent: 10)
        guard case .failed(let failure) = early.result?.outcome else { return #expect(Bool(false), "no failure") }
        #expect(failure.code == .badAnswer)
        #expect(early.result?.head?.status == 200)
    }

    @Test("417 is sent again without asking first, once")
    func expectation() {
        var player = MachinePlayer(.upload(size: 2 << 20))
        player.tell(.begin)
        #expect(player.exchange?.expectsContinue == true)
        player.answer(head(417), sent: 0)
        #expect(player.exchange?.expectsContinue == false)
        player.answer(head(417), sent: 0)
        #expect(player.result?.outcome == .rejected)
    }

    @Test("Attempts are counted, jittered, and end; the last cause is told")
    func attempts() {
        var policy = TransferPolicy()
        policy.retry.maximumAttempts = 4
        var player = MachinePlayer(.upload(policy: policy))
        player.tell(.begin)
        for attempt in 1...3 {
            player.fail(.connectionLost)
            let waited = player.now.distance(to: player.wait?.until ?? .distantPast)
            #expect(waited >= .zero && waited <= .seconds(1 << (attempt - 1)))
            player.beginWhenDue()
        }
        player.fail(.connectionLost)
        guard case .failed(let failure) = player.result?.outcome else { return #expect(Bool(false), "no failure") }
        #expect(failure.code == .connectionLost)
        #expect(failure.cause.contains("4 times"))
    }

    @Test("A certificate that nobody trusts is the end at once")
    func certificates() {
        let codes: [(ExchangeFailure.TLSFault, TransferFailure.Code)] = [
            (.expired, .certificateExpired), (.untrusted, .certificateUntrusted), (.wrongHost, .certificateWrongHost),
            (.pinMismatch, .pinMismatch), (.clientCertificate, .clientCertificate),
        ]
        for (fault, code) in codes {
            var player = MachinePlayer(.upload())
            player.tell(.begin)
            player.fail(.tls(fault))
            guard case .failed(let failure) = player.result?.outcome else { return #expect(Bool(false), "no failure") }
            #expect(failure.code == code)
        }
    }

    @Test("Without network it waits for one, and that is no attempt")
    func network() {
        var player = MachinePlayer(.upload())
        player.tell(.begin)
        player.tell(.networkChanged(isThere: false))
        player.fail(.connectionLost)
        #expect(player.wait?.reason == .network)
        #expect(player.checkpoint?.attempts == 0)
        player.tell(.networkChanged(isThere: true))
        #expect(player.wait?.reason == .turn)
        #expect(player.wait?.until == player.now)
    }

    @Test("Retry-After is heeded, and its host is left alone")
    func retryAfter() {
        var player = MachinePlayer(.upload())
        player.tell(.begin)
        player.answer(head(503, [("Retry-After", "120")]))
        #expect(player.wait?.reason == .serverBusy)
        #expect(player.now.distance(to: player.wait?.until ?? .distantPast) >= .seconds(120))
    }

    @Test("The deadline ends it once, whatever is under way")
    func deadline() {
        var player = MachinePlayer(.upload())
        player.tell(.begin)
        player.now = .after(7 * 86_400)
        player.tell(.timeReached)
        player.tell(.timeReached)
        #expect(player.log.filter { $0 == "stop" }.count == 1)
        #expect(player.result == nil)
        player.fail(.cancelled)
        guard case .failed(let failure) = player.result?.outcome else { return #expect(Bool(false), "no failure") }
        #expect(failure.code == .deadlinePassed)
        #expect(player.machine.nextInstant == nil)
    }

    @Test("Pause stops what runs and waits for resume; begin alone does nothing")
    func pause() {
        var player = MachinePlayer(.upload())
        player.tell(.begin)
        player.tell(.pause)
        #expect(player.log.last == "stop")
        player.fail(.cancelled)
        #expect(player.checkpoint?.state == .paused)
        player.tell(.begin)
        #expect(player.wait?.reason == .paused)
        player.tell(.resume)
        #expect(player.wait?.reason == .turn)
        player.tell(.begin)
        #expect(player.log.last == "perform")
    }

    @Test("Cancel beats pause, and an answer that came too late")
    func cancel() {
        var player = MachinePlayer(.upload())
        player.tell(.begin)
        player.tell(.cancel)
        player.tell(.pause)
        // Should the process die now, the next one knows.
        var later = MachinePlayer(.upload(), checkpoint: player.checkpoint)
        later.tell(.begin)
        #expect(later.result?.outcome == .cancelled)
        player.answer(head(200))
        #expect(player.result?.outcome == .cancelled)
    }

    @Test("A hook completes every request; unknown to this process, it is waited for, and nothing is sent bare")
    func hook() {
        var player = MachinePlayer(.upload(authorizer: "token"))
        player.tell(.begin)
        #expect(player.exchange == nil)
        player.tell(.authorizerMissing(ticket: 1))
        #expect(player.wait?.reason == .authorizer)
        player.grant = Self.authorized
        player.tell(.begin)
        #expect(player.exchange?.fields["Authorization"] == "Bearer secret")
        player.answer(head(401))
        #expect(player.log.filter { $0 == "authorize" }.count == 3)
        player.answer(head(401))
        player.answer(head(401))
        #expect(player.result?.outcome == .rejected)
        let kept = String(decoding: player.checkpoint?.position ?? [], as: UTF8.self)
        #expect(!kept.contains("secret"))
    }

    @Test(
        "What cannot be asked is refused before anything is tried",
        arguments: [
            ("https:///x", TransferFailure.Code.badURL), ("/x", .badURL), ("", .badURL),
            ("ftp://example.org/x", .unsupportedScheme), ("file:///etc/passwd", .unsupportedScheme),
            ("https://me:pw@example.org/", .badURL), ("https://exa mple.org/", .badURL),
            ("https://example.org:99999/", .badURL), ("https://example.org/\r\nX: y", .badURL),
        ])
    func badURLs(url: String, code: TransferFailure.Code) {
        var player = MachinePlayer(.upload(url))
        player.tell(.begin)
        guard case .failed(let failure) = player.result?.outcome else { return #expect(Bool(false), "no failure") }
        #expect(failure.code == code)
        #expect(!failure.description.contains("pw"))
    }

    @Test("Fields that would end the line are refused", arguments: ["a\r\nb", "a\nb", "a\0b"])
    func badFields(text: String) {
        for field in [HeaderFields.Field("X", text), HeaderFields.Field(text, "x"), HeaderFields.Field("", "x")] {
            var player = MachinePlayer(.upload(fields: HeaderFields([field])))
            player.tell(.begin)
            guard case .failed(let failure) = player.result?.outcome else {
                return #expect(Bool(false), "no failure")
            }
            #expect(failure.code == .badField)
        }
    }

    @Test("A form is fields and files, with one boundary, and its length is known")
    func form() {
        let form = MultipartForm(
            [
                .field(name: "a\"b", value: "1"), .file(name: "f", fileName: "x\r\n.bin", type: "a/b", source: 0),
                .file(name: "g", fileName: "y", type: "c/d", source: 1),
            ], seed: (1, 2))
        var intent = TransferIntent.upload(method: .form(form), httpMethod: "POST", size: 10)
        var player = MachinePlayer(intent)
        player.tell(.begin)
        guard case .failed(let failure) = player.result?.outcome else { return #expect(Bool(false), "no failure") }
        #expect(failure.code == .sourceMissing)
        intent.furtherSources = [SourceIdentity(path: "/g", device: 1, inode: 9, size: 0, modifiedNanoseconds: 0)]
        player = MachinePlayer(intent)
        player.tell(.begin)
        #expect(player.exchange?.fields["Content-Type"] == "multipart/form-data; boundary=" + form.boundary)
        let text = (player.exchange?.body ?? []).map { piece in
            switch piece {
            case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
            case .file(let source, let range): "<\(source) \(range)>"
            }
        }.joined()
        let line = "--" + form.boundary
        #expect(
            text == line + "\r\nContent-Disposition: form-data; name=\"a%22b\"\r\n\r\n1\r\n" + line
                + "\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x%0D%0A.bin\"\r\nContent-Type: a/b\r\n\r\n"
                + "<0 0..<10>\r\n" + line
                + "\r\nContent-Disposition: form-data; name=\"g\"; filename=\"y\"\r\nContent-Type: c/d\r\n\r\n\r\n"
                + line + "--\r\n")
        player.answer(head(200))
        #expect(player.result?.outcome == .succeeded)
    }
}
