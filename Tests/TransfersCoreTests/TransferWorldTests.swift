// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import Testing
import TransfersCore

/// What holds over thousands of worlds: the bytes are right, or there is a reason; nothing acknowledged is sent again;
/// every run ends.
@Suite("Transfers in a hostile world, from seeds")
struct TransferWorldTests {
    static let seeds: UInt64 = 3000

    /// How the runs of one protocol ended.
    struct Tally {
        var succeeded = 0
        var failed = 0
        var reasons: [String: Int] = [:]
    }

    static func policy(_ random: inout SeededNumbers) -> TransferPolicy {
        var policy = TransferPolicy()
        policy.retry.maximumAttempts = 30
        policy.resumableInterop = ResumableInterop.allCases.randomElement(using: &random) ?? .eight
        policy.resumableCreation = [.automatic, .optimistic, .careful].randomElement(using: &random) ?? .automatic
        policy.partSize = Int64.random(in: 7...60, using: &random)
        return policy
    }

    func uploads<Server: SimulatedServer>(
        _ method: UploadProtocol, seeds: UInt64 = seeds, authorizer: String? = nil, salt: UInt64,
        _ server: (TransferPolicy, inout SeededNumbers) -> Server
    ) -> Tally {
        var tally = Tally()
        for seed in 0..<seeds {
            var random = SeededNumbers(seed &* 8 &+ salt)
            let policy = Self.policy(&random)
            let bytes = random.bytes(random.chance(5) ? 0 : Int.random(in: 1...200, using: &random))
            var intent = TransferIntent.upload(
                method: method, httpMethod: "POST", size: Int64(bytes.count), authorizer: authorizer, policy: policy)
            if random.chance(20) { intent.identifier = "nolist" }
            let model = server(policy, &random)
            var world = TransferWorld(intent, source: bytes, server: model, random: random)
            world.run()
            #expect(world.violations.isEmpty, "seed \(seed): \(world.violations) after \(world.log)")
            guard world.violations.isEmpty, let result = world.results.first else { break }
            if result.outcome == .succeeded {
                tally.succeeded += 1
                #expect(world.server.objects.contains(bytes), "seed \(seed): other bytes after \(world.log)")
                if !world.server.objects.contains(bytes) { break }
            } else {
                tally.failed += 1
                let reason =
                    if case .failed(let failure) = result.outcome { failure.cause } else { "\(result.outcome)" }
                #expect(!reason.isEmpty)
                tally.reasons[reason, default: 0] += 1
            }
        }
        return tally
    }

    @Test("Downloads")
    func downloads() {
        var tally = Tally()
        for seed in 0..<Self.seeds {
            var random = SeededNumbers(seed &* 8)
            let content = random.bytes(random.chance(5) ? 0 : Int.random(in: 1...200, using: &random))
            let server = SimulatedDownloadServer(content, random: &random)
            var world = TransferWorld(.download(policy: Self.policy(&random)), server: server, random: random)
            world.run()
            #expect(world.violations.isEmpty, "seed \(seed): \(world.violations) after \(world.log)")
            guard world.violations.isEmpty, let result = world.results.first else { break }
            if result.outcome == .succeeded {
                tally.succeeded += 1
                let isOne = world.placed.map { world.server.objects.contains($0) } ?? false
                #expect(isOne, "seed \(seed): the file is no version of the resource after \(world.log)")
                if !isOne { break }
            } else {
                tally.failed += 1
                if case .failed(let failure) = result.outcome { tally.reasons[failure.cause, default: 0] += 1 }
            }
        }
        print("downloads: \(tally)")
        #expect(tally.succeeded > tally.failed * 4)
    }

    @Test("Plain uploads")
    func plain() {
        let tally = uploads(.plain, salt: 1) { _, _ in SimulatedPlainServer() }
        print("plain: \(tally)")
        #expect(tally.succeeded > tally.failed * 4)
    }

    @Test("tus")
    func tus() {
        let tally = uploads(.tus, authorizer: "token", salt: 2) { SimulatedTusServer(random: &$1) }
        print("tus: \(tally)")
        #expect(tally.succeeded > tally.failed * 4)
    }

    @Test("Resumable uploads, of every version and creation")
    func resumable() {
        let tally = uploads(.resumable, salt: 3) { SimulatedResumableServer($0.resumableInterop, random: &$1) }
        print("resumable: \(tally)")
        #expect(tally.succeeded > tally.failed * 4)
    }

    @Test("S3 by parts")
    func s3() {
        let tally = uploads(.s3Multipart, authorizer: "presign", salt: 4) { _, _ in SimulatedS3Server() }
        print("s3: \(tally)")
        #expect(tally.succeeded > tally.failed * 4)
    }

    @Test("The server decides which")
    func automatic() {
        let one = uploads(.automatic, seeds: 1000, salt: 5) { _, _ in SimulatedPlainServer() }
        let two = uploads(.automatic, seeds: 1000, salt: 6) { SimulatedTusServer(random: &$1) }
        let three = uploads(.automatic, seeds: 1000, salt: 7) {
            SimulatedResumableServer($0.resumableInterop, random: &$1)
        }
        print("automatic: \(one) \(two) \(three)")
        #expect(one.succeeded > one.failed * 4 && two.succeeded > two.failed * 4 && three.succeeded > three.failed * 4)
    }

    @Test("Cancelled at any step, it ends so, and leaves nothing at the server", arguments: [true, false])
    func cancelled(isCalm: Bool) {
        var cancelled = 0
        func run<Server: SimulatedServer>(
            _ intent: TransferIntent, _ server: Server, _ random: SeededNumbers, _ seed: UInt64
        ) {
            var world = TransferWorld(intent, source: [UInt8](repeating: 7, count: 200), server: server, random: random)
            world.isCalm = isCalm
            world.cancelsAt = Int(seed % 40) + 1
            world.run()
            #expect(world.violations.isEmpty, "seed \(seed): \(world.violations) after \(world.log)")
            if world.results.first?.outcome == .cancelled {
                cancelled += 1
                // What an answer would have named that never came, nobody can remove.
                let isUnnamed =
                    world.log.last?.hasPrefix("POST") == true
                    && (world.heardHead == nil || Server.self == SimulatedS3Server.self)
                if isCalm, !isUnnamed { #expect(world.server.leftovers == 0, "seed \(seed) after \(world.log)") }
            }
        }
        for seed in 0..<1000 as Range<UInt64> {
            var random = SeededNumbers(seed &* 8 &+ 5)
            let policy = Self.policy(&random)
            func intent(_ method: UploadProtocol) -> TransferIntent {
                .upload(method: method, httpMethod: "POST", size: 200, authorizer: "hook", policy: policy)
            }
            run(intent(.tus), SimulatedTusServer(random: &random), random, seed)
            run(intent(.resumable), SimulatedResumableServer(policy.resumableInterop, random: &random), random, seed)
            run(intent(.s3Multipart), SimulatedS3Server(), random, seed)
        }
        #expect(cancelled > 300)
    }
}
