// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings

/// What was asked for: one upload or download, written before any network is touched, and never changed.
package struct TransferIntent: Sendable, Equatable, Codable {
    package enum Work: Sendable, Equatable, Codable {
        case upload(SourceIdentity, method: UploadProtocol)
        case download(DownloadTarget)
    }

    /// The session's identifier and the caller's own, stable across launches; together they name the transfer.
    package var session: String
    package var identifier: String
    package var work: Work
    /// Files of a form behind the first; pieces count them from 1.
    package var furtherSources: [SourceIdentity] = []
    /// The request as the caller made it, without secrets unless asked to keep them (`TransferPolicy.keepsSecrets`).
    package var httpMethod: String
    package var url: String
    package var fields: HeaderFields
    package var policy: TransferPolicy
    /// The hook, by name, that completes the request before every attempt; an unknown name waits, and never sends bare.
    package var authorizer: String?
    /// `URLSessionTask.taskDescription` after the task was prepared.
    package var taskDescription: String?
    package var created: WallTime
    /// No attempt before; no attempt after.
    package var earliest: WallTime?
    package var deadline: WallTime

    package init(
        session: String, identifier: String, work: Work, httpMethod: String, url: String,
        fields: HeaderFields = HeaderFields(), policy: TransferPolicy = TransferPolicy(), authorizer: String? = nil,
        taskDescription: String? = nil, created: WallTime, earliest: WallTime? = nil, deadline: WallTime
    ) {
        self.session = session
        self.identifier = identifier
        self.work = work
        self.httpMethod = httpMethod
        self.url = url
        self.fields = fields
        self.policy = policy
        self.authorizer = authorizer
        self.taskDescription = taskDescription
        self.created = created
        self.earliest = earliest
        self.deadline = deadline
    }
}

/// A file as it was when the transfer was asked for: another inode, size or time of change is another file.
package struct SourceIdentity: Sendable, Equatable, Codable {
    package var path: String
    package var device: UInt64
    package var inode: UInt64
    package var size: Int64
    package var modifiedNanoseconds: Int64
    /// The file at `path` is a copy of ours (`SourcePolicy.snapshot`), removed with the transfer.
    package var isSnapshot: Bool

    package init(
        path: String, device: UInt64, inode: UInt64, size: Int64, modifiedNanoseconds: Int64, isSnapshot: Bool = false
    ) {
        self.path = path
        self.device = device
        self.inode = inode
        self.size = size
        self.modifiedNanoseconds = modifiedNanoseconds
        self.isSnapshot = isSnapshot
    }
}

extension SourceIdentity {
    /// Its size, within what offsets can count.
    var sendable: Int64 { min(max(size, 0), 1 << 60) }

    /// All of it, as a body.
    var pieces: [Exchange.Piece] { sendable > 0 ? [.file(range: 0..<sendable)] : [] }
}

/// Where a download goes.
package struct DownloadTarget: Sendable, Equatable, Codable {
    /// The file's final name; nil: a file of ours, which is removed after it was handed over.
    package var destination: String?
    /// The partial file: beside the destination, or in our own folder.
    package var partial: String
    package var replacesExisting: Bool
    /// The digest that the whole file has to have.
    package var digest: ContentDigest?

    package init(
        destination: String? = nil, partial: String, replacesExisting: Bool = false, digest: ContentDigest? = nil
    ) {
        self.destination = destination
        self.partial = partial
        self.replacesExisting = replacesExisting
        self.digest = digest
    }
}
