// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundStore
import Foundation
import Testing
import TransferFixtures
import TransferProcesses
import TransfersFiles
import TransfersStore

/// Two programs that share a session live side by side: both begin, list, pause, resume and cancel; one or the other is
/// killed, mostly the one that moves the bytes, and another takes its place.
///
/// `TRANSFER_KILLS` says how often, for the soak.
@Suite("Two processes of one session, killed at random moments", .timeLimit(.minutes(20)))
struct CrowdTests {
    static let kills = ProcessInfo.processInfo.environment["TRANSFER_KILLS"].flatMap { Int($0) } ?? 12
    let scratch = try! ScratchFolder()

    private struct Life {
        let victim: VictimProcess
        let name: String
        /// Of all births and deaths.
        let born: Int
        var died = Int.max
    }

    private func store() throws -> TransfersStore {
        try TransfersStore(directory: StateDirectory(path: scratch.path + "/state"), machine: "m", boot: "b", pid: 1)
    }

    @Test("each transfer ends once, its end is told until it is acknowledged and not after, and bytes are equal")
    func crowd() async throws {
        let (origin, tus) = (try await TestServer("origin"), try await TestServer("tusd"))
        let folder = scratch.path + "/files"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        var lives: [Life] = []
        var events = 0
        func next() -> Int {
            events += 1
            return events
        }
        func bear() throws {
            let name = "L\(lives.count)"
            let arguments = ["crowd", name, folder, origin.url(""), tus.url("/files/")]
            lives.append(
                Life(victim: try VictimProcess([scratch.path + "/state"] + arguments), name: name, born: next()))
        }
        try bear()
        try bear()
        var ownersKilled = 0
        for _ in 0..<Self.kills {
            await randomMoment(within: 20...700)
            let living = lives.indices.filter { lives[$0].died == .max }
            let owner = try store().closing { try $0.owner(of: "s") }
            let moving = living.first { lives[$0].victim.pid == owner }
            let chosen = Int.random(in: 0..<10) < 7 ? moving ?? living[0] : living[Int.random(in: 0..<living.count)]
            #expect(!lives[chosen].victim.isOver, "it died by itself: \(lives[chosen].victim.lines)")
            if chosen == moving { ownersKilled += 1 }
            lives[chosen].victim.kill()
            await lives[chosen].victim.ended()
            lives[chosen].died = next()
            try bear()
        }
        for index in lives.indices where lives[index].died == .max {
            lives[index].victim.kill()
            await lives[index].victim.ended()
            lives[index].died = next()
        }
        let last = Life(victim: try VictimProcess([scratch.path + "/state", "last"]), name: "last", born: next())
        await last.victim.ended()
        lives.append(last)
        #expect(!last.victim.wasKilled)
        #expect(try store().closing { try $0.list().isEmpty })
        try judge(lives, folder)
        try await judgeUploads(lives, folder, tus)
        let begun = told(lives, "begun").count
        print(
            "\(Self.kills) kills, \(ownersKilled) of owners, \(begun) transfers, \(told(lives, "cancelling").count) cancelled"
        )
    }

    /// What lives said of transfers: the word, the transfer, and what follows.
    private func told(_ lives: [Life], _ word: String) -> [(life: Life, transfer: String, rest: [Substring])] {
        lives.flatMap { life in
            life.victim.lines.compactMap { line in
                let words = line.split(separator: " ")
                guard words.count > 1, words[0] == word else { return nil }
                return (life, String(words[1]), Array(words.dropFirst(2)))
            }
        }
    }

    private func judge(_ lives: [Life], _ folder: String) throws {
        for life in lives {
            for line in life.victim.lines where line.hasPrefix("refused") || line.hasPrefix("log ") {
                Issue.record("\(life.name): \(line)")
            }
        }
        let ends = Dictionary(grouping: told(lives, "ended"), by: \.transfer)
        let cancelled = Set(told(lives, "cancelling").map(\.transfer))
        for (_, transfer, _) in told(lives, "begun") {
            let heard = ends[transfer] ?? []
            #expect(!heard.isEmpty, "nobody heard of the end of \(transfer)")
            #expect(Set(heard.map(\.rest)).count == 1, "\(transfer) ended twice: \(heard.map(\.rest))")
            guard let outcome = heard.first?.rest.first else { continue }
            let isAsWanted = outcome == "succeeded" || (outcome == "cancelled" && cancelled.contains(transfer))
            #expect(isAsWanted, "\(transfer): \(outcome)")
            guard !transfer.hasSuffix("-2") else { continue }
            if outcome == "succeeded" {
                let name = transfer.dropLast(2)
                let seed = name.utf8.reduce(UInt64(transfer.last?.wholeNumberValue ?? 0)) { $0 &* 31 &+ UInt64($1) }
                #expect(bytes(folder + "/" + transfer) == ServerPattern(seed: seed).bytes(0..<200_000), "\(transfer)")
            } else {
                #expect(!FileManager.default.fileExists(atPath: folder + "/" + transfer))
            }
        }
        // Once it was acknowledged it is told to nobody who came later.
        for (life, transfer, _) in told(lives, "acknowledged") {
            let late = (ends[transfer] ?? []).filter { $0.life.born > life.died }
            #expect(
                late.isEmpty, "\(transfer) was told to \(late.map(\.life.name)) after \(life.name) had acknowledged it")
        }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".part") }
        #expect(left.isEmpty)
    }

    /// The server has each upload that succeeded whole, once.
    private func judgeUploads(_ lives: [Life], _ folder: String, _ tus: TestServer) async throws {
        struct Books: Decodable {
            struct Upload: Decodable {
                var complete: Bool
                var sha256: String
            }
            var uploads: [Upload]
        }
        let books = try JSONDecoder().decode(Books.self, from: await tus.order("GET", "/__control"))
        let whole = Dictionary(grouping: books.uploads.filter(\.complete), by: \.sha256).mapValues(\.count)
        for (_, transfer, rest) in told(lives, "ended") where transfer.hasSuffix("-2") && rest.first == "succeeded" {
            let digest = try FileDigest.digests([.sha256], ofFileAt: folder + "/source-" + transfer)[.sha256] ?? []
            #expect(whole[hexadecimal(digest)] == 1, "\(transfer) is there \(whole[hexadecimal(digest)] ?? 0) times")
        }
    }
}

extension TransfersStore {
    fileprivate func closing<R>(_ body: (TransfersStore) throws -> R) rethrows -> R {
        defer { close() }
        return try body(self)
    }
}
