// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

package import BackgroundSurroundings
package import TransfersCore

/// What a caller wants, before its files were looked at: `TransferSession.begin` makes the intent of it.
package struct TransferIntentDraft: Sendable {
    package enum Work: Sendable {
        /// Absolute paths: the file, and behind it the others of a form.
        case upload([String], method: UploadProtocol = .plain, source: SourcePolicy = .reference)
        /// Without a destination: a file of ours, there until the end was acknowledged.
        case download(to: String? = nil, replacesExisting: Bool = false, digest: ContentDigest? = nil)
    }

    /// How the source of an upload is kept until its end.
    package enum SourcePolicy: Sendable, Equatable {
        /// The file itself: it has to stay as it is.
        case reference
        /// A copy of ours: the caller may change or delete the file at once.
        case snapshot
    }

    package var identifier: String
    package var work: Work
    package var httpMethod: String
    package var url: String
    package var fields: HeaderFields
    package var policy: TransferPolicy
    /// The hook that completes the request before every attempt (`setAuthorizer`).
    package var authorizer: String?
    package var taskDescription: String?
    /// No attempt before.
    package var earliest: WallTime?
    /// No attempt later than this after its beginning.
    package var lifetime: Duration

    package init(
        _ identifier: String, _ work: Work, httpMethod: String, url: String, fields: HeaderFields = HeaderFields(),
        policy: TransferPolicy = TransferPolicy(), authorizer: String? = nil, taskDescription: String? = nil,
        earliest: WallTime? = nil, lifetime: Duration = .seconds(7 * 86_400)
    ) {
        self.identifier = identifier
        self.work = work
        self.httpMethod = httpMethod
        self.url = url
        self.fields = fields
        self.policy = policy
        self.authorizer = authorizer
        self.taskDescription = taskDescription
        self.earliest = earliest
        self.lifetime = lifetime
    }
}
