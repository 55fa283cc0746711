// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// What a machine wants done. Effects of one event are performed in their order, each before the next.
package enum TransferEffect: Sendable, Equatable {
    /// Write the checkpoint. If `durably`, it has to survive a loss of power before the next effect begins; else it may
    /// come later, but never after a checkpoint that follows.
    case persist(TransferCheckpoint, durably: Bool)
    /// Ask the hook; answered by `authorized`, `authorizerMissing` or `authorizationFailed`.
    case authorize(AuthorizationRequest)
    /// Compare the sources with the intent; answered by `sourceJudged`.
    case checkSource
    /// Compute the digest of a range of the source; answered by `digested` with the ticket.
    case digest(ticket: Int, ContentDigest.Algorithm, Range<Int64>)
    /// Open or create the partial file, cut it to this length (a shorter one stays as it is), and reserve space for
    /// `total`, or look whether it may become as long as `room`; answered by `sinkReady` or `sinkFailed`.
    case prepareSink(length: Int64, total: Int64?, room: Int64?)
    /// Reserve space in the sink while it is written, without changing its length; answered only if it fails.
    case reserve(total: Int64)
    /// Begin the exchange; the plan travels with it to the engine's thread. Answered by one `ended` at last.
    case perform(Exchange, AnswerPlan)
    /// End the exchange soon; `ended` still comes, and nothing is begun before it.
    case cancelExchange
    /// Sync the partial file, and read it if there are digests; answered by `verified` or `sinkFailed`.
    case verify(length: Int64, digests: [ContentDigest])
    /// Rename the partial file, of this length, to its destination and sync the folder; done already is `placed` too.
    case place(length: Int64)
    /// Tell the queue what a server did, for the circuit of its host.
    case note(host: String, HostCircuit.Word)
    /// It does not run any more: give its place to another, and send `begin` when the instant has come (nil: only after
    /// `resume`, or when what the reason names has changed) and a place is free. The machine may be let go: another one,
    /// made of the checkpoint that was persisted last, does the same.
    case wait(until: WallTime?, WaitReason)
    /// The end, exactly once: the result is put in the outbox and the state `ended` is written, in one commit.
    case finish(TransferResult)
    /// Remove the partial file, or a snapshot of the source; only after `finish`.
    case removeLeftovers
}
