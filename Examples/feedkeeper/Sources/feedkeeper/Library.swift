// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation

/// What a person decided.
struct Settings: Codable {
    var feeds: [URL] = []
    var refreshSeconds = 900
    var keepDays = 30
    var paceSeconds = 0
    var recheckSeconds: Int?

    enum Change {
        case keepDays(Int)
        case pace(Int)
        case recheck(Int)

        init?(name: String, value: Int) {
            switch name {
            case "keep-days": self = .keepDays(value)
            case "pace": self = .pace(value)
            case "recheck": self = .recheck(value)
            default: return nil
            }
        }
    }

    mutating func apply(_ change: Change) {
        switch change {
        case .keepDays(let days): keepDays = days
        case .pace(let seconds): paceSeconds = seconds
        case .recheck(let seconds): recheckSeconds = seconds
        }
    }
}

/// The files of feedkeeper. Each is replaced whole, so a program that dies leaves the old one or the new one.
///
/// The lock keeps the refresh and the cleanup of one process apart.
final class Library: Sendable {
    /// The environment variable that moves the files elsewhere.
    static let place = "FEEDKEEPER_DIRECTORY"

    private let directory: URL
    private let lock = NSLock()

    init() throws {
        let environment = ProcessInfo.processInfo.environment
        directory =
            environment[Library.place].map { URL(fileURLWithPath: $0, isDirectory: true) }
            ?? FileManager.default.homeDirectoryForCurrentUser.appendingPathComponent(".local/share/feedkeeper")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    func settings() throws -> Settings { try read("settings.json") ?? Settings() }

    func change(_ body: (inout Settings) -> Void) throws {
        try lock.withLock {
            var settings = try settings()
            body(&settings)
            try write(settings, "settings.json")
        }
    }

    /// Newest first.
    func articles() throws -> [Article] { try read("articles.json") ?? [] }

    /// Adds what is not there yet, and returns how many that were.
    func keep(_ articles: [Article]) throws -> Int {
        try lock.withLock {
            let kept = try self.articles()
            let known = Set(kept.map(\.id))
            let new = articles.filter { !known.contains($0.id) }
            if !new.isEmpty { try write(new + kept, "articles.json") }
            return new.count
        }
    }

    func forget(_ id: String) throws {
        try lock.withLock { try write(articles().filter { $0.id != id }, "articles.json") }
    }

    /// The article at which a cleanup stopped; nil: it came to its end.
    func bookmark() throws -> String? { try read("cleanup.json") }

    func setBookmark(_ id: String?) throws { try write(id, "cleanup.json") }

    private func read<Value: Decodable>(_ name: String) throws -> Value? {
        let file = directory.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        return try JSONDecoder().decode(Value?.self, from: Data(contentsOf: file))
    }

    private func write<Value: Encodable>(_ value: Value, _ name: String) throws {
        try JSONEncoder().encode(value).write(to: directory.appendingPathComponent(name), options: .atomic)
    }
}
