// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import TransfersCore
package import TransfersStore

/// The transfers of one session in this process: runs them if no other process does, else watches, and takes over when
/// that one ends.
///
/// All calls may be made on any thread. Those that write (`begin`, `pause`, `resume`, `cancel`) block for one commit.
package final class TransferSession: Sendable {
    package typealias Handler = @Sendable (StoredTransfer, TransferResult) async -> Void
    /// Completes a request: fields to add, and another URL if it chooses one.
    package typealias Authorizer =
        @Sendable (AuthorizationRequest, TransferIntent) async throws -> (HeaderFields, url: String?)

    package let identifier: String

    init(_ identifier: String) { self.identifier = identifier }

    /// The one of this identifier in this process; made at the first call, whose settings count: the store is opened, the
    /// scheduled task registered, and ownership asked for.
    ///
    /// - Throws: `badIdentifier`; `storage`, `diskFull`: the store cannot be used.
    package static func named(
        _ identifier: String, _ settings: SessionSettings = SessionSettings(), in world: TransferWorld = .shared
    ) throws(TransferFailure) -> TransferSession { TransferSession(identifier) }

    /// Starts or attaches, in one commit; durable when it returns. What is refused holds the others not back.
    package func begin(_ drafts: [TransferIntentDraft]) -> [Result<BeginOutcome, TransferFailure>] { [] }

    /// Has `handler` called exactly once, with the present or next end of this transfer; an end that lies in the outbox is
    /// delivered at once. Returns false if there is no such transfer.
    @discardableResult
    package func attach(_ identifier: String, _ handler: @escaping Handler) -> Bool { false }

    /// Forgets an end: the row and a file of ours go, the identifier is free. Every handler that was called for it has to
    /// say so; the last one counts. Durable when it returns.
    package func acknowledge(_ identifier: String) async {}

    /// False if there is none, or it has ended. Durable when they return; done soon after, by whichever process moves it.
    @discardableResult
    package func pause(_ identifier: String) -> Bool { false }
    @discardableResult
    package func resume(_ identifier: String) -> Bool { false }
    @discardableResult
    package func cancel(_ identifier: String) -> Bool { false }

    /// Every transfer of the session in the order of beginning, ends that were not acknowledged among them; with why each
    /// waits, and until when.
    package func list() throws(TransferFailure) -> [TransferSummary] { [] }
    package func find(_ identifier: String) throws(TransferFailure) -> StoredTransfer? { nil }

    /// What is known now, then every change, the newest only if one is slow; ends with the transfer.
    package func progress(_ identifier: String) -> AsyncStream<TransferProgress> { AsyncStream { $0.finish() } }

    /// Calls `action` once, when nothing runs or could run now and every handler has returned.
    package func whenDrained(_ action: @escaping @Sendable () -> Void) {}

    /// Registers the hook that intents name; nil removes it. Transfers that waited for one are tried again.
    package func setAuthorizer(_ name: String, _ hook: Authorizer?) {}
}
