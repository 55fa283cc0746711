// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
public import TransfersCore

/// How one transfer is done, where that is not what its session does: `.tus`, `.to(url)`, or a value with several things set.
///
/// What is nil is the session configuration's. What concerns uploads alone or downloads alone is not looked at in the other.
public struct TransferOptions: Sendable, Hashable {
    // MARK: Uploads

    /// How the bytes reach the server.
    public var method = UploadMethod.plain
    /// Whether the file itself is sent, or a copy that is made at the beginning.
    public var source = SourcePolicy.reference
    /// Which draft of resumable uploads the server speaks.
    public var resumableInterop = ResumableInterop.eight
    /// How a resumable upload begins.
    public var resumableCreation = ResumableCreation.automatic
    /// The digest that is sent along, so that the server finds out what was damaged on its way; nil: none. It costs reading
    /// the file once more.
    ///
    /// A plain upload has it in `Content-Digest` and `Repr-Digest` (RFC 9530), a resumable one in `Repr-Digest` when it is
    /// created and in `Content-Digest` of each piece, one by tus in `Upload-Checksum` of each piece if the server says that
    /// it checks this kind. Pieces have at most 8 MiB then, because servers drop one that broke off. A piece that the server
    /// calls damaged is sent again. Forms and S3 uploads have none.
    public var sentDigest: ContentDigest.Algorithm?
    /// Bytes of a part of an S3 upload; nil: as few parts as are reasonable.
    public var partSize: Int64?

    // MARK: Downloads

    /// Where the file goes, at once when it is whole: until then it lies beside it under another name. Nil: a file of this
    /// package's own, which is removed after the handler has returned.
    public var destination: URL?
    /// Whether a file that has the destination's name is replaced. Otherwise it is an error, before anything is loaded if it
    /// is there then. Directories and links are never replaced.
    public var replacesExisting = false
    /// What the whole file has to have; else it is loaded once more, and then the download fails, and nothing is put at the
    /// destination. Without it the server is asked for one (`Want-Repr-Digest`), and what it announces in `Repr-Digest` is
    /// verified in the same way: SHA-256 and SHA-512. A server that announces none is believed.
    public var digest: ContentDigest?
    /// Whether a download may end where the connection does, if the server tells neither length nor end.
    public var allowsUnknownLength = false
    /// Whether two copies are the same if their dates of change and lengths are: for mirrors that name each copy differently.
    public var trustsDatesAndLength = false

    // MARK: Both

    /// When a failed attempt is made again.
    public var retry = TransferRetryPolicy()
    /// Which redirects are followed.
    public var redirects = RedirectPolicy()
    /// Whom to believe in TLS, and who we are.
    public var trust = TransferTrust()
    /// The hook that completes the request before every attempt (``TransferControls/authorize(_:using:)``). It is kept by name:
    /// after a relaunch the transfer waits until the program has registered it, and is never sent without.
    public var authorizer: String?
    /// Keeps what may be secret in the request (unknown fields, `Authorization`, cookies, items of the query) in the store, for
    /// attempts in another process. Otherwise a transfer that was cut off from its process waits to be begun again.
    public var keepsSecrets = false
    /// No attempt before.
    public var earliestBeginDate: Date?
    /// Seconds from the beginning on, after which it fails; nil: `timeoutIntervalForResource`.
    public var lifetime: TimeInterval?
    /// Seconds without a byte in either direction after which an attempt is given up; nil: the request's `timeoutInterval` if
    /// that is not 60, else `timeoutIntervalForRequest`.
    public var stallTimeout: TimeInterval?
    /// Bytes a second at most; nil: as fast as it goes. 0 and less count as none.
    public var bytesPerSecond: Int64?
    /// 0 to 1; higher runs first. Nil: the task's `priority`.
    public var priority: Float?
    /// Whether it may use a network that costs money by the byte.
    public var allowsExpensiveNetworkAccess: Bool?
    /// Whether it may use a network that is to be spared.
    public var allowsConstrainedNetworkAccess: Bool?
    /// Whether it waits for an unmetered network and external power.
    public var isDiscretionary: Bool?

    /// What the session does.
    public init() {}

    /// Whether the file that is uploaded has to stay.
    public enum SourcePolicy: Sendable, Hashable {
        /// The file itself is sent: changed or removed before the end it is an error, never a mixture.
        case reference
        /// A copy is sent that is made before `begin…` returns, without copying bytes where the file system can: the file may
        /// be changed or removed at once.
        case snapshot
    }
}

extension TransferOptions {
    /// What the session does.
    public static let `default` = TransferOptions()
    /// An upload that a tus 1.0 server resumes.
    public static let tus = method(.tus)
    /// An upload that a server resumes by the IETF's draft.
    public static let resumable = method(.resumable)
    /// An upload that asks the server what it can.
    public static let automatic = method(.automatic)
    /// An upload whose file may go at once.
    public static let snapshot = TransferOptions { $0.source = .snapshot }

    /// An S3 multipart upload; the hook of this name gives the presigned URLs.
    public static func s3Multipart(authorizer: String) -> TransferOptions {
        TransferOptions {
            $0.method = .s3Multipart
            $0.authorizer = authorizer
        }
    }

    /// An upload by this method.
    public static func method(_ method: UploadMethod) -> TransferOptions { TransferOptions { $0.method = method } }

    /// A download to this file.
    public static func to(
        _ destination: URL, replacingExisting: Bool = false, digest: ContentDigest? = nil
    ) -> TransferOptions {
        TransferOptions {
            $0.destination = destination
            $0.replacesExisting = replacingExisting
            $0.digest = digest
        }
    }

    /// Sets several things at once.
    public init(_ change: (inout TransferOptions) -> Void) {
        self.init()
        change(&self)
    }
}
