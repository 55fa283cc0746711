// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// The Swift blocks of the articles on Scheduling that the README does not have too. They are compiled, not run.

import Scheduling
import SchedulingTesting

private func cleanUp(since date: Date = .now) async throws {}
private func registerTasks(with scheduler: TaskScheduler) {}

private final class Refresh {
    func start(_ completion: @escaping (Bool) -> Void) { completion(true) }
    func cancel() {}
}

// [example]
func serve() async throws {
    let scheduler = TaskScheduler.shared
    scheduler.register(forTaskWithIdentifier: "refresh") { _ in /* your work */ }
    if try await scheduler.handleBackgroundLaunch() { return }
    try await scheduler.run()  // returns on SIGTERM, or when its Swift task is cancelled
}
// [end]

// [example]
struct Refresher {
    let scheduler: TaskScheduler

    func submitNext(after now: Date) throws {
        let request = AppRefreshTaskRequest(identifier: "refresh")
        request.earliestBeginDate = now.addingTimeInterval(15 * 60)
        try scheduler.submit(request)
    }
}
// [end]

struct ArticleExamples {
    let scheduler: TaskScheduler
    let host: TestScheduler

    // [example]
    static func main() async throws {
        let scheduler = TaskScheduler.shared
        registerTasks(with: scheduler)
        if try await scheduler.handleBackgroundLaunch() { return }
        // … what the program does when a person starts it
    }
    // [end]

    func howItWakesUp() throws {
        // [example]
        let backend = TaskScheduler.shared.backend
        print(backend.kind, backend.reason)
        for warning in backend.warnings { print("Note:", warning) }  // lingering is off, a unit is masked, …
        // [end]

        // [example]
        do {
            try TaskScheduler.shared.enableLingering()  // as `loginctl enable-linger` does
        } catch {
            print(error)  // no polkit, no user manager: says what to do
        }
        // [end]

        // [example]
        scheduler.register(forTaskWithIdentifier: "cleanup") { context in
            do {
                try await cleanUp()
            } catch is CancellationError {
                print("Stopped:", context.expirationReason?.description ?? "somebody cancelled the Swift task")
                throw CancellationError()
            }
        }
        // [end]

        // [example]
        print(try scheduler.explain("cleanup"))  // every reason that holds now, what was seen, what would change it
        for entry in try scheduler.history(for: "cleanup") { print(entry.endDate, entry.outcome, entry.detail) }
        // [end]
    }

    func aHardDay() async throws {
        // [example]
        host.network = .offline
        try await host.stepWallClock(by: .seconds(-3600))  // somebody sets the clock back
        try await host.suspend(for: .seconds(8 * 3600))  // the lid is closed over night
        host.crash()  // kill -9 for every process of the program
        try await host.reboot(downFor: .seconds(60))
        print(host.wakeups, host.launchCount, host.launchFailures)
        // [end]
    }

    func comingFromiOS() throws {
        // [example]
        scheduler.register(forTaskWithIdentifier: "org.example.reader.refresh", using: nil) { task in
            let refresh = Refresh()
            task.expirationHandler = { refresh.cancel() }
            refresh.start { success in task.setTaskCompleted(success: success) }
        }
        // [end]

        // [example]
        scheduler.register(forTaskWithIdentifier: "org.example.reader.cleanup") { context in
            try await cleanUp(since: context.scheduledDate)
        }
        // [end]

        // [example]
        do {
            try scheduler.submit(AppRefreshTaskRequest(identifier: "nobody.registered.this"))
        } catch BGTaskScheduler.Error.notPermitted {
            print("not permitted, or no handler")
        } catch let error as BGTaskScheduler.Error {
            print(error.code, error)
        }
        // [end]
    }
}
