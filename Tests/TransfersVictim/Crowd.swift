// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import TransferProcesses
import Transfers
import TransfersCore
import TransfersStore

/// One of several processes of a session: begins, gives orders, and hears all ends.
struct Crowd {
    /// Kept: the session does not keep its world.
    private let process: TransferProcess
    private let session: TransferSession
    /// Those that this process has a handler for.
    private let attached = Attached()

    private final class Attached: Sendable { let identifiers = Mutex<Set<String>>([]) }

    init(_ directory: String) throws {
        process = TransferProcess(directory, identifier: getpid(), log: { tell("log \($0)") })
        session = try process.session()
    }

    func live(_ arguments: [String]) async throws {
        if arguments.count == 4 {
            try begin(arguments[0], in: arguments[1], origin: arguments[2], tus: arguments[3])
        }
        while true {
            let lines = try session.list()
            for line in lines { hear(line.identifier) }
            if arguments.isEmpty {
                if lines.isEmpty { return }
                for line in lines where line.state == .paused || line.order == .pause {
                    session.resume(line.identifier)
                }
            } else if let line = lines.randomElement() {
                switch Int.random(in: 0..<60) {
                case 0:
                    tell("cancelling \(line.identifier)")
                    session.cancel(line.identifier)
                case 1...12: session.pause(line.identifier)
                case 13...36: session.resume(line.identifier)
                default: _ = try session.find(line.identifier)
                }
            }
            await randomMoment(within: 2...20)
        }
    }

    private func begin(_ name: String, in folder: String, origin: String, tus: String) throws {
        var drafts: [TransferIntentDraft] = []
        for (number, method) in ["GET", "GET", "POST"].enumerated() {
            let identifier = "\(name)-\(number)"
            let work: TransferIntentDraft.Work
            let url: String
            if method == "GET" {
                work = .download(to: folder + "/" + identifier)
                url =
                    "\(origin)/bytes/200000?seed=\(name.utf8.reduce(UInt64(number)) { $0 &* 31 &+ UInt64($1) })&rate=800000"
            } else {
                let source = folder + "/source-" + identifier
                try Data(String(repeating: identifier + "\n", count: 20_000).utf8).write(
                    to: URL(fileURLWithPath: source))
                work = .upload([source], method: .tus)
                url = tus
            }
            var policy = TransferPolicy()
            // Whoever takes it over has the whole request.
            policy.keepsSecrets = true
            policy.retry.base = 0
            if method == "POST" { policy.rateLimit = 800_000 }
            drafts.append(TransferIntentDraft(identifier, work, httpMethod: method, url: url, policy: policy))
        }
        for (draft, result) in zip(drafts, session.begin(drafts)) {
            guard case .success(.began) = result else {
                tell("refused \(draft.identifier) \(result)")
                continue
            }
            tell("begun \(draft.identifier)")
        }
    }

    /// Each end is told before it is forgotten: whatever happens, somebody has told it.
    private func hear(_ identifier: String) {
        guard attached.identifiers.withLock({ $0.insert(identifier).inserted }) else { return }
        session.attach(identifier) { [session] stored, result in
            tell("ended \(identifier) \(Self.word(result.outcome)) \(result.ended.microseconds)")
            await session.acknowledge(identifier)
            tell("acknowledged \(identifier)")
        }
    }

    private static func word(_ outcome: TransferResult.Outcome) -> String {
        switch outcome {
        case .succeeded: "succeeded"
        case .cancelled: "cancelled"
        case .rejected: "rejected"
        case .failed(let failure): "failed-\(failure.code)-\(failure.cause.replacingOccurrences(of: " ", with: "_"))"
        }
    }
}
