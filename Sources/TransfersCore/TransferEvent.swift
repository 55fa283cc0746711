// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What a machine hears: orders of the caller, answers to its effects, and news of the world.
package enum TransferEvent: Sendable, Equatable {
    // Orders.
    /// Its turn has come: asked for just now, or again after `TransferEffect.wait`.
    case begin
    case pause
    /// After `pause`: it may run again when its turn comes.
    case resume
    case cancel
    /// It has to stop now and wait for this: a constraint is no longer met, its place is needed, the process ends.
    case hold(WaitReason)

    // Answers to effects.
    /// To `authorize`, with its ticket: fields to add, and another URL if the hook chose one.
    case authorized(ticket: Int, fields: HeaderFields, url: String?)
    /// To `authorize`: nobody registered the hook of this name in this process.
    case authorizerMissing(ticket: Int)
    /// To `authorize`: the hook threw; what it said.
    case authorizationFailed(ticket: Int, String)
    /// To `checkSource`.
    case sourceJudged(SourceJudgement)
    /// To `digest`, with its ticket; the failure says why the source cannot be read.
    case digested(ticket: Int, Result<[UInt8], TransferFailure>)
    /// To `prepareSink`: how long the partial file is now; less than was asked for if it had become shorter.
    case sinkReady(length: Int64)
    /// To `verify`.
    case verified(SinkVerdict)
    /// To `place`: the file is where it belongs.
    case placed
    /// To `prepareSink`, `reserve`, `verify` or `place`: it cannot be done; not now, if the code is `diskFull`.
    case sinkFailed(TransferFailure)

    // The exchange that `perform` began.
    case informed(ResponseHead)
    case headed(ResponseHead)
    case progressed(sent: Int64, received: Int64)
    case madeDurable(upTo: Int64)
    case ended(ExchangeEnd)

    // The world.
    /// An instant of `TransferMachine.nextInstant` may have come; harmless at any other time.
    case timeReached
    /// There is a network, or there is none.
    case networkChanged(isThere: Bool)
}

/// What became of the source since the transfer was asked for.
package enum SourceJudgement: Sendable, Equatable {
    case same, changed, missing
    /// `errno`.
    case unreadable(Int32)
}

/// What the partial file is, read from the disk.
package enum SinkVerdict: Sendable, Equatable {
    /// As long as it should be, with every digest, and on stable storage.
    case good
    case wrongLength(Int64)
    case digestMismatch(ContentDigest.Algorithm)
}
