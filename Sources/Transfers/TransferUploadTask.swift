// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The upload task that clients see (`BackgroundTaskConfiguration`): what they read and do is the transfer's, not a URL session's.
// The superclass is unchecked, and so has this to be; it has nothing but a state that is Sendable.
final class TransferUploadTask: URLSessionUploadTask, @unchecked Sendable {
    let transfer: TransferTaskState

    init(_ transfer: TransferTaskState) {
        self.transfer = transfer
        super.init()
    }

    override var taskIdentifier: Int { transfer[\.number] }
    override var originalRequest: URLRequest? { transfer.request }
    override var currentRequest: URLRequest? {
        get { transfer.request }
        set {}
    }
    override var response: URLResponse? {
        get { transfer.response }
        set {}
    }
    override var error: (any Error)? { transfer.error }
    override var state: URLSessionTask.State {
        get { transfer.state }
        set {}
    }
    override var taskDescription: String? {
        get { transfer.taskDescription }
        set { transfer[\.taskDescription] = newValue }
    }
    override var priority: Float {
        get { transfer.priority }
        set { transfer[\.priority] = newValue }
    }
    override var earliestBeginDate: Date? {
        get { transfer.earliestBeginDate }
        set { transfer[\.earliestBeginDate] = newValue }
    }
    override var countOfBytesClientExpectsToSend: Int64 {
        get { transfer[\.expectedToSend] }
        set { transfer[\.expectedToSend] = newValue }
    }
    override var countOfBytesClientExpectsToReceive: Int64 {
        get { transfer[\.expectedToReceive] }
        set { transfer[\.expectedToReceive] = newValue }
    }
    override var countOfBytesSent: Int64 {
        get { transfer.moved }
        set {}
    }
    override var countOfBytesExpectedToSend: Int64 {
        get { transfer.total }
        set {}
    }
    override var countOfBytesReceived: Int64 {
        get { 0 }
        set {}
    }
    override var countOfBytesExpectedToReceive: Int64 {
        get { NSURLSessionTransferSizeUnknown }
        set {}
    }
    override var progress: Progress { transfer.progress }

    override func cancel() { transfer.cancel() }
    override func suspend() { transfer.suspend() }
    override func resume() { transfer.resume() }
}
