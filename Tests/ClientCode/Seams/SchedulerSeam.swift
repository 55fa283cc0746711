// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks

// How apps make the scheduler replaceable in their tests: protocols with Apple's own signatures, met by empty extensions.

/// The seam without Sendable completion handlers, as it was written before Swift 6.
protocol PlainSchedulerSeam {
    @discardableResult
    func register(
        forTaskWithIdentifier identifier: String, using queue: DispatchQueue?,
        launchHandler: @escaping (BGTask) -> Void
    ) -> Bool
    func submit(_ taskRequest: BGTaskRequest) throws
    func cancel(taskRequestWithIdentifier identifier: String)
    func cancelAllTaskRequests()
    func getPendingTaskRequests(completionHandler: @escaping ([BGTaskRequest]) -> Void)
    func pendingTaskRequests() async -> [BGTaskRequest]
}

extension BGTaskScheduler: PlainSchedulerSeam {}

/// The seam as the Swift 6 SDK spells it.
protocol SendableSchedulerSeam: AnyObject, Sendable {
    func register(
        forTaskWithIdentifier identifier: String, using queue: dispatch_queue_t?,
        launchHandler: @escaping (BGTask) -> Void
    ) -> Bool
    func getPendingTaskRequests(completionHandler: @escaping @Sendable ([BGTaskRequest]) -> Void)
    func submitTaskRequest(
        _ taskRequest: BGTaskRequest, completionHandler: @escaping @Sendable ((any Error)?) -> Void)
    func submitTaskRequest(_ taskRequest: BGTaskRequest) async throws
}

extension BGTaskScheduler: SendableSchedulerSeam {}

/// A seam with the singleton in it.
protocol SharedSeam {
    static var shared: BGTaskScheduler { get }
    func cancel(taskRequestWithIdentifier: String)
}

extension BGTaskScheduler: SharedSeam {}

/// Every conformer is on an actor.
@MainActor
protocol MainActorSeam {
    func submit(_ request: BGTaskRequest) throws
}

extension BGTaskScheduler: MainActorSeam {}

/// The parameter is the app's own protocol, so the conformance needs a body: it calls the one with Apple's type.
protocol WrappingSeam {
    @discardableResult
    func register(
        forTaskWithIdentifier identifier: String, using queue: DispatchQueue?,
        launchHandler: @escaping (any TaskSeam) -> Void
    ) -> Bool
}

extension BGTaskScheduler: WrappingSeam {
    @discardableResult
    func register(
        forTaskWithIdentifier identifier: String, using queue: DispatchQueue?,
        launchHandler: @escaping (any TaskSeam) -> Void
    ) -> Bool {
        register(forTaskWithIdentifier: identifier, using: queue) { (task: BGTask) in
            launchHandler(task)
        }
    }
}

/// The task, as tests replace it.
protocol TaskSeam: AnyObject {
    var identifier: String { get }
    var expirationHandler: (() -> Void)? { get set }
    func setTaskCompleted(success: Bool)
}

extension BGTask: TaskSeam {}

extension BGTaskScheduler {
    /// A handler of the app's own type is handed on as it is.
    @discardableResult
    func register(forTaskWithIdentifier identifier: String, launchHandler: @escaping (any TaskSeam) -> Void) -> Bool {
        register(forTaskWithIdentifier: identifier, using: nil, launchHandler: launchHandler)
    }

    /// A seam for one kind of task.
    func registerProcessing(_ identifier: String, _ body: @escaping @Sendable (BGProcessingTask) -> Void) {
        register(forTaskWithIdentifier: identifier, using: nil) { (task: BGTask) in
            body(task as! BGProcessingTask)
        }
    }
}

/// A value-like seam.
protocol NonmutatingTaskSeam {
    var expirationHandler: (() -> Void)? { get nonmutating set }
}

extension BGTask: NonmutatingTaskSeam {}

/// One seam for each kind.
protocol ProcessingTaskSeam: TaskSeam {}

extension BGProcessingTask: ProcessingTaskSeam {}

/// Requests too.
protocol RequestSeam {
    var identifier: String { get }
    var earliestBeginDate: Date? { get set }
}

extension BGTaskRequest: RequestSeam {}

/// And one of them with its conditions.
protocol ProcessingRequestSeam: RequestSeam {
    var requiresNetworkConnectivity: Bool { get set }
    var requiresExternalPower: Bool { get set }
}

extension BGProcessingTaskRequest: ProcessingRequestSeam {}

/// A name that we use in another module: it is the app's here.
protocol TaskScheduler {
    func submit(_ taskRequest: BGTaskRequest) throws
}

extension BGTaskScheduler: TaskScheduler {}

final class SeamedRefresher {
    private let scheduler: any PlainSchedulerSeam
    private let queue: dispatch_queue_t?

    init(scheduler: any PlainSchedulerSeam = BGTaskScheduler.shared, queue: dispatch_queue_t? = nil) {
        self.scheduler = scheduler
        self.queue = queue
    }

    func start(_ scheduler: BGTaskScheduler = .shared) throws {
        self.scheduler.register(forTaskWithIdentifier: "org.example.seamed", using: queue) { task in
            task.setTaskCompleted(success: true)
        }
        try self.scheduler.submit(BGAppRefreshTaskRequest(identifier: "org.example.seamed"))
        self.scheduler.getPendingTaskRequests { requests in print(requests.count) }
    }
}

/// A witness of closures instead of a protocol.
struct SchedulerClient {
    var register: (String, DispatchQueue?, @escaping (BGTask) -> Void) -> Bool
    var submit: (BGTaskRequest) throws -> Void
    var cancel: (String) -> Void
    var pending: (@escaping @Sendable ([BGTaskRequest]) -> Void) -> Void

    static func live(_ scheduler: BGTaskScheduler = .shared) -> SchedulerClient {
        SchedulerClient(
            register: scheduler.register(forTaskWithIdentifier:using:launchHandler:),
            submit: scheduler.submit, cancel: scheduler.cancel(taskRequestWithIdentifier:),
            pending: scheduler.getPendingTaskRequests(completionHandler:))
    }
}
