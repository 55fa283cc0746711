// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

@Suite("A download whose disk is full, event by event")
struct FullDiskMachineTests {
    private static let full = TransferFailure(
        .diskFull, doing: "Reserving", subject: "f", cause: "full", remedy: "Free some.")
    private static let first = DownloadMachineTests.first

    /// How long it waits for room.
    private func seconds(_ player: MachinePlayer) -> Double? {
        guard player.wait?.reason == .storage, let until = player.wait?.until else { return nil }
        return Double(until.microseconds - player.now.microseconds) / 1e6
    }

    @Test("It waits for room, less and less often, asks nobody meanwhile, and goes on where the file ends")
    func waits() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.answer(Self.first, received: 400, failure: .sinkUnwritable(28))
        #expect(seconds(player) == 15 && player.result == nil && player.checkpoint?.attempts == 0)
        player.sinkFailure = Self.full
        player.exchange = nil
        for expected in [30.0, 60, 120, 240, 480, 900, 900] {
            // By any process: what it waits for stands on the books.
            var later = MachinePlayer(.download(), checkpoint: player.checkpoint)
            (later.sinkFailure, later.now, later.wait) = (Self.full, player.now, player.wait)
            later.beginWhenDue()
            #expect(seconds(later) == expected && later.exchange == nil)
            #expect(later.prepared?.total == 1000 && later.prepared?.room == nil)
            player = later
        }
        player.sinkFailure = nil
        player.beginWhenDue()
        #expect(player.exchange?.fields["Range"] == "bytes=400-")
        player.answer(DownloadMachineTests.rest(), received: 100, failure: .sinkUnwritable(122))
        #expect(seconds(player) == 15, "it came further")
        player.beginWhenDue()
        player.answer(DownloadMachineTests.rest(500), received: 500)
        #expect(player.result?.outcome == .succeeded)
    }

    @Test("What is not reserved is not loaded; what came whole all the same is")
    func reserving() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.tell(.headed(Self.first))
        player.tell(.sinkFailed(Self.full))
        #expect(player.log.last == "stop")
        var luckier = player
        player.fail(.cancelled)
        #expect(seconds(player) == 15)
        player.beginWhenDue()
        #expect(player.prepared?.total == 1000)
        player.answer(Self.first, received: 1000)
        #expect(player.result?.outcome == .succeeded)
        luckier.answer(Self.first, received: 1000)
        #expect(luckier.result?.outcome == .succeeded)
    }

    @Test("Where nobody says how much comes, clearly more room is looked for than there was")
    func unknown() {
        var player = MachinePlayer(.download(policy: TransferPolicy()))
        player.tell(.begin)
        let chunked = head(200, [("Transfer-Encoding", "chunked")])
        player.answer(chunked, received: 32 << 20, failure: .sinkUnwritable(28))
        player.beginWhenDue()
        #expect(player.log.suffix(2) == ["prepare 0", "perform"] && player.prepared?.total == nil)
        #expect(player.prepared?.room == 34 << 20)
    }

    @Test("A name that finds no room is given later, and nothing is loaded again")
    func placing() {
        var player = MachinePlayer(.download())
        player.tell(.begin)
        player.sinkFailure = Self.full
        player.answer(Self.first, received: 1000)
        #expect(seconds(player) == 15)
        player.exchange = nil
        player.beginWhenDue()
        #expect(seconds(player) == 30)
        player.sinkFailure = nil
        player.beginWhenDue()
        #expect(player.result?.outcome == .succeeded && player.exchange == nil)
    }

    @Test("It ends at once if it is to be tried once only, or can never fit; else at its deadline, which says why")
    func ends() {
        var policy = TransferPolicy()
        policy.retry = .never
        var once = MachinePlayer(.download(policy: policy))
        once.sinkFailure = Self.full
        once.tell(.begin)
        #expect(once.result?.outcome == .failed(Self.full))
        var large = MachinePlayer(.download())
        large.tell(.begin)
        large.answer(Self.first, received: 10, failure: .sinkUnwritable(27))
        guard case .failed(let failure)? = large.result?.outcome else { return #expect(Bool(false), "it goes on") }
        #expect(failure.code == .fileTooLarge)
        var patient = MachinePlayer(.download())
        patient.sinkFailure = Self.full
        patient.tell(.begin)
        patient.now = .after(7 * 86_400)
        patient.tell(.timeReached)
        guard case .failed(let last)? = patient.result?.outcome else { return #expect(Bool(false), "it goes on") }
        #expect(last.code == .deadlinePassed && last.cause.contains("full"))
    }

    @Test("Paused, held or cancelled while the file is opened: that comes first")
    func orders() {
        for (order, outcome) in [(TransferEvent.pause, WaitReason.paused), (.hold(.network), .network)] {
            var machine = TransferMachine(.download())
            var random = SeededNumbers(1)
            _ = machine.handle(.begin, at: .start, random: &random)
            #expect(machine.handle(order, at: .start, random: &random).isEmpty)
            let effects = machine.handle(.sinkFailed(Self.full), at: .start, random: &random)
            #expect(effects.last == .wait(until: nil, outcome))
        }
        var unwritable = Self.full
        unwritable.code = .destinationUnwritable
        for failure in [Self.full, unwritable] {
            var machine = TransferMachine(.download())
            var random = SeededNumbers(1)
            _ = machine.handle(.begin, at: .start, random: &random)
            _ = machine.handle(.cancel, at: .start, random: &random)
            let effects = machine.handle(.sinkFailed(failure), at: .start, random: &random)
            let outcome = effects.compactMap { if case .finish(let result) = $0 { result.outcome } else { nil } }
            #expect(outcome == [.cancelled])
        }
        var player = MachinePlayer(.download())
        player.sinkFailure = Self.full
        player.tell(.begin)
        player.tell(.cancel)
        #expect(player.result?.outcome == .cancelled && player.log.last == "clean")
    }
}
