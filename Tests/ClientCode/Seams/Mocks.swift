// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks

// What apps put in the place of the real thing.

final class RecordingScheduler: PlainSchedulerSeam {
    enum Action: Equatable {
        case register(identifier: String, isOnOwnQueue: Bool)
        case submit(BGTaskRequest)
        case cancel(String)
    }

    private(set) var actions: [Action] = []
    private var handlers: [String: (BGTask) -> Void] = [:]
    var submitError: BGTaskScheduler.Error.Code?

    func register(
        forTaskWithIdentifier identifier: String, using queue: DispatchQueue?,
        launchHandler: @escaping (BGTask) -> Void
    ) -> Bool {
        actions.append(.register(identifier: identifier, isOnOwnQueue: queue != nil))
        handlers[identifier] = launchHandler
        return true
    }

    func submit(_ taskRequest: BGTaskRequest) throws {
        if let submitError { throw BGTaskScheduler.Error(submitError, userInfo: ["attempt": 1]) }
        actions.append(.submit(taskRequest))
    }

    func cancel(taskRequestWithIdentifier identifier: String) { actions.append(.cancel(identifier)) }

    func cancelAllTaskRequests() { actions.removeAll() }

    func getPendingTaskRequests(completionHandler: @escaping ([BGTaskRequest]) -> Void) { completionHandler([]) }

    func pendingTaskRequests() async -> [BGTaskRequest] { [] }
}

/// A request that knows how to make itself.
class SyncRequest: BGProcessingTaskRequest {
    nonisolated static let id = "org.example.offline-sync"

    nonisolated init?(nextSync: Date?) {
        guard let nextSync else { return nil }
        super.init(identifier: Self.id)
        earliestBeginDate = nextSync
        requiresNetworkConnectivity = true
    }
}

/// A request that counts.
final class CountingRequest: BGAppRefreshTaskRequest {
    nonisolated(unsafe) var readings = 0

    nonisolated override var earliestBeginDate: Date? {
        get {
            readings += 1
            return super.earliestBeginDate
        }
        set { super.earliestBeginDate = newValue }
    }

    nonisolated override var identifier: String { "counting." + super.identifier }
}

extension BGTaskRequest {
    /// The app's own names for its requests, as in `submit(.refresh)`.
    nonisolated static var refresh: BGTaskRequest {
        let request: BGAppRefreshTaskRequest = BGAppRefreshTaskRequest(identifier: "org.example.refresh")
        request.earliestBeginDate = Date(timeIntervalSinceNow: 60.0)
        return request
    }

    struct Identifier: RawRepresentable, Hashable {
        let rawValue: String
    }
}

extension BGAppRefreshTaskRequest {
    nonisolated convenience init(_ identifier: Identifier) {
        self.init(identifier: identifier.rawValue)
    }
}

extension BGTaskScheduler {
    nonisolated func submitOrLog(_ request: BGTaskRequest) {
        do { try submit(request) } catch { print("Not scheduled: \(error.localizedDescription)") }
    }
}

func mockedFlow() throws {
    let scheduler = RecordingScheduler()
    scheduler.submitError = .tooManyPendingTaskRequests
    try BGTaskScheduler.shared.submit(.refresh)
    BGTaskScheduler.shared.submitOrLog(BGAppRefreshTaskRequest(BGTaskRequest.Identifier(rawValue: "org.example.named")))
    if let request = SyncRequest(nextSync: .distantFuture) { try scheduler.submit(request) }
    print(CountingRequest(identifier: "a").readings, scheduler.actions)
}
