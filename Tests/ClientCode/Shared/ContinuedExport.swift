// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks

// What apps do with continued processing: an export that the user starts, with progress and a title that changes.

@available(iOS 26.0, *)
protocol ContinuedTaskSeam: AnyObject {
    var progress: Progress { get }
    var title: String { get }
    var subtitle: String { get }
    var expirationHandler: (() -> Void)? { get set }
    func updateTitle(_ title: String, subtitle: String)
    func setTaskCompleted(success: Bool)
}

@available(iOS 26.0, *)
extension BGContinuedProcessingTask: ContinuedTaskSeam {}

@available(iOS 26.0, *)
func everyMemberOfContinuedProcessing(_ task: BGContinuedProcessingTask) -> BGContinuedProcessingTaskRequest {
    let request: BGContinuedProcessingTaskRequest = BGContinuedProcessingTaskRequest(
        identifier: "org.example.export.1", title: "Export", subtitle: "Preparing")
    request.title = request.title + "!"
    request.subtitle = request.subtitle.uppercased()
    let strategy: BGContinuedProcessingTaskRequest.SubmissionStrategy = request.strategy
    request.strategy = strategy == .queue ? .fail : .queue
    let resources: BGContinuedProcessingTaskRequest.Resources = BGTaskScheduler.supportedResources
    request.requiredResources = resources.contains(.gpu) ? .gpu : []
    request.requiredResources = BGContinuedProcessingTaskRequest.Resources(rawValue: 0)
    let numbers: [Int] = [strategy.rawValue, resources.rawValue]
    let isSendable: any Sendable = resources
    let base: BGTask = task
    let reporting: any ProgressReporting = task
    task.updateTitle(task.title, subtitle: task.subtitle)
    task.progress.totalUnitCount = 10
    task.progress.completedUnitCount += 1
    switch strategy {
    case .fail: print(numbers, isSendable)
    case .queue: print(base, reporting.progress.isCancelled)
    @unknown default: break
    }
    return request
}

@available(iOS 26.0, *)
func startExport(_ files: [String]) {
    let identifier = "org.example.export.\(UUID().uuidString)"
    BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { task in
        guard let task = task as? BGContinuedProcessingTask else { return }
        nonisolated(unsafe) var isExpired = false
        task.expirationHandler = { isExpired = true }
        task.progress.totalUnitCount = Int64(files.count)
        for (index, file) in files.enumerated() where !isExpired && !task.progress.isCancelled {
            task.updateTitle("Exporting", subtitle: file)
            task.progress.completedUnitCount = Int64(index + 1)
        }
        task.setTaskCompleted(success: !isExpired)
    }
    let request = BGContinuedProcessingTaskRequest(identifier: identifier, title: "Export", subtitle: "")
    request.strategy = .fail
    if BGTaskScheduler.supportedResources.contains(.gpu) { request.requiredResources = .gpu }
    do {
        try BGTaskScheduler.shared.submit(request)
    } catch BGTaskScheduler.Error.immediateRunIneligible {
        print("Busy")
    } catch {
        print(error)
    }
}
