// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
internal import TransfersCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// Uploads files so that it does not matter when the program ends.
///
/// An upload is on stable storage when `begin…` returns, and goes on in later launches, from where the server says it
/// stopped if its protocol can (``UploadMethod``). Begin it again in each launch, under the same identifier and with the same
/// request: then it is not begun but attached to, and the handler hears its end.
public actor Uploader: TransferControls {
    /// The caller's own name for an upload, stable across launches.
    public typealias Identifier = String
    /// Hears the end of an upload, exactly once for each `begin…`: the server's answer, whatever its status, or an error.
    ///
    /// The end is kept until the handler has returned. If the program dies in it, the next launch hears it again.
    public typealias Handler = @Sendable (Identifier, Result<URLResponse, any Error>) -> Void

    let access: TransferAccess

    /// An uploader for the session of this configuration. Several for one session in one program share it.
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

    /// An uploader that reads identifiers in a way of its own.
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

extension Uploader {
    /// Begins an upload, or attaches to the one that has this identifier; on stable storage when it returns.
    ///
    /// Another request or file under an identifier that lives is an error that the handler gets. Blocks for one commit.
    ///
    /// - Parameters:
    ///   - url: the file. Unless it is copied (``TransferOptions/source``) it has to stay as it is until the end.
    ///   - request: where it goes. A method that was never set (GET) is PUT, or POST where the protocol creates an upload.
    ///   - identifier: 1 to 1024 bytes without NUL, the same in every launch.
    ///   - handler: may be called in this call already.
    public func beginUpload(
        of url: URL, with request: URLRequest, identifier: String, handler: @escaping Handler
    ) {
        begin(contentsOf: [UploadOrder(of: url, with: request, identifier: identifier)], handler: handler)
    }

    /// The same, done in a certain way.
    public func beginUpload(
        of url: URL, with request: URLRequest, identifier: String, options: TransferOptions,
        handler: @escaping Handler
    ) {
        begin(
            contentsOf: [UploadOrder(of: url, with: request, identifier: identifier, options: options)],
            handler: handler)
    }

    /// Begins the upload of a form.
    public func beginUpload(
        of form: UploadForm, with request: URLRequest, identifier: String, options: TransferOptions = .default,
        handler: @escaping Handler
    ) {
        begin(
            contentsOf: [UploadOrder(of: form, with: request, identifier: identifier, options: options)],
            handler: handler)
    }

    /// Hears the end of an upload that is on the books, without describing it once more: what a launch needs that finds it
    /// among its ``TransferControls/transfers()``.
    ///
    /// What of its request was withheld from the store stays missing; begin it again to bring that along.
    ///
    /// - Returns: false if there is none, and the handler is not called then.
    @discardableResult
    public func attach(to identifier: String, handler: @escaping Handler) -> Bool {
        access.attach(to: identifier, kind: .upload) { handler($0, $1.answer) }
    }

    /// Begins many in one commit; those that are refused do not hold the others back.
    public func begin(contentsOf orders: [UploadOrder], handler: @escaping Handler) {
        access.begin(orders.map { order in access.order(order) { handler($0, $1.answer) } })
    }

    /// Uploads a file and returns the server's answer, whatever its status.
    ///
    /// The call may outlast the process: begin it again in the next launch. The end counts as handled when it returns; a
    /// task that is cancelled meanwhile does not cancel the upload.
    ///
    /// - Throws: `URLError`, with a ``TransferFailure`` inside.
    public func uploadFile(
        at url: URL, with request: URLRequest, identifier: String
    ) async throws -> URLResponse {
        try await response(to: UploadOrder(of: url, with: request, identifier: identifier))
    }

    /// The same, done in a certain way.
    public func uploadFile(
        at url: URL, with request: URLRequest, identifier: String, options: TransferOptions
    ) async throws -> URLResponse {
        try await response(to: UploadOrder(of: url, with: request, identifier: identifier, options: options))
    }

    /// Uploads a file and returns what the server made of it.
    public func networkResponse(
        from request: URLRequest, uploading url: URL, with identifier: String
    ) async -> NetworkResponse<Void> {
        await networkResponse(from: request, uploading: url, with: identifier, options: .default)
    }

    /// The same, done in a certain way.
    public func networkResponse(
        from request: URLRequest, uploading url: URL, with identifier: String, options: TransferOptions
    ) async -> NetworkResponse<Void> {
        do {
            return NetworkResponse(
                response: try await uploadFile(at: url, with: request, identifier: identifier, options: options))
        } catch {
            return NetworkResponse(response: nil, error: error)
        }
    }

    private func response(to order: UploadOrder) async throws -> URLResponse {
        let end = await withCheckedContinuation { continuation in
            let kept = KeptEnd()
            var begun = access.order(order) { kept.put($0, $1) }
            begun.afterwards = { if let end = kept.end { continuation.resume(returning: end.1) } }
            access.begin([begun])
        }
        return try end.answer.get()
    }
}

// MARK: - Orders and answers

extension TransferAccess {
    fileprivate func order(
        _ order: UploadOrder, _ tell: @escaping @Sendable (String, TransferEnd) -> Void
    ) -> Order {
        let state = TransferTaskState(order.identifier, order.request)
        configuration.prepareTask(TransferUploadTask(state), order.request, order.identifier)
        return Order(draft: draft(order, state), task: state, tell: tell)
    }

    private func draft(
        _ order: UploadOrder, _ state: TransferTaskState
    ) -> Result<TransferIntentDraft, TransferFailure> {
        let (files, method): ([URL], UploadProtocol)
        switch order.body {
        case .file(let url): (files, method) = ([url], order.options.method.uploadProtocol)
        case .form(let form):
            var random = SystemRandomNumberGenerator()
            (files, method) = (form.files, .form(form.multipart(random: &random)))
        }
        var paths: [String] = []
        for file in files {
            guard file.isFileURL else { return .failure(.noFile(order.identifier)) }
            paths.append(file.absoluteURL.path)
        }
        if paths.isEmpty { return .failure(.noFile(order.identifier)) }
        let asked = order.request.httpMethod ?? "GET"
        let isForm = if case .form = order.body { true } else { false }
        let verb = asked == "GET" ? (isForm ? "POST" : order.options.method.httpMethod) : asked
        let source: TransferIntentDraft.SourcePolicy = order.options.source == .snapshot ? .snapshot : .reference
        return .success(
            defaults.draft(
                order.identifier, .upload(paths, method: method, source: source), method: verb, order.request,
                order.options, state))
    }
}

extension TransferEnd {
    /// As a URL session tells it.
    var answer: Result<URLResponse, any Error> {
        switch self {
        case .refused(let failure, let url): return .failure(URLError(failure, url: url))
        case .ended(let stored, let result):
            if let error = result.error(of: stored.intent) { return .failure(error) }
            guard let response = result.response(to: stored.intent) else {
                return .failure(NetworkResponseError.noResponseOrError)
            }
            return .success(response)
        }
    }
}

extension TransferFailure {
    fileprivate static func noFile(_ identifier: String) -> TransferFailure {
        TransferFailure(
            .sourceMissing, doing: "Beginning", subject: identifier, cause: "there is no file to send",
            remedy: "Give the URL of a file on this host.")
    }
}
