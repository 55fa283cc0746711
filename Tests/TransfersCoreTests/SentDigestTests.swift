// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("Digests that go along with uploads, event by event")
struct SentDigestTests {
    private func player(_ method: UploadProtocol, size: Int64 = 1000) -> MachinePlayer {
        var policy = TransferPolicy()
        policy.sentDigest = .sha256
        var player = MachinePlayer(.upload(method: method, httpMethod: "POST", size: size, policy: policy))
        player.tell(.begin)
        return player
    }

    @Test("It is computed before the request goes, and of no more than a piece")
    func computed() {
        var player = player(.resumable, size: 9 << 20)
        #expect(player.log.contains("digest sha-256 0..<\(9 << 20)"))
        #expect(player.exchange?.fields["Repr-Digest"] == "sha-256=:AQID:" && player.exchange?.body == [])
        player.answer(
            ResumableUploadTests.answer(
                201, [("Location", "/up/1"), ("Upload-Complete", "?0")], at: "https://example.org/in"))
        #expect(player.log.contains("digest sha-256 0..<\(8 << 20)"))
        #expect(player.exchange?.fields["Content-Digest"] == "sha-256=:AQID:")
        #expect(player.exchange?.body == [.file(range: 0..<(8 << 20))])
    }

    @Test("A piece that the server calls damaged is asked for and sent again; another 400 is its last word")
    func damaged() {
        for (problem, isDamage) in [("digest-mismatching-values", true), ("something else", false)] {
            var player = player(.resumable)
            player.answer(
                ResumableUploadTests.answer(
                    201, [("Location", "/up/1"), ("Upload-Complete", "?0")], at: "https://example.org/in"))
            player.answer(ResumableUploadTests.answer(400), body: #"{"type": "\#(problem)"}"#)
            #expect((player.result == nil) == isDamage)
            guard isDamage else { continue }
            player.beginWhenDue()
            #expect(player.exchange?.method == "HEAD")
        }
    }

    @Test("An answer that comes after it was paused begins nothing")
    func late() {
        var policy = TransferPolicy()
        policy.sentDigest = .sha256
        let intent = TransferIntent.upload(method: .plain, policy: policy)
        var machine = TransferMachine(intent)
        var random = SeededNumbers(1)
        _ = machine.handle(.begin, at: .start, random: &random)
        let asked = machine.handle(.sourceJudged(.same), at: .start, random: &random)
        #expect(asked == [.digest(ticket: 1, .sha256, 0..<1000)])
        _ = machine.handle(.pause, at: .start, random: &random)
        #expect(machine.handle(.digested(ticket: 1, .success([1])), at: .start, random: &random).isEmpty)
    }
}
