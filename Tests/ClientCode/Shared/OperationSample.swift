// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks

// An app of the OperationQueue time: the delegate registers, handlers cast, operations do the work.

nonisolated final class CleanUpOperation: Operation, @unchecked Sendable {
    let predicate: Date

    init(before predicate: Date) {
        self.predicate = predicate
        super.init()
    }

    override func main() {
        guard !isCancelled else { return }
        print(predicate)
    }
}

class OldStyleDelegate {
    let server = "https://example.org"
    private let refreshIdentifier = "org.example.feed.refresh"
    private let cleaningIdentifier = "org.example.feed.cleaning"

    func didFinishLaunching() -> Bool {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: refreshIdentifier, using: nil) { task in
            // The identifier says which class it is.
            self.handleRefresh(task: task as! BGAppRefreshTask)
        }
        BGTaskScheduler.shared.register(forTaskWithIdentifier: cleaningIdentifier, using: DispatchQueue.main) { task in
            guard let task = task as? BGProcessingTask else { return }
            self.handleCleaning(task: task)
        }
        let isRegistered = BGTaskScheduler.shared.register(
            forTaskWithIdentifier: "org.example.method", using: .global(qos: .background), launchHandler: handle)
        return isRegistered
    }

    func handle(_ task: BGTask) {
        switch task {
        case let refresh as BGAppRefreshTask: handleRefresh(task: refresh)
        case let processing as BGProcessingTask: handleCleaning(task: processing)
        default: task.setTaskCompleted(success: false)
        }
    }

    func didEnterBackground() {
        let request = BGAppRefreshTaskRequest(identifier: refreshIdentifier)
        request.earliestBeginDate = Date(timeIntervalSinceNow: 15 * 60)
        do {
            try BGTaskScheduler.shared.submit(request)
        } catch {
            print("Could not schedule app refresh: \(error)")
        }
        let cleaning = BGProcessingTaskRequest(identifier: cleaningIdentifier)
        cleaning.requiresNetworkConnectivity = false
        cleaning.requiresExternalPower = true
        try? BGTaskScheduler.shared.submit(cleaning)
    }

    func handleRefresh(task: BGAppRefreshTask) {
        didEnterBackground()
        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = 1
        let operations = [BlockOperation { print("fetch") }, BlockOperation { print("store") }]
        let last = operations.last!
        task.expirationHandler = {
            queue.cancelAllOperations()
        }
        nonisolated(unsafe) let finished = task
        last.completionBlock = {
            finished.setTaskCompleted(success: !last.isCancelled)
        }
        queue.addOperations(operations, waitUntilFinished: false)
    }

    func handleCleaning(task: BGProcessingTask) {
        let queue = OperationQueue()
        let operation = CleanUpOperation(before: Date(timeIntervalSinceNow: -24 * 60 * 60))
        task.expirationHandler = { [weak queue] in queue?.cancelAllOperations() }
        nonisolated(unsafe) let finished = task
        operation.completionBlock = { finished.setTaskCompleted(success: !operation.isCancelled) }
        queue.addOperation(operation)
    }
}
