// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
internal import TransfersCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Downloads files so that it does not matter when the program ends.
///
/// A download is on stable storage when `begin…` returns, and goes on in later launches from the last byte that is safely on
/// the disk, if the server can give ranges and still has the same version. Begin it again in each launch, under the same
/// identifier and with the same request: then it is not begun but attached to, and the handler hears its end.
public actor Downloader: TransferControls {
    /// The caller's own name for a download, stable across launches.
    public typealias Identifier = String
    /// Hears the end of a download, exactly once for each `begin…`: where the file is with the server's answer, whatever its
    /// status, or an error.
    ///
    /// Without a destination of the caller's the file is removed when the handler has returned: move it elsewhere in it. Of an
    /// answer that is no success, it holds up to 64 KiB of what the server said.
    public typealias Handler = @Sendable (Identifier, Result<(URL, URLResponse), any Error>) -> Void

    let access: TransferAccess

    /// A downloader for the session of this configuration. Several for one session in one program share it, uploaders among
    /// them; identifiers are one set then.
    ///
    /// Nothing fails here: what is wrong with the session is the result of everything that is begun in it.
    ///
    /// - Parameters:
    ///   - sessionConfiguration: `.background(withIdentifier:)`; one without an identifier names the session `default`.
    ///   - taskConfiguration: how an identifier is read from a task.
    public init(
        sessionConfiguration: URLSessionConfiguration,
        taskConfiguration: BackgroundTaskConfiguration = .taskDescriptionCoder
    ) {
        self.init(sessionConfiguration, taskConfiguration, in: .shared)
    }

    /// A downloader that reads identifiers in a way of its own.
    public init(
        sessionConfiguration: URLSessionConfiguration,
        identifierProvider: @escaping BackgroundTaskConfiguration.IdentifierProvider
    ) {
        self.init(
            sessionConfiguration, BackgroundTaskConfiguration(getIdentifier: identifierProvider), in: .shared)
    }

    package init(
        _ sessionConfiguration: URLSessionConfiguration,
        _ taskConfiguration: BackgroundTaskConfiguration = .taskDescriptionCoder, in world: TransferWorld
    ) {
        access = TransferAccess(sessionConfiguration, taskConfiguration, world)
    }

    /// What the package's own extensions work with.
    public nonisolated var transferSession: TransferSessionReference { TransferSessionReference(access: access) }
}

// MARK: - Beginning

extension Downloader {
    /// Begins a download, or attaches to the one that has this identifier; on stable storage when it returns.
    ///
    /// Another request or destination under an identifier that lives is an error that the handler gets. Blocks for one commit.
    ///
    /// - Parameters:
    ///   - request: what to load. It may not have a body, nor the field `Range`.
    ///   - identifier: 1 to 1024 bytes without NUL, the same in every launch.
    ///   - handler: may be called in this call already.
    public func beginDownload(
        of request: URLRequest, identifier: String, handler: @escaping Handler
    ) {
        begin(contentsOf: [DownloadOrder(of: request, identifier: identifier)], handler: handler)
    }

    /// The same, done in a certain way.
    public func beginDownload(
        of request: URLRequest, identifier: String, options: TransferOptions, handler: @escaping Handler
    ) {
        begin(contentsOf: [DownloadOrder(of: request, identifier: identifier, options: options)], handler: handler)
    }

    /// Goes on with a download that was stopped by `cancel(byProducingResumeData:)` or ``TransferControls/resumeData(of:)``.
    public func beginDownload(withResumeData data: Data, handler: @escaping Handler) {
        guard let resume = ResumeData(data), resume.session == access.defaults.identifier else {
            let failure = TransferFailure(
                .badIdentifier, doing: "Reading", subject: "resume data",
                cause: "they are not of a download of this session", remedy: "Begin the download anew.")
            return handler("", .failure(URLError(failure)))
        }
        access.attach(resume.identifier) { $1.tell($0, handler) }
    }

