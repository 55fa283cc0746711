// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
internal import TransfersCore
import TransfersFiles

/// Hears one exchange on the engine's threads, and hands on what it hears, in its order.
final class ExchangeHearing: ExchangeObserver {
    private let plan: AnswerPlan
    private let exchange: Exchange
    /// Where in the file the answer's body is written.
    private let offset = Atomic<Int64>(0)
    /// How long the file is to become by it; 0: nobody says.
    private let whole = Atomic<Int64>(0)
    private let sink: PartialFile?
    private let onEvents: @Sendable ([TransferEvent]) -> Void
    /// The head of an answer whose body is short: it is told with what comes next, most often the end.
    private let held = Mutex<ResponseHead?>(nil)
    private static let shortBody: Int64 = 64 << 10
    /// How many bytes of the file are there or here now.
    private let onProgress: @Sendable (Int64) -> Void

    /// What its body was read from.
    private let sources: [SourceIdentity]

    init(
        _ exchange: Exchange, of sources: [SourceIdentity], into sink: PartialFile?, _ plan: AnswerPlan,
        onProgress: @escaping @Sendable (Int64) -> Void,
        onEvents: @escaping @Sendable ([TransferEvent]) -> Void
    ) {
        self.exchange = exchange
        self.sources = exchange.carriesFile ? sources : []
        self.sink = sink
        self.plan = plan
        self.onProgress = onProgress
        self.onEvents = onEvents
    }

    func informed(_ head: ResponseHead) { tell(.informed(head)) }

    func plan(for head: ResponseHead) -> BodyPlan {
        let plan = plan.plan(for: head)
        if case .write(let at, let count) = plan {
            offset.store(at, ordering: .relaxed)
            whole.store(count.map { at + $0 } ?? 0, ordering: .relaxed)
        }
        if case .write(_, let count) = plan, (count ?? .max) > Self.shortBody {
            tell(.headed(head))
        } else {
            held.withLock { $0 = head }
        }
        return plan
    }

    private func tell(_ events: TransferEvent...) {
        let head = held.withLock { held in
            defer { held = nil }
            return held
        }
        onEvents((head.map { [.headed($0)] } ?? []) + events)
    }

    func progressed(sent: Int64, received: Int64) {
        if plan.download != nil { return onProgress(offset.load(ordering: .relaxed) + received) }
        // A part of the file begins somewhere in it; what stands before it in a form counts as part of the file.
        var before: Int64 = 0
        for piece in exchange.body {
            if case .file(_, let range) = piece { return onProgress(range.lowerBound + max(0, sent - before)) }
            before += piece.count
        }
    }

    func madeDurable(upTo offset: Int64) { tell(.madeDurable(upTo: offset)) }

    /// What was read is the source only if that is still the same.
    func ended(_ end: ExchangeEnd) {
        var end = end
        // The body may fill the disk before anybody has judged whether there will ever be room for it.
        if let sink, end.failure?.kind.isFullDisk == true, sink.canNeverHold(whole.load(ordering: .relaxed)) {
            end.failure?.kind = .sinkUnwritable(EFBIG)
        }
        if sources.isEmpty { tell(.ended(end)) } else { tell(.ended(end), .sourceJudged(SourceFile.judge(sources))) }
    }
}
