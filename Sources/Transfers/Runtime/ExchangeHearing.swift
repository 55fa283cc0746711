// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Synchronization
internal import TransfersCore

/// Hears one exchange on the engine's threads, and hands on what it hears.
final class ExchangeHearing: ExchangeObserver {
    private let plan: AnswerPlan
    private let exchange: Exchange
    /// Where in the file the answer's body is written.
    private let offset = Atomic<Int64>(0)
    private let onEvent: @Sendable (TransferEvent) -> Void
    /// How many bytes of the file are there or here now.
    private let onProgress: @Sendable (Int64) -> Void

    init(
        _ exchange: Exchange, _ plan: AnswerPlan, onProgress: @escaping @Sendable (Int64) -> Void,
        onEvent: @escaping @Sendable (TransferEvent) -> Void
    ) {
        self.exchange = exchange
        self.plan = plan
        self.onProgress = onProgress
        self.onEvent = onEvent
    }

    func informed(_ head: ResponseHead) { onEvent(.informed(head)) }

    func plan(for head: ResponseHead) -> BodyPlan {
        let plan = plan.plan(for: head)
        if case .write(let at, _) = plan { offset.store(at, ordering: .relaxed) }
        onEvent(.headed(head))
        return plan
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

    func madeDurable(upTo offset: Int64) { onEvent(.madeDurable(upTo: offset)) }
    func ended(_ end: ExchangeEnd) { onEvent(.ended(end)) }
}
