// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling

/// Keeps the articles of some feeds, although it never stays: systemd starts it when there is something to do.
@main
struct Feedkeeper {
    static let refresh = "org.example.feedkeeper.refresh"
    static let cleanup = "org.example.feedkeeper.cleanup"

    let library: Library
    let scheduler: TaskScheduler

    static func main() async throws {
        let library = try Library()
        let settings = try library.settings()
        var configuration = TaskScheduler.Configuration(appIdentifier: "org.example.feedkeeper")
        configuration.launch.environment = [Library.place]  // so that systemd's launch finds the same files
        if let seconds = settings.recheckSeconds { configuration.recheckIntervals = [.seconds(seconds)] }
        let feedkeeper = Feedkeeper(library: library, scheduler: TaskScheduler(configuration: configuration))

        // 1. Register what can be done. 2. If this launch is for that, do it and go. 3. Else be an ordinary program.
        feedkeeper.registerTasks()
        if try await feedkeeper.scheduler.handleBackgroundLaunch() { return }
        do {
            try await feedkeeper.perform(Command(CommandLine.arguments.dropFirst()))
        } catch {
            say("feedkeeper: \(error)")
            exit(1)
        }
    }

    func registerTasks() {
        scheduler.register(forTaskWithIdentifier: Self.refresh) { _ in
            // First ask for the next refresh, so that one that fails does not end the series.
            try submitRefresh(in: library.settings().refreshSeconds)
            try await refreshFeeds()
        }
        scheduler.register(forTaskWithIdentifier: Self.cleanup, using: nil) { task in
            let cleanup = Cleanup(library: library)
            task.expirationHandler = {
                say("cleanup: told to stop, because \(task.expirationReason?.description ?? "of nothing")")
                cleanup.stop()
            }
            // This closure has a thread of its own, so it may take its time.
            do {
                task.setTaskCompleted(success: try cleanup.perform())
            } catch {
                say("cleanup: \(error)")
                task.setTaskCompleted(success: false)
            }
        }
    }

    func submitRefresh(in seconds: Int) throws {
        let request = AppRefreshTaskRequest(identifier: Self.refresh)
        request.earliestBeginDate = Date(timeIntervalSinceNow: TimeInterval(seconds))
        try scheduler.submit(request)
    }

    func submitCleanup(in seconds: Int) throws {
        let request = ProcessingTaskRequest(identifier: Self.cleanup)
        request.earliestBeginDate = Date(timeIntervalSinceNow: TimeInterval(seconds))
        request.requiresExternalPower = true
        try scheduler.submit(request)
    }

    private func refreshFeeds() async throws {
        for feed in try library.settings().feeds {
            let articles = try await Feed(url: feed).fetch()
            let new = try library.keep(articles)
            say("refresh: \(feed) has \(articles.count) articles, \(new) of them new")
        }
    }
}

/// Writes a line at once, for the journal: what is printed to a pipe waits until the program ends.
func say(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
}
