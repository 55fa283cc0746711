// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// What a hook is asked to complete: one request, just before it is sent.
public struct AuthorizationRequest: Sendable, Hashable {
    /// What the request is for.
    public enum Purpose: Sendable, Hashable {
        /// A request of plain HTTP, tus or a resumable upload.
        case request
        /// S3 multipart: the presigned URL that creates an upload (POST, `uploads`).
        case s3Create
        /// S3 multipart: the presigned URL of a part, counted from 1 (PUT, `partNumber` and `uploadId`).
        case s3Part(number: Int, upload: String)
        /// S3 multipart: the presigned URL that lists the parts behind a number (GET, `part-number-marker`).
        case s3List(upload: String, after: Int)
        /// S3 multipart: the presigned URL that puts the parts together (POST, `uploadId`).
        case s3Complete(upload: String)
        /// S3 multipart: the presigned URL that removes the parts (DELETE, `uploadId`).
        case s3Abort(upload: String)
    }

    /// Stands in the answer.
    package var ticket: Int
    /// What the request is for.
    public package(set) var purpose: Purpose
    /// Its method.
    public package(set) var method: String
    /// Its URL, without what was withheld of it as a secret.
    public package(set) var url: String
    /// The last answer said that what the hook gave was not good: 401, or 403 to a presigned URL. A token that is kept
    /// somewhere has to be renewed.
    public package(set) var isRefresh: Bool

    package init(ticket: Int, purpose: Purpose, method: String, url: String, isRefresh: Bool) {
        self.ticket = ticket
        self.purpose = purpose
        self.method = method
        self.url = url
        self.isRefresh = isRefresh
    }
}

extension AuthorizationRequest: CustomStringConvertible {
    /// Purpose, method and URL without its query, which may hold a signature.
    public var description: String {
        let kind =
            switch purpose {
            case .request: "request"
            case .s3Create: "s3Create"
            case .s3Part(let number, _): "s3Part \(number)"
            case .s3List(_, let after): "s3List after \(after)"
            case .s3Complete: "s3Complete"
            case .s3Abort: "s3Abort"
            }
        let address = (try? HTTPAddress(url))?.location ?? "(no URL)"
        return "\(kind): \(method) \(address)\(isRefresh ? ", once more" : "")"
    }
}
