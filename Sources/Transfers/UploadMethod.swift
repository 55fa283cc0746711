// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import TransfersCore

/// How an upload's bytes reach the server.
public struct UploadMethod: Sendable, Hashable, CustomStringConvertible {
    enum Kind: String { case plain, tus, resumable, s3Multipart, automatic }
    let kind: Kind

    /// The whole file as the body of one request; begins anew if it is cut.
    public static let plain = UploadMethod(kind: .plain)
    /// tus 1.0: created at the request's URL, resumed at the URL that the server gives.
    public static let tus = UploadMethod(kind: .tus)
    /// Resumable uploads for HTTP, the IETF's draft.
    public static let resumable = UploadMethod(kind: .resumable)
    /// S3 multipart upload, each part to a presigned URL that the hook gives.
    public static let s3Multipart = UploadMethod(kind: .s3Multipart)
    /// Asks the server (`OPTIONS`, interim answers) and takes the best that it offers, ``plain`` at last.
    public static let automatic = UploadMethod(kind: .automatic)

    /// Its name.
    public var description: String { kind.rawValue }

    var uploadProtocol: UploadProtocol {
        switch kind {
        case .plain: .plain
        case .tus: .tus
        case .resumable: .resumable
        case .s3Multipart: .s3Multipart
        case .automatic: .automatic
        }
    }

    /// What stands in for GET, which no upload means.
    var httpMethod: String { kind == .plain ? "PUT" : "POST" }
}
