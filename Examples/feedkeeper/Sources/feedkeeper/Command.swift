// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling

/// What a person typed.
enum Command {
    case add(URL)
    case schedule(every: Int?, cleanupAfter: Int)
    case set(Settings.Change)
    case list
    case why(String?)
    case history(String?, json: Bool)
    case status
    case help

    struct Misunderstood: Error, CustomStringConvertible {
        let description: String
    }

    static let manual = """
        feedkeeper add URL                 remember a feed
        feedkeeper schedule [--every S] [--cleanup-after S]
                                           refresh every S seconds (900), clean up S seconds from now (3600)
        feedkeeper set keep-days|pace|recheck N
                                           forget articles after N days; rest N seconds after each one in a cleanup;
                                           look again after N seconds for the power that a cleanup needs
        feedkeeper list                    show the articles that are kept
        feedkeeper why [TASK]              why has it not run? TASK is refresh or cleanup
        feedkeeper history [TASK] [--json] what became of its runs
        feedkeeper status                  who wakes feedkeeper, and what is pending
        """

    init(_ arguments: ArraySlice<String>) throws {
        var words = arguments
        let verb = words.popFirst() ?? "help"
        func number(_ name: String) throws -> Int? {
            guard let index = words.firstIndex(of: name) else { return nil }
            guard index + 1 < words.endIndex, let number = Int(words[index + 1]), number >= 0 else {
                throw Misunderstood(description: "\(name) needs a number of seconds")
            }
            words.removeSubrange(index...index + 1)
            return number
        }
        switch verb {
        case "add":
            guard let word = words.popFirst(), let url = URL(string: word), url.scheme?.hasPrefix("http") == true else {
                throw Misunderstood(description: "add needs a URL with http or https")
            }
            self = .add(url)
        case "schedule":
            self = .schedule(every: try number("--every"), cleanupAfter: try number("--cleanup-after") ?? 3600)
        case "set":
            guard let name = words.popFirst(), let value = words.popFirst().flatMap(Int.init), value >= 0,
                let change = Settings.Change(name: name, value: value)
            else { throw Misunderstood(description: "set needs keep-days, pace or recheck, and a number") }
            self = .set(change)
        case "list": self = .list
        case "why": self = .why(words.popFirst())
        case "history":
            let json = words.contains("--json")
            words.removeAll { $0 == "--json" }
            self = .history(words.popFirst(), json: json)
        case "status": self = .status
        case "help", "--help", "-h": self = .help
        default: throw Misunderstood(description: "there is no command \(verb); try: feedkeeper help")
        }
        if let word = words.first { throw Misunderstood(description: "\(verb) does not understand \(word)") }
    }
}

extension Feedkeeper {
    func perform(_ command: Command) async throws {
        switch command {
        case .add(let url): try library.change { if !$0.feeds.contains(url) { $0.feeds.append(url) } }
        case .set(let change): try library.change { $0.apply(change) }
        case .schedule(let every, let cleanupAfter):
            if let every { try library.change { $0.refreshSeconds = every } }
            let seconds = try library.settings().refreshSeconds
            try submitRefresh(in: seconds)
            try submitCleanup(in: cleanupAfter)
            print("Submitted: the refresh in \(seconds) s, the cleanup in \(cleanupAfter) s.")
            for warning in scheduler.backend.warnings { print("Note: \(warning)") }
        case .list:
            for article in try library.articles() { print("\(article.date.formatted(.iso8601))  \(article.title)") }
        case .why(let task):
            for identifier in identifiers(task) { print(try scheduler.explain(identifier)) }
        case .history(let task, let json):
            let entries = try scheduler.history(for: task.map { identifiers($0)[0] })
            if json { try printJSON(entries) } else { printLines(entries) }
        case .status:
            print(scheduler.backend)
            for request in await scheduler.pendingTaskRequests() { print(request) }
        case .help: print(Command.manual)
        }
    }

    /// A short name stands for one of ours.
    private func identifiers(_ task: String?) -> [String] {
        switch task {
        case nil: [Self.refresh, Self.cleanup]
        case "refresh": [Self.refresh]
        case "cleanup": [Self.cleanup]
        case let other?: [other]
        }
    }

    private func printLines(_ entries: [HistoryEntry]) {
        for entry in entries {
            var line = "\(entry.endDate.formatted(.iso8601))  \(entry.identifier ?? "launch")  \(entry.outcome)"
            if let reason = entry.reason { line += " (\(reason))" }
            if entry.attempt > 0 { line += ", attempt \(entry.attempt)" }
            if !entry.detail.isEmpty { line += ": \(entry.detail)" }
            print(line)
        }
    }

    private struct Row: Encodable {
        var identifier: String?
        var outcome: String
        var reason: String?
        var attempt: Int
        var detail: String
        var processIdentifier: Int32
        var scheduled: Date?
        var started: Date?
        var ended: Date
    }

    private func printJSON(_ entries: [HistoryEntry]) throws {
        let encoder = JSONEncoder()
        encoder.dateEncodingStrategy = .secondsSince1970
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        let rows = entries.map {
            Row(
                identifier: $0.identifier, outcome: "\($0.outcome)", reason: $0.reason?.description,
                attempt: $0.attempt, detail: $0.detail, processIdentifier: $0.processIdentifier,
                scheduled: $0.scheduledDate, started: $0.startDate, ended: $0.endDate)
        }
        print(String(decoding: try encoder.encode(rows), as: UTF8.self))
    }
}
