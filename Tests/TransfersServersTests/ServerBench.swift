// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundMonitors
import Foundation
import Testing
import TransferFixtures
import TransferProcesses
import Transfers
import TransfersCore

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A program with an uploader and a downloader, as apps have them, on a state directory of its own.
struct ServerBench: Sendable {
    let scratch: ScratchFolder
    let process: TransferProcess
    let uploader: Uploader
    let downloader: Downloader

    init(_ log: @escaping @Sendable (String) -> Void = { print("log:", $0) }) throws {
        try self.init(scratch: ScratchFolder(), identifier: 1, log)
    }

    private init(scratch: ScratchFolder, identifier: Int32, _ log: @escaping @Sendable (String) -> Void) throws {
        self.scratch = scratch
        // Those of this host, so that the tool reads what is written.
        let facts = HostFacts.current()
        process = TransferProcess(
            scratch.path + "/state", identifier: identifier, machine: facts.machineID, boot: facts.bootID, log: log)
        uploader = Uploader(.background(withIdentifier: "s"), in: process.world)
        downloader = Downloader(.background(withIdentifier: "s"), in: process.world)
    }

    /// Ends this process as kill -9 does, and starts another one on what it left.
    func relaunched() throws -> ServerBench {
        process.die()
        return try ServerBench(scratch: scratch, identifier: 2) { print("log:", $0) }
    }

    /// What a program hears of a transfer.
    struct Outcome: Sendable {
        var status: Int?
        var fields: [String: String] = [:]
        /// The file of a download, or what the server said to refuse it.
        var bytes: [UInt8] = []
        var failure: TransferFailure?

        init(_ response: URLResponse, bytes: [UInt8] = []) throws {
            let answer = try response.httpResponse
            status = answer.statusCode
            for (name, value) in answer.allHeaderFields { fields["\(name)".lowercased()] = "\(value)" }
            self.bytes = bytes
        }

        init(_ error: any Error) throws {
            guard let error = error as? URLError, let failure = error.transferFailure else { throw error }
            self.failure = failure
        }
    }

    /// Tries again at once: what a test waits for is the end.
    static let hasty = TransferRetryPolicy(maximumAttempts: 5, base: 0.01, longest: 0.05, longestRetryAfter: 0)

    /// Waits an hour where it would try again: what a test looks at is the waiting.
    static let patient = TransferRetryPolicy(maximumAttempts: 5, base: 3600, longest: 3600)

    static func options(_ change: (inout TransferOptions) -> Void = { _ in }) -> TransferOptions {
        TransferOptions {
            $0.retry = hasty
            change(&$0)
        }
    }

    static func request(_ url: String, _ fields: [String: String] = [:]) throws -> URLRequest {
        var request = URLRequest(url: try #require(URL(string: url)))
        for (name, value) in fields { request.setValue(value, forHTTPHeaderField: name) }
        return request
    }

    /// Downloads to a file of its own.
    func get(
        _ url: String, _ identifier: String = "down", fields: [String: String] = [:],
        options: TransferOptions = options()
    ) async throws -> Outcome {
        do {
            let request = try Self.request(url, fields)
            let (file, response) = try await downloader.download(request, with: identifier, options: options)
            let bytes = FileManager.default.contents(atPath: file.path).map(Array.init) ?? []
            try FileManager.default.removeItem(at: file)
            return try Outcome(response, bytes: bytes)
        } catch let error as URLError {
            return try Outcome(error)
        }
    }

    func put(
        _ file: URL, to url: String, _ identifier: String = "up", fields: [String: String] = [:],
        options: TransferOptions = options()
    ) async throws -> Outcome {
        do {
            let request = try Self.request(url, fields)
            return try Outcome(
                await uploader.uploadFile(at: file, with: request, identifier: identifier, options: options))
        } catch let error as URLError {
            return try Outcome(error)
        }
    }

    /// A file with the pattern of the servers.
    func file(_ count: Int64, seed: UInt64 = 1, _ name: String = "file") throws -> URL {
        URL(fileURLWithPath: try scratch.file(name, ServerPattern(seed: seed).bytes(0..<count)).path)
    }

    /// Once the transfer is as it should be.
    func status(
        of identifier: String, once isReady: @escaping @Sendable (TransferStatus) -> Bool
    ) async throws -> TransferStatus {
        while true {
            let status = try await uploader.transfers().first { $0.identifier == identifier }
            if let status, isReady(status) { return status }
            await Task.yield()
        }
    }
}

/// What went through `proxy`.
struct ProxyCounts: Decodable, Sendable {
    struct Connection: Decodable, Sendable {
        struct Bytes: Decodable, Sendable { var up: Int64, down: Int64 }
        /// What went on to the other side.
        var out: Bytes
    }
    var connections: [Connection]

    var up: Int64 { connections.reduce(0) { $0 + $1.out.up } }
    var down: Int64 { connections.reduce(0) { $0 + $1.out.down } }
}

extension TestServer {
    /// Of a proxy.
    var counts: ProxyCounts {
        get async throws { try JSONDecoder().decode(ProxyCounts.self, from: await order("GET", "/__control")) }
    }

    /// Asks until so many bytes went on to the server.
    func once(up count: Int64) async throws {
        while try await counts.up < count {}
    }

    /// The next connection, or each, ends after so many bytes of a direction, or falls silent for ever.
    func cut(
        _ direction: String, after count: Int64, how: String = "close", each: Bool = false
    ) async throws {
        let which = each ? "each" : "next"
        try await obey(#"{"faults": {"cut": {"\#(direction)": \#(count), "how": "\#(how)"}}, "for": "\#(which)"}"#)
    }
}
