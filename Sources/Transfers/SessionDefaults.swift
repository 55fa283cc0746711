// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

internal import BackgroundSurroundings
import Foundation
import SchedulingRuntime
internal import TransfersCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What a session's configuration says of its transfers, read once. Values that make no sense are those of a new configuration.
struct SessionDefaults: Sendable {
    /// Of configurations without an identifier.
    static let unnamed = "default"

    let identifier: String
    var settings = SessionSettings()
    var policy = TransferPolicy()
    var fields = HeaderFields()
    /// Seconds.
    var lifetime: Double = 7 * 86_400

    init(_ configuration: URLSessionConfiguration) {
        identifier = configuration.identifier ?? Self.unnamed
        settings.sendsLaunchEvents = configuration.sessionSendsLaunchEvents
        if configuration.httpMaximumConnectionsPerHost > 0 {
            settings.hostLimit = min(configuration.httpMaximumConnectionsPerHost, 64)
        }
        policy.stallTimeout = Self.seconds(configuration.timeoutIntervalForRequest) ?? 60
        lifetime = Self.seconds(configuration.timeoutIntervalForResource) ?? lifetime
        policy.isDiscretionary = configuration.isDiscretionary
        policy.allowsCellular = configuration.allowsCellularAccess
        policy.allowsExpensiveNetwork = configuration.allowsExpensiveNetworkAccess
        policy.allowsConstrainedNetwork = configuration.allowsConstrainedNetworkAccess
        policy.waitsForConnectivity = configuration.waitsForConnectivity
        for (name, value) in configuration.httpAdditionalHeaders ?? [:] {
            fields.append("\(name.base)", "\(value)")
        }
    }

    /// Positive and at most a hundred years; else nil.
    static func seconds(_ interval: TimeInterval?) -> Double? {
        guard let interval, interval > 0 else { return nil }
        return min(interval, 100 * 365 * 86_400)
    }
}

extension SessionDefaults {
    /// Puts together what configuration, request, options and prepared task say: the nearest word counts.
    func draft(
        _ identifier: String, _ work: TransferIntentDraft.Work, method: String, _ request: URLRequest,
        _ options: TransferOptions, _ task: TransferTaskState
    ) -> TransferIntentDraft {
        var policy = policy
        policy.retry = options.retry
        policy.redirects = options.redirects
        policy.trust = options.trust
        policy.stallTimeout =
            Self.seconds(options.stallTimeout)
            ?? (request.timeoutInterval == 60 ? nil : Self.seconds(request.timeoutInterval)) ?? policy.stallTimeout
        policy.rateLimit = options.bytesPerSecond.flatMap { $0 > 0 ? $0 : nil }
        let priority = options.priority ?? task.priority
        policy.priority = priority.isFinite ? min(max(priority, 0), 1) : 0.5
        policy.allowsExpensiveNetwork = options.allowsExpensiveNetworkAccess ?? policy.allowsExpensiveNetwork
        policy.allowsConstrainedNetwork = options.allowsConstrainedNetworkAccess ?? policy.allowsConstrainedNetwork
        policy.isDiscretionary = options.isDiscretionary ?? policy.isDiscretionary
        policy.allowsCellular = policy.allowsCellular && request.allowsCellularAccess
        policy.allowsUnknownLength = options.allowsUnknownLength
        policy.trustsDatesAndLength = options.trustsDatesAndLength
        policy.resumableInterop = options.resumableInterop
        policy.resumableCreation = options.resumableCreation
        policy.partSize = options.partSize.flatMap { $0 > 0 ? $0 : nil }
        policy.sentDigest = options.sentDigest
        policy.keepsSecrets = options.keepsSecrets
        var fields = fields
        for (name, value) in (request.allHTTPHeaderFields ?? [:]).sorted(by: { $0.key < $1.key }) {
            fields[name] = value
        }
        return TransferIntentDraft(
            identifier, work, httpMethod: method, url: request.url?.absoluteString ?? "", fields: fields,
            policy: policy,
            authorizer: options.authorizer, taskDescription: task.taskDescription,
            earliest: (options.earliestBeginDate ?? task.earliestBeginDate).flatMap { WallTime($0) },
            lifetime: .seconds(Self.seconds(options.lifetime) ?? lifetime))
    }
}
