// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// The first example of the README. There it has `@main` before `struct Reader`; two of them in one program do not link.

// [example]
import Scheduling

struct Reader {
    static func main() async throws {
        let scheduler = TaskScheduler.shared
        scheduler.register(forTaskWithIdentifier: "refresh") { context in
            try submitRefresh(to: scheduler)  // the next one
            print("Fetching the feeds, attempt \(context.attempt)")  // your work: return, or throw to fail
        }
        if try await scheduler.handleBackgroundLaunch() { return }  // systemd started us: all is done
        try submitRefresh(to: scheduler)
        print(scheduler.backend)
    }

    static func submitRefresh(to scheduler: TaskScheduler) throws {
        let request = AppRefreshTaskRequest(identifier: "refresh")
        request.earliestBeginDate = Date(timeInterval: 15 * 60, since: .now)
        try scheduler.submit(request)
    }
}
// [end]
