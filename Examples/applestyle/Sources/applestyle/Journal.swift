// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

// An app's background work as its iOS target has it. Nothing in this file knows Linux, and it imports one module.

import BackgroundTasks

/// The app's entries, in a file.
final class Database: Sendable {
    struct Entry: Codable {
        var date: Date
        var text: String
    }

    private let lock = NSLock()
    let folder: URL
    private var file: URL { folder.appendingPathComponent("entries.json") }

    init() {
        let support = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
        folder = support.appendingPathComponent("applestyle")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    var entries: [Entry] { lock.withLock { read() } }

    func add(_ entries: [Entry]) throws { try change { $0 += entries } }

    func deleteEntries(before date: Date) throws { try change { $0.removeAll { $0.date < date } } }

    private func read() -> [Entry] {
        guard let data = try? Data(contentsOf: file) else { return [] }
        return (try? JSONDecoder().decode([Entry].self, from: data)) ?? []
    }

    private func change(_ body: (inout [Entry]) -> Void) throws {
        try lock.withLock {
            var entries = read()
            body(&entries)
            try JSONEncoder().encode(entries).write(to: file, options: .atomic)
        }
    }
}

// An app may say this of a class that is not its own: a task is used by one thread after another.
extension BGTask: @retroactive @unchecked Sendable {}

/// Stands for the app's server.
enum Server {
    static func entries(since date: Date?) -> [Database.Entry] {
        [
            Database.Entry(date: Date(), text: "A new entry"),
            Database.Entry(date: .distantPast, text: "A very old entry"),
        ]
    }
}

/// Fetches what is new.
final class FetchOperation: Operation, @unchecked Sendable {
    // Reason: read by the operation that depends on this one, when this one has finished.
    private(set) var entries: [Database.Entry] = []
    private let lastDate: Date?

    init(since lastDate: Date?) { self.lastDate = lastDate }

    override func main() {
        if !isCancelled { entries = Server.entries(since: lastDate) }
    }
}

/// Registers the app's tasks, schedules them, and handles them when they are launched.
final class Journal {
    static let shared = Journal()

    private let refreshIdentifier = "org.example.applestyle.refresh"
    private let cleaningIdentifier = "org.example.applestyle.cleaning"
    private let exportPrefix = "org.example.applestyle.export."

    let database = Database()

    /// Called when the app has finished launching.
    func registerTasks() {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: refreshIdentifier, using: nil) { task in
            self.handleAppRefresh(task: task as! BGAppRefreshTask)
        }
        BGTaskScheduler.shared.register(forTaskWithIdentifier: cleaningIdentifier, using: nil) { task in
            self.handleDatabaseCleaning(task: task as! BGProcessingTask)
        }
    }

    // MARK: Scheduling

    func scheduleAppRefresh(in delay: TimeInterval = 15 * 60) {
        let request = BGAppRefreshTaskRequest(identifier: refreshIdentifier)
        request.earliestBeginDate = Date(timeIntervalSinceNow: delay)
        do {
            try BGTaskScheduler.shared.submit(request)
        } catch {
            print("Could not schedule app refresh: \(error)")
        }
    }

    func scheduleDatabaseCleaning(in delay: TimeInterval = 7 * 24 * 60 * 60) {
        let request = BGProcessingTaskRequest(identifier: cleaningIdentifier)
        request.earliestBeginDate = Date(timeIntervalSinceNow: delay)
        request.requiresNetworkConnectivity = false
        request.requiresExternalPower = true
        do {
            try BGTaskScheduler.shared.submit(request)
        } catch BGTaskScheduler.Error.notPermitted {
            print("The clean-up is not listed in the Info.plist")
        } catch {
            print("Could not schedule the clean-up: \(error)")
        }
    }

    // MARK: Handling

    private func handleAppRefresh(task: BGAppRefreshTask) {
        scheduleAppRefresh()

        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = 1
        let fetch = FetchOperation(since: database.entries.map(\.date).max())
        let add = BlockOperation { [database] in try? database.add(fetch.entries) }
        add.addDependency(fetch)

        task.expirationHandler = { queue.cancelAllOperations() }
        add.completionBlock = { task.setTaskCompleted(success: !add.isCancelled) }
        queue.addOperations([fetch, add], waitUntilFinished: false)
    }

    private func handleDatabaseCleaning(task: BGProcessingTask) {
        let queue = OperationQueue()
        queue.maxConcurrentOperationCount = 1
        let lastMonth = Date(timeIntervalSinceNow: -30 * 24 * 60 * 60)
        let clean = BlockOperation { [database] in try? database.deleteEntries(before: lastMonth) }

        task.expirationHandler = { queue.cancelAllOperations() }
        clean.completionBlock = { task.setTaskCompleted(success: !clean.isCancelled) }
        queue.addOperation(clean)
    }

    // MARK: Continued processing

    /// The user tapped “Export”: the work goes on if the app is left, and the system shows how far it is.
    func export(completion: @escaping (Bool) -> Void) throws {
        let identifier = exportPrefix + UUID().uuidString
        let entries = database.entries
        let target = database.folder.appendingPathComponent("export.txt")
        BGTaskScheduler.shared.register(forTaskWithIdentifier: identifier, using: nil) { task in
            guard let task = task as? BGContinuedProcessingTask else { return }
            var wasExpired = false
            task.expirationHandler = { wasExpired = true }
            task.progress.totalUnitCount = Int64(entries.count)
            var text = ""
            for entry in entries where !wasExpired {
                text += "\(entry.text)\n"
                task.progress.completedUnitCount += 1
                task.updateTitle(task.title, subtitle: "\(task.progress.completedUnitCount) of \(entries.count)")
            }
            let isWritten = (try? text.write(to: target, atomically: true, encoding: .utf8)) != nil
            task.setTaskCompleted(success: isWritten && !wasExpired)
            completion(isWritten && !wasExpired)
        }
        let request = BGContinuedProcessingTaskRequest(
            identifier: identifier, title: "Exporting", subtitle: "\(entries.count) entries")
        request.strategy = .fail
        try BGTaskScheduler.shared.submit(request)
    }
}