    /// Hears the end of a download that is on the books, without describing it once more: what a launch needs that finds it
    /// among its ``TransferControls/transfers()``.
    ///
    /// What of its request was withheld from the store stays missing; begin it again to bring that along.
    ///
    /// - Returns: false if there is none, and the handler is not called then.
    @discardableResult
    public func attach(to identifier: String, handler: @escaping Handler) -> Bool {
        access.attach(to: identifier, kind: .download) { $1.tell($0, handler) }
    }

    /// Begins many in one commit; those that are refused do not hold the others back.
    public func begin(contentsOf orders: [DownloadOrder], handler: @escaping Handler) {
        access.begin(orders.map { order in access.order(order) { $1.tell($0, handler) } })
    }

    /// Downloads a file and returns where it is, with the server's answer, whatever its status.
    ///
    /// The file is the caller's now: without a destination it lies in a folder of this package, in which files of more than a
    /// week ago are removed. The call may outlast the process: begin it again in the next launch. The end counts as handled
    /// when it returns; a task that is cancelled meanwhile does not cancel the download.
    ///
    /// - Throws: `URLError`, with a ``TransferFailure`` inside.
    public func download(_ request: URLRequest, with identifier: String) async throws -> (URL, URLResponse) {
        try await download(request, with: identifier, options: .default)
    }

    /// The same, done in a certain way.
    public func download(
        _ request: URLRequest, with identifier: String, options: TransferOptions
    ) async throws -> (URL, URLResponse) {
        let result = await withCheckedContinuation { continuation in
            let kept = KeptDownload()
            var begun = access.order(DownloadOrder(of: request, identifier: identifier, options: options)) {
                kept.put($1.handedOver())
            }
            begun.afterwards = { if let result = kept.result { continuation.resume(returning: result) } }
            access.begin([begun])
        }
        return try result.get()
    }

    /// Downloads a file and returns what the server made of it.
    public func networkResponse(from request: URLRequest, with identifier: String) async -> NetworkResponse<URL> {
        await networkResponse(from: request, with: identifier, options: .default)
    }

    /// The same, done in a certain way.
    public func networkResponse(
        from request: URLRequest, with identifier: String, options: TransferOptions
    ) async -> NetworkResponse<URL> {
        do {
            let (file, response) = try await download(request, with: identifier, options: options)
            let judged = NetworkResponse(response: response, value: file)
            // Nobody hears where the server's words on its refusal are.
            if case .success = judged { return judged }
            try? FileManager.default.removeItem(at: file)
            return judged
        } catch {
            return NetworkResponse(response: nil, error: error, value: nil)
        }
    }
}

extension TransferAccess {
    fileprivate func order(
        _ order: DownloadOrder, _ tell: @escaping @Sendable (String, TransferEnd) -> Void
    ) -> Order {
        let state = TransferTaskState(order.identifier, order.request)
        configuration.prepareTask(TransferDownloadTask(state), order.request, order.identifier)
        return Order(draft: draft(order, state), task: state, tell: tell)
    }

    private func draft(
        _ order: DownloadOrder, _ state: TransferTaskState
    ) -> Result<TransferIntentDraft, TransferFailure> {
        let (request, options) = (order.request, order.options)
        if request.httpBody != nil || request.httpBodyStream != nil {
            return .failure(
                TransferFailure(
                    .badField, doing: "Beginning", subject: order.identifier,
                    cause: "a download cannot send a body", remedy: "Leave it out."))
        }
        if let destination = options.destination, !destination.isFileURL {
            return .failure(
                TransferFailure(
                    .destinationUnwritable, doing: "Beginning", subject: order.identifier,
                    cause: "the destination is no file", remedy: "Give the URL of a file on this host."))
        }
        let work = TransferIntentDraft.Work.download(
            to: options.destination?.absoluteURL.path, replacesExisting: options.replacesExisting,
            digest: options.digest)
        return .success(
            defaults.draft(order.identifier, work, method: request.httpMethod ?? "GET", request, options, state))
    }
}
