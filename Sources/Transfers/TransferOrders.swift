// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// One upload of a batch (``Uploader/begin(contentsOf:handler:)``).
public struct UploadOrder: Sendable {
    enum Body: Sendable {
        case file(URL)
        case form(UploadForm)
    }

    let body: Body
    /// The request.
    public var request: URLRequest
    /// The caller's own name for it, the same in every launch.
    public var identifier: String
    /// How it is done.
    public var options: TransferOptions

    /// A file to upload.
    public init(of file: URL, with request: URLRequest, identifier: String, options: TransferOptions = .default) {
        (body, self.request, self.identifier, self.options) = (.file(file), request, identifier, options)
    }

    /// A form to upload.
    public init(of form: UploadForm, with request: URLRequest, identifier: String, options: TransferOptions = .default)
    {
        (body, self.request, self.identifier, self.options) = (.form(form), request, identifier, options)
    }
}

/// One download of a batch (``Downloader/begin(contentsOf:handler:)``).
public struct DownloadOrder: Sendable {
    /// The request.
    public var request: URLRequest
    /// The caller's own name for it, the same in every launch.
    public var identifier: String
    /// How it is done, and where the file goes.
    public var options: TransferOptions

    /// A download.
    public init(of request: URLRequest, identifier: String, options: TransferOptions = .default) {
        (self.request, self.identifier, self.options) = (request, identifier, options)
    }
}
