// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import SchedulingRuntime
public import TransfersCore

/// What a ``TransferControls`` works with; nothing of it is of use to others.
public struct TransferSessionReference: Sendable {
    let access: TransferAccess

    func opened() throws(TransferFailure) -> TransferSession { try access.session.get() }
}

/// What can be done with the transfers of a session, by their identifiers: the same for ``Uploader`` and ``Downloader``.
///
/// Orders are on stable storage when they return, also where another process of the app moves the bytes; it obeys soon after.
public protocol TransferControls: Sendable {
    /// What the functions below work with.
    nonisolated var transferSession: TransferSessionReference { get }
}

extension TransferControls {
    /// Stops a transfer until it is resumed, in whichever launch. What it has done is kept.
    ///
    /// - Returns: false if there is none, or it has ended.
    /// - Throws: the session cannot be used.
    @discardableResult
    public func pause(_ identifier: String) async throws(TransferFailure) -> Bool {
        try transferSession.opened().pause(identifier)
    }

    /// Lets a paused transfer go on when its turn comes.
    ///
    /// - Returns: false if there is none, or it has ended.
    /// - Throws: the session cannot be used.
    @discardableResult
    public func resume(_ identifier: String) async throws(TransferFailure) -> Bool {
        try transferSession.opened().resume(identifier)
    }

    /// Ends a transfer: its handlers get `URLError.cancelled`. What an upload left at the server is removed there, where its
    /// protocol can (tus, resumable uploads, S3); that is asked once, for at most 30 s.
    ///
    /// - Returns: false if there is none, or it has ended.
    /// - Throws: the session cannot be used.
    @discardableResult
    public func cancel(_ identifier: String) async throws(TransferFailure) -> Bool {
        try transferSession.opened().cancel(identifier)
    }

    /// Pauses a transfer and returns what ``Downloader/beginDownload(withResumeData:handler:)`` takes, also in another launch;
    /// nil if there is none. Its handlers hear nothing until it has gone on and ended.
    ///
    /// - Throws: the session cannot be used.
    public func resumeData(of identifier: String) async throws(TransferFailure) -> Data? {
        let session = try transferSession.opened()
        return session.pause(identifier) ? ResumeData(session: session.identifier, identifier: identifier).data : nil
    }

    /// Every transfer of the session in the order of beginning, uploads and downloads: what each does, why it waits and until
    /// when, and how far it is. Those that have ended and were not heard of yet are among them.
    ///
    /// Looking moves nothing: a program that only lists or follows transfers does not become the one that moves them.
    ///
    /// - Throws: the session cannot be used.
    public func transfers() async throws(TransferFailure) -> [TransferStatus] {
        try transferSession.opened().list().map(TransferStatus.init)
    }

    /// How far a transfer is: now, then about four times a second while bytes flow, and at every change. A slow consumer
    /// gets the newest. It ends with the transfer, at once if there is none.
    public func progress(of identifier: String) -> AsyncStream<TransferStatus.Progress> {
        guard let session = try? transferSession.opened() else { return AsyncStream { $0.finish() } }
        return session.readings(identifier)
    }

    /// The same as Foundation's `Progress`, in bytes: its `cancel()`, `pause()` and `resume()` are the transfer's.
    ///
    /// - Throws: the session cannot be used.
    public func foundationProgress(of identifier: String) throws(TransferFailure) -> Progress {
        let progress = Progress(totalUnitCount: -1)
        try transferSession.opened().follow(identifier, with: progress)
        return progress
    }

    /// Registers the hook of this name, in place of an earlier one: it completes requests just before each attempt, because
    /// tokens expire and presigned URLs do. Transfers name it (``TransferOptions/authorizer``); those that waited for it go on.
    ///
    /// Register hooks in every launch. What the hook throws ends the attempt, as a fault that may pass.
    ///
    /// - Throws: the session cannot be used.
    public func authorize(
        _ name: String, using hook: @escaping @Sendable (AuthorizationRequest) async throws -> Authorization
    ) throws(TransferFailure) {
        try transferSession.opened().setAuthorizer(name) { request, _ in
            let given = try await hook(request)
            return (given.headerFields, url: given.url?.absoluteString)
        }
    }

    /// Takes away the hook of this name: transfers that name it wait.
    ///
    /// - Throws: the session cannot be used.
    public func removeAuthorizer(_ name: String) throws(TransferFailure) {
        try transferSession.opened().setAuthorizer(name, nil)
    }

    /// Leaves what is under way to a background launch of the program, which systemd makes at once: for a program that has
    /// begun what it wanted and is about to exit. Without it the launch comes a minute later, as after a death.
    ///
    /// When it returns, nothing of the session runs here any more, and this process only watches. What has to wait is waited
    /// for by systemd. In a process that runs its tasks itself (a background launch, `run()`, or where nothing can wake the
    /// program) nothing stops: the launch stays, or the process goes on. Nor is anything done if another process has the
    /// session, or `sessionSendsLaunchEvents` is off.
    ///
    /// - Throws: the session cannot be used.
    public func continueInBackground() async throws(TransferFailure) {
        try await transferSession.opened().leave()
    }

    /// Calls `completion` once, when nothing of the session runs or could run now, in this process or the one that moves it, and
    /// every handler of this process has returned. At once if the session cannot be used.
    public nonisolated func handleBackgroundSessionEvents(_ completion: @escaping @Sendable () -> Void) {
        guard let session = try? transferSession.opened() else { return completion() }
        session.whenDrained(completion)
    }
}
