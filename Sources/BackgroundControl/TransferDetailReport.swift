// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundSurroundings
import TransfersCore

/// One transfer with everything that is known of it and is no secret: of URLs neither query nor credentials, of header
/// fields the names.
package struct TransferDetailReport: Hashable, Sendable, Encodable {
    /// Where a later process goes on.
    package struct Checkpoint: Hashable, Sendable, Encodable {
        /// Bytes that are acknowledged by the server, or on stable storage here.
        package var acknowledged: Int64
        package var total: Int64?
        /// A cut does not begin it anew; nil while nobody knows.
        package var isResumable: Bool?
        /// Scheme and host of the upload that the server made: its path alone may be a key to it.
        package var upload: String?
        /// Until when the server keeps it.
        package var expires: Instant?
        /// How many parts of an upload in parts are there.
        package var parts: Int?
        /// What tells this version of a download from another.
        package var validator: String?
    }

    package var transfer: TransferReport
    package var method: String
    /// Without query, fragment and credentials.
    package var url: String
    /// Header fields of the request by name.
    package var fields: [String]
    /// Secrets that were not written down, by name: without these it is not sent.
    package var withheld: [String]
    /// "plain", "form", "tus", "resumable", "s3Multipart", "automatic"; nil for a download.
    package var transferProtocol: String?
    package var policy: [String]
    /// The hook of the app that completes the request.
    package var authorizer: String?
    /// Files that are uploaded.
    package var sources: [String]
    package var destination: String?
    package var earliest: Instant?
    package var deadline: Instant
    /// The status of the last answer that is known.
    package var status: Int?
    package var failure: String?
    package var ended: Instant?
    /// Where a downloaded file lies.
    package var file: String?
    package var checkpoint: Checkpoint

    private enum CodingKeys: String, CodingKey {
        case transfer, method, url, fields, withheld, policy, authorizer, sources, destination, earliest, deadline
        case status, failure, ended, file, checkpoint
        case transferProtocol = "protocol"
    }

    package init(
        _ transfer: TransferReport, intent: TransferIntent, withheld: [String], checkpoint: TransferCheckpoint,
        result: TransferResult?
    ) {
        self.transfer = transfer
        method = intent.httpMethod
        url = TransferDetailReport.bare(intent.url)
        fields = intent.fields.all.map(\.name)
        self.withheld = withheld
        switch intent.work {
        case .upload(let source, let method):
            transferProtocol = TransferDetailReport.name(method)
            sources = ([source] + intent.furtherSources).map {
                $0.path + ($0.isSnapshot ? " (a copy of the app's)" : "")
            }
        case .download(let target):
            sources = []
            destination = target.destination
        }
        policy = TransferDetailReport.words(intent.policy)
        authorizer = intent.authorizer
        earliest = intent.earliest.map(Instant.init)
        deadline = Instant(intent.deadline)
        let position = TransferPosition(checkpoint.position)
        status = result?.head?.status ?? position[head: "head"]?.status
        if case .failed(let cause) = result?.outcome { failure = cause.description }
        ended = (result?.ended).map(Instant.init)
        file = result?.file
        self.checkpoint = Checkpoint(
            acknowledged: max(0, checkpoint.acknowledged), total: checkpoint.total,
            isResumable: checkpoint.isResumable,
            upload: position["upload"].map { (try? HTTPAddress($0))?.origin ?? "known to the server by a name" },
            expires: position[number: "expires"].map { Instant(WallTime(microseconds: $0)) },
            parts: position["parts"].map { $0.split(separator: "\n").count },
            validator: position["etag"] ?? position["modified"])
    }

    /// Without anything that may be a secret; a URL that cannot be read is not shown at all.
    static func bare(_ url: String) -> String {
        let kept = RequestSecrets(url: url, fields: HeaderFields()).url
        return (try? HTTPAddress(kept))?.location ?? "(cannot be read)"
    }

    static func name(_ method: UploadProtocol) -> String {
        switch method {
        case .plain: "plain"
        case .form: "form"
        case .tus: "tus"
        case .resumable: "resumable"
        case .s3Multipart: "s3Multipart"
        case .automatic: "automatic"
        }
    }

    /// What differs from the policy of a transfer about which nothing was said, and how often it is tried.
    static func words(_ policy: TransferPolicy) -> [String] {
        var words = ["up to \(max(1, policy.retry.maximumAttempts)) attempts without progress"]
        if policy.isDiscretionary { words.append("discretionary: unmetered network and external power") }
        if !policy.allowsExpensiveNetwork { words.append("no metered network") }
        if !policy.allowsConstrainedNetwork { words.append("no constrained network") }
        if !policy.allowsCellular { words.append("no cellular network") }
        if !policy.waitsForConnectivity { words.append("fails without a network") }
        if let limit = policy.rateLimit { words.append("at most \(ByteText.text(max(0, limit)))/s") }
        if policy.priority != 0.5 { words.append("priority \(policy.priority)") }
        if policy.keepsSecrets { words.append("keeps the request's secrets in the store") }
        return words
    }
}

extension TransferResult {
    /// The outcome in one word.
    package var word: String {
        switch outcome {
        case .succeeded: "succeeded"
        case .rejected: "rejected"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }
}
