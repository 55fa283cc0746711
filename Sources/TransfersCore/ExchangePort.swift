// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// Performs exchanges: the port behind which the network lies.
package protocol ExchangeEngine: Sendable {
    /// Begins one exchange and returns at once.
    ///
    /// The engine holds the files until the end. `observer` hears on threads of the engine, one call at a time for
    /// one exchange, and exactly one `ended`.
    func start(
        _ exchange: Exchange, sources: [any OpenFile], sink: (any OpenFile)?, observer: any ExchangeObserver
    ) -> any RunningExchange
}

/// A file that is open: the engine reads and writes it at absolute offsets, and never closes it.
package protocol OpenFile: AnyObject, Sendable {
    var descriptor: Int32 { get }
}

package protocol RunningExchange: Sendable {
    /// Ends it soon, with `.cancelled`; nothing happens if it has ended. Any thread.
    func cancel()
}

/// Hears how an exchange goes, on the engine's threads: it has to return within microseconds.
package protocol ExchangeObserver: Sendable {
    /// An interim answer (1xx other than 100 and 101), live.
    func informed(_ head: ResponseHead)
    /// The final head is there: what becomes of the body?
    func plan(for head: ResponseHead) -> BodyPlan
    /// About four times a second while bytes flow: totals of this exchange's bodies.
    func progressed(sent: Int64, received: Int64)
    /// Everything below this offset of the sink is on stable storage.
    func madeDurable(upTo offset: Int64)
    /// The last word. If the exchange has a `durability`, all that was written is on stable storage, and told by
    /// `madeDurable`, before it.
    func ended(_ end: ExchangeEnd)
}
