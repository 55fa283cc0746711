// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// The Swift blocks of the articles on BackgroundTasks and of the guide for adopters. They are compiled, and one is run.

private final class Refresh: Sendable {
    func start(_ completion: @escaping (Bool) -> Void) { completion(true) }
    func cancel() {}
}

struct Page: Sendable {
    func write() {}
}

private func serve() async throws {}

// [example]
import BackgroundTasks

func registerTasks(with scheduler: BGTaskScheduler) {
    scheduler.register(forTaskWithIdentifier: "org.example.reader.refresh", using: nil) { task in
        guard let task = task as? BGAppRefreshTask else { return }
        scheduleRefresh(with: scheduler)  // the next one
        let refresh = Refresh()
        task.expirationHandler = { refresh.cancel() }
        refresh.start { success in task.setTaskCompleted(success: success) }
    }
}

func scheduleRefresh(with scheduler: BGTaskScheduler) {
    let request = BGAppRefreshTaskRequest(identifier: "org.example.reader.refresh")
    request.earliestBeginDate = Date(timeIntervalSinceNow: 15 * 60)
    do {
        try scheduler.submit(request)
    } catch {
        print("Could not schedule the refresh: \(error)")
    }
}
// [end]

// [example]
func export(_ pages: [Page]) throws {
    let request = BGContinuedProcessingTaskRequest(
        identifier: "org.example.reader.export.\(UUID().uuidString)", title: "Exporting",
        subtitle: "\(pages.count) pages")
    request.strategy = .queue
    BGTaskScheduler.shared.register(forTaskWithIdentifier: request.identifier, using: nil) { task in
        guard let task = task as? BGContinuedProcessingTask else { return }
        task.progress.totalUnitCount = Int64(pages.count)
        for page in pages where !task.progress.isCancelled {
            page.write()
            task.progress.completedUnitCount += 1
        }
        task.setTaskCompleted(success: !task.progress.isCancelled)
    }
    try BGTaskScheduler.shared.submit(request)
}
// [end]

struct OneLineInMain {
    // [example]
    static func main() async throws {
        registerTasks(with: .shared)
        if try await BGTaskScheduler.shared.handleBackgroundLaunch() { return }
        // … what the program does when a person starts it
    }
    // [end]
}

struct ServiceThatStays {
    // [example]
    static func main() async throws {
        let scheduler = BGTaskScheduler.shared
        registerTasks(with: scheduler)
        if try await scheduler.handleBackgroundLaunch() { return }  // systemd started us for a task
        async let server: Void = serve()  // what the service does
        try await scheduler.run()  // returns on SIGTERM
        try await server
    }
    // [end]
}

func asking() throws {
    // [example]
    print(BGTaskScheduler.shared.backend)
    // [end]

    // [example]
    try BGTaskScheduler.shared.simulateLaunch(forTaskWithIdentifier: "org.example.reader.refresh")
    print(try BGTaskScheduler.shared.explain("org.example.reader.refresh"))
    // [end]

    // [example]
    print(BGTaskScheduler.shared.backend)
    try BGTaskScheduler.shared.simulateLaunch(forTaskWithIdentifier: "org.example.reader.refresh")
    // [end]
}
