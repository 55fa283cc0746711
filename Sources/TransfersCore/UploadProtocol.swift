// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

/// How an upload's bytes reach the server.
package enum UploadProtocol: Sendable, Equatable, Codable {
    /// The whole file as the body of one request; starts again from the beginning if it is cut.
    case plain
    /// A form that holds the file, and others, as the body of one request.
    case form(MultipartForm)
    /// tus 1.0: created at the request's URL, resumed at the URL that the server gave.
    case tus
    /// Resumable uploads for HTTP (the IETF's draft).
    case resumable
    /// Multipart upload into S3, each part to a presigned URL that the caller's hook gives.
    case s3Multipart
    /// Asks the server (`OPTIONS`, interim answers), and takes the best that it offers.
    case automatic
}
