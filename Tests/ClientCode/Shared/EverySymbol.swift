// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks

// Every declaration of Apple's module once, with its type written out.

func everyMemberOfTheScheduler() async throws {
    let scheduler: BGTaskScheduler = BGTaskScheduler.shared
    let object: NSObject = scheduler
    let domain: String = BGTaskScheduler.errorDomain
    let queue: dispatch_queue_t? = DispatchQueue(label: "org.example")
    let isRegistered: Bool = scheduler.register(forTaskWithIdentifier: "a", using: queue) { (_: BGTask) -> Void in }
    let request: BGTaskRequest = BGAppRefreshTaskRequest(identifier: "a")
    try scheduler.submit(request)
    scheduler.submitTaskRequest(request) { (_: (any Error)?) -> Void in }
    scheduler.cancel(taskRequestWithIdentifier: "a")
    scheduler.cancelAllTaskRequests()
    scheduler.getPendingTaskRequests { (_: [BGTaskRequest]) -> Void in }
    let pending: [BGTaskRequest] = await scheduler.pendingTaskRequests()
    print(object, domain, isRegistered, pending)
    try await scheduler.submitTaskRequest(BGProcessingTaskRequest(identifier: "b"))
}

func everyMemberOfTheErrors() -> [any Error] {
    let codes: [BGTaskScheduler.Error.Code] = [
        BGTaskScheduler.Error.unavailable, BGTaskScheduler.Error.tooManyPendingTaskRequests,
        BGTaskScheduler.Error.notPermitted, BGTaskScheduler.Error.immediateRunIneligible,
        .unavailable, .tooManyPendingTaskRequests, .notPermitted, .immediateRunIneligible,
    ]
    let numbers: [Int] = codes.map(\.rawValue)
    let error: BGTaskScheduler.Error = BGTaskScheduler.Error(.notPermitted, userInfo: ["key": numbers])
    let info: [String: Any] = error.userInfo
    let domain: String = BGTaskScheduler.Error.errorDomain
    let code: BGTaskScheduler.Error.Code = error.code
    let custom: any CustomNSError & Sendable = error
    print(info, domain, code, custom, AnyHashable(error), AnyHashable(code))
    return [error, BGTaskScheduler.Error(.unavailable)]
}

func everyMemberOfTheRequests() -> [BGTaskRequest] {
    let refresh: BGAppRefreshTaskRequest = BGAppRefreshTaskRequest(identifier: "a")
    refresh.earliestBeginDate = nil
    let date: Date? = refresh.earliestBeginDate
    let identifier: String = refresh.identifier
    let processing: BGProcessingTaskRequest = BGProcessingTaskRequest(identifier: "b")
    processing.requiresNetworkConnectivity = !processing.requiresNetworkConnectivity
    processing.requiresExternalPower = !processing.requiresExternalPower
    let health: BGHealthResearchTaskRequest = BGHealthResearchTaskRequest(identifier: "c")
    let protection: NSString = health.protectionTypeOfRequiredData
    health.protectionTypeOfRequiredData = FileProtectionType.complete.rawValue as NSString
    let base: BGProcessingTaskRequest = health
    let copying: any NSCopying = base
    print(date as Any, identifier, protection, copying.copy(with: nil), refresh.description, refresh.debugDescription)
    return [refresh, processing, health]
}

func everyMemberOfTheTasks(_ task: BGTask) {
    let identifier: String = task.identifier
    let handler: (() -> Void)? = task.expirationHandler
    task.expirationHandler = nil
    task.expirationHandler = handler
    task.setTaskCompleted(success: true)
    let object: any NSObjectProtocol = task
    let refresh: BGAppRefreshTask? = task as? BGAppRefreshTask
    let processing: BGProcessingTask? = task as? BGProcessingTask
    let health: BGHealthResearchTask? = processing as? BGHealthResearchTask
    print(identifier, object, refresh as Any, health as Any, [task: 1], task.description, task.debugDescription)
}
