// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Synchronization
import Testing
import TransferFixtures
import TransferProcesses
import Transfers

/// Counts what a handler is told, and lets a test wait for it.
final class Ends<Value: Sendable>: Sendable {
    private let told: AsyncStream<(String, Result<Value, any Error>)>
    private let continuation: AsyncStream<(String, Result<Value, any Error>)>.Continuation
    private let counted = Mutex(0)

    init() { (told, continuation) = AsyncStream.makeStream() }

    var count: Int { counted.withLock { $0 } }

    /// For several ends at most one of them may be waited for at a time.
    func next() async -> (String, Result<Value, any Error>)? {
        for await end in told { return end }
        return nil
    }

    func tell(_ identifier: String, _ result: Result<Value, any Error>) {
        counted.withLock { $0 += 1 }
        continuation.yield((identifier, result))
    }
}

extension TransferProcess {
    func uploader(_ tasks: BackgroundTaskConfiguration = .taskDescriptionCoder) -> Uploader {
        Uploader(.background(withIdentifier: "s"), tasks, in: world)
    }

    func downloader(_ tasks: BackgroundTaskConfiguration = .taskDescriptionCoder) -> Downloader {
        Downloader(.background(withIdentifier: "s"), tasks, in: world)
    }
}

extension TestServer {
    func request(_ path: String) throws -> URLRequest { URLRequest(url: try #require(URL(string: url(path)))) }
}

func failure(of result: Result<some Any, any Error>) -> TransferFailure? {
    if case .failure(let error as URLError) = result { error.transferFailure } else { nil }
}
