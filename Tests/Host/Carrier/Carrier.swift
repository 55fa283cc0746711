// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Foundation
import Scheduling
import Transfers

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// A program with an upload and a download, written as its users write theirs; the host tests kill it.
///
///     hostcarrier start TUS ORIGIN     begins both, slowly, and writes how far they came to `notes` in its home
///     hostcarrier collect TUS ORIGIN   begins both again, and prints their ends
///     hostcarrier list                 prints what there is
@main
struct Carrier {
    let uploader: Uploader
    let downloader: Downloader
    let home = ProcessInfo.processInfo.environment["HOME"] ?? "/root"

    static func main() async throws {
        let configuration = URLSessionConfiguration.background(withIdentifier: "media")
        let carrier = Carrier(
            uploader: Uploader(sessionConfiguration: configuration),
            downloader: Downloader(sessionConfiguration: configuration))
        if try await TaskScheduler.shared.handleBackgroundLaunch() { return }
        try await carrier.run(Array(CommandLine.arguments.dropFirst()))
    }

    private func run(_ arguments: [String]) async throws {
        switch (arguments.first, arguments.count) {
        case ("start", 3):
            let names = try await begin(arguments[1], arguments[2]) { note("end of \($0)") }
            await withTaskGroup { group in
                group.addTask {
                    for await progress in await uploader.progress(of: names.up) {
                        note("up \(progress.completedBytes)")
                    }
                }
                group.addTask {
                    for await progress in await downloader.progress(of: names.down) {
                        note("down \(progress.completedBytes)")
                    }
                }
            }
        case ("collect", 3):
            let (ends, end) = AsyncStream<Void>.makeStream()
            _ = try await begin(arguments[1], arguments[2]) { line in
                print(line)
                end.yield()
            }
            var count = 0
            for await _ in ends {
                count += 1
                if count == 2 { break }
            }
            // Until the session knows that the handlers have returned.
            await withCheckedContinuation { continuation in
                uploader.handleBackgroundSessionEvents { continuation.resume() }
            }
        case ("list", 1):
            for transfer in try await uploader.transfers() { print(transfer) }
        default: print("start TUS ORIGIN, collect TUS ORIGIN, or list")
        }
    }

    private func begin(
        _ tus: String, _ origin: String, _ tell: @escaping @Sendable (String) -> Void
    ) async throws -> (up: String, down: String) {
        guard let tus = URL(string: tus), let origin = URL(string: origin) else { throw URLError(.badURL) }
        var up = TransferOptions()
        up.method = .tus
        up.bytesPerSecond = 2_000_000
        await uploader.beginUpload(
            of: URL(fileURLWithPath: home + "/film"), with: URLRequest(url: tus), identifier: "film", options: up
        ) { identifier, result in
            let status = try? result.get().httpResponse.statusCode
            tell("\(identifier) \(status.map { "\($0)" } ?? "\(result)")")
        }
        var down = TransferOptions()
        down.destination = URL(fileURLWithPath: home + "/archive")
        down.keepsSecrets = true  // or nothing of the query that it does not know is written down
        await downloader.beginDownload(of: URLRequest(url: origin), identifier: "archive", options: down) {
            identifier, result in
            switch result {
            case .success((let file, _)): tell("\(identifier) \(file.path)")
            case .failure(let error): tell("\(identifier) \(error)")
            }
        }
        return ("film", "archive")
    }

    private func note(_ line: String) {
        guard let file = fopen(home + "/notes", "a") else { return }
        fputs(line + "\n", file)
        fclose(file)
    }
}
