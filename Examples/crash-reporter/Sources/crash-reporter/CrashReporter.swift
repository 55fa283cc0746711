// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation

/// Watches over a folder without being there: systemd starts it every so often, and when an upload can go on.
@main
struct CrashReporter {
    static let sweep = "org.example.crashreporter.sweep"
    static let manual = """
        crash-reporter watch FOLDER URL SECONDS   send what is dropped in FOLDER to URL, and look every SECONDS
        crash-reporter stop                       look no more; what is on its way arrives
        crash-reporter status                     what is on its way, and why it waits
        """

    static func main() async throws {
        // Transfers work with the shared scheduler: it is told who we are before anything else.
        TaskScheduler.configureShared(
            .init(
                appIdentifier: "org.example.crashreporter",
                launch: .init(environment: ["XDG_CONFIG_HOME"])))  // so that systemd's launch finds the same settings
        let reporter = Reporter()
        do {
            // 1. Register what can be done, and hear the ends of what earlier launches began.
            TaskScheduler.shared.register(forTaskWithIdentifier: sweep) { _ in try await reporter.sweep() }
            try await reporter.attach()
            // 2. If this launch is for that, do it and go. It stays until all is sent, or has to wait: then systemd starts
            //    another one when it is time.
            if try await TaskScheduler.shared.handleBackgroundLaunch() { return }
            // 3. Else a person wants something.
            try await perform(Array(CommandLine.arguments.dropFirst()), with: reporter)
            try await reporter.uploader.continueInBackground()
        } catch {
            say("crash-reporter: \(error)")
            exit(1)
        }
    }

    private static func perform(_ words: [String], with reporter: Reporter) async throws {
        switch words.first {
        case "watch" where words.count == 4:
            guard let server = URL(string: words[2]), let seconds = Int64(words[3]), seconds > 0 else { fallthrough }
            try Settings(folder: URL(fileURLWithPath: words[1], isDirectory: true), server: server).write()
            let request = ProcessingTaskRequest(identifier: sweep)
            request.schedule = .every(.seconds(seconds))
            try TaskScheduler.shared.submit(request)
        case "stop" where words.count == 1: TaskScheduler.shared.cancel(taskRequestWithIdentifier: sweep)
        case "status" where words.count == 1:
            for transfer in try await reporter.uploader.transfers() {
                if case .waiting(let reason, let until) = transfer.state {
                    let time = until.map { " until \($0.formatted(.iso8601))" } ?? ""
                    print("\(transfer.identifier) waits (\(reason))\(time)")
                } else {
                    print("\(transfer.identifier) is \(transfer.state)")
                }
            }
        default: print(manual)
        }
    }
}

/// What a person has said, in a file.
struct Settings: Codable {
    /// Where reports are dropped: written elsewhere first, then moved here, so that a half-written one is never sent.
    var folder: URL
    var server: URL

    private static var file: URL {
        let home = FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".config")
        let place = ProcessInfo.processInfo.environment["XDG_CONFIG_HOME"].map { URL(fileURLWithPath: $0) }
        return (place ?? home).appendingPathComponent("crash-reporter.json")
    }

    static func read() throws -> Settings { try JSONDecoder().decode(Settings.self, from: Data(contentsOf: file)) }

    func write() throws {
        try FileManager.default.createDirectory(
            at: Settings.file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try JSONEncoder().encode(self).write(to: Settings.file, options: .atomic)
    }
}
