// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
internal import TransfersCore
internal import TransfersStore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// What a task that clients see knows: what they set on it, and where the truth about its transfer is.
///
/// Everything else is asked of the session when it is read, so that a task that nobody looks at costs nothing.
final class TransferTaskState: Sendable {
    // State page: `fields` guards all that changes; the session is never called inside its lock.
    struct Fields {
        var taskDescription: String?
        var priority = URLSessionTask.defaultPriority
        var earliestBeginDate: Date?
        var expectedToSend = NSURLSessionTransferSizeUnknown
        var expectedToReceive = NSURLSessionTransferSizeUnknown
        var session: TransferSession?
        var number = 0
        var end: (stored: StoredTransfer, result: TransferResult)?
        var progress: Progress?
    }

    let identifier: String
    let request: URLRequest?
    private let fields: Mutex<Fields>

    /// A task of a transfer that was not begun yet.
    init(_ identifier: String, _ request: URLRequest) {
        self.identifier = identifier
        self.request = request
        fields = Mutex(Fields())
    }

    /// A task of a transfer that has ended, as this or another process began it.
    init(_ stored: StoredTransfer, _ result: TransferResult) {
        identifier = stored.intent.identifier
        request = URLRequest(stored.intent)
        var known = Fields()
        known.taskDescription = stored.intent.taskDescription
        known.priority = stored.intent.policy.priority
        known.number = Int(clamping: stored.id)
        known.end = (stored, result)
        fields = Mutex(known)
    }

    func bind(to session: TransferSession, number: Int64) {
        fields.withLock { ($0.session, $0.number) = (session, Int(clamping: number)) }
    }

    func end(_ stored: StoredTransfer, _ result: TransferResult) {
        fields.withLock { $0.end = (stored, result) }
    }

    subscript<Value: Sendable>(_ path: WritableKeyPath<Fields, Value> & Sendable) -> Value {
        get { fields.withLock { $0[keyPath: path] } }
        set { fields.withLock { $0[keyPath: path] = newValue } }
    }

    var taskDescription: String? { self[\.taskDescription] }
    var priority: Float { self[\.priority] }
    var earliestBeginDate: Date? { self[\.earliestBeginDate] }

    // MARK: The transfer

    private var session: TransferSession? { self[\.session] }
    private var ended: (stored: StoredTransfer, result: TransferResult)? { fields.withLock { $0.end } }
    private var stored: StoredTransfer? {
        if let ended { return ended.stored }
        return (try? session?.find(identifier)) ?? nil
    }

    var response: URLResponse? { ended.flatMap { $0.result.response(to: $0.stored.intent) } }
    var error: (any Error)? { ended.flatMap { $0.result.error(of: $0.stored.intent) } }

    var state: URLSessionTask.State {
        if ended != nil { return .completed }
        guard let session else { return .suspended }
        guard let now = try? session.find(identifier) else { return .completed }
        if now.order == .cancel { return .canceling }
        return switch now.checkpoint.state {
        case .ended: .completed
        case .paused: .suspended
        case .running, .waiting: now.order == .pause ? .suspended : .running
        }
    }

    var moved: Int64 { stored?.checkpoint.acknowledged ?? 0 }

    /// -1 while nobody knows, as of a URL session's task.
    var total: Int64 { stored?.checkpoint.total ?? stored?.intent.sourceSize ?? NSURLSessionTransferSizeUnknown }

    /// Follows the transfer from the first time on that somebody asks for it.
    var progress: Progress {
        let (progress, isNew) = fields.withLock { fields -> (Progress, Bool) in
            if let known = fields.progress { return (known, false) }
            let made = Progress(totalUnitCount: -1)
            fields.progress = made
            return (made, true)
        }
        if isNew {
            progress.totalUnitCount = total
            progress.completedUnitCount = moved
            session?.follow(identifier, with: progress)
        }
        return progress
    }

    func cancel() { session?.cancel(identifier) }
    func suspend() { session?.pause(identifier) }
    func resume() { session?.resume(identifier) }
}

extension URLRequest {
    /// As it is on the books: without what was withheld.
    init?(_ intent: TransferIntent) {
        guard let url = URL(string: intent.url) else { return nil }
        self.init(url: url)
        httpMethod = intent.httpMethod
        for field in intent.fields.all { addValue(field.value, forHTTPHeaderField: field.name) }
    }
}
