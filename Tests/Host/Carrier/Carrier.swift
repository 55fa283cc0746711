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
///     hostcarrier send TUS             begins the upload, slowly, and leaves it to a launch
///     hostcarrier fetch URL [choosy]   begins the download, for external power and an unmetered network alone, and leaves it
///     hostcarrier follow URL           begins the download, or attaches to it, and stays until its end; writes `NUMBER of PID`
@main
struct Carrier {
    let uploader: Uploader
    let downloader: Downloader
    let home = ProcessInfo.processInfo.environment["HOME"] ?? "/root"

    static func main() async throws {
        // No budget of a task is to concern transfers.
        TaskScheduler.configureShared(
            .init(budgets: Budgets(refresh: .seconds(1), processing: .seconds(1)), retryDelay: .seconds(1)))
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
                    for await progress in uploader.progress(of: names.up) {
                        note("up \(progress.completedBytes)")
                    }
                }
                group.addTask {
                    for await progress in downloader.progress(of: names.down) {
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
            await drained()
        case ("list", 1):
            for transfer in try await uploader.transfers() { print(transfer) }
        case ("send", 2):
            await beginUpload(try url(arguments[1])) { _ in }
            try await uploader.continueInBackground()
        case ("fetch", 2), ("fetch", 3):
            await beginDownload(try url(arguments[1]), isChoosy: arguments.last == "choosy") { _ in }
            try await downloader.continueInBackground()
        case ("follow", 2):
            await beginDownload(try url(arguments[1])) { note("end of \(getpid()): \($0)") }
            for await progress in downloader.progress(of: "archive") {
                note("\(progress.completedBytes) of \(getpid())")
            }
            await drained()
        default: print("start TUS ORIGIN, collect TUS ORIGIN, list, send TUS, fetch URL [choosy], or follow URL")
        }
    }

    private func url(_ text: String) throws -> URL {
        guard let url = URL(string: text) else { throw URLError(.badURL) }
        return url
    }

    /// Until the session knows that the handlers have returned.
    private func drained() async {
        await withCheckedContinuation { continuation in
            uploader.handleBackgroundSessionEvents { continuation.resume() }
        }
    }

    private func begin(
        _ tus: String, _ origin: String, _ tell: @escaping @Sendable (String) -> Void
    ) async throws -> (up: String, down: String) {
        await beginUpload(try url(tus), tell)
        await beginDownload(try url(origin), tell)
        return ("film", "archive")
    }

    private func beginUpload(_ tus: URL, _ tell: @escaping @Sendable (String) -> Void) async {
        var up = TransferOptions()
        up.method = .tus
        up.bytesPerSecond = 2_000_000
        await uploader.beginUpload(
            of: URL(fileURLWithPath: home + "/film"), with: URLRequest(url: tus), identifier: "film", options: up
        ) { identifier, result in
            let status = try? result.get().httpResponse.statusCode
            tell("\(identifier) \(status.map { "\($0)" } ?? "\(result)")")
        }
    }

    private func beginDownload(
        _ origin: URL, isChoosy: Bool = false, _ tell: @escaping @Sendable (String) -> Void
    ) async {
        var down = TransferOptions()
        down.destination = URL(fileURLWithPath: home + "/archive")
        down.replacesExisting = true
        down.isDiscretionary = isChoosy
        down.keepsSecrets = true  // or nothing of the query that it does not know is written down
        await downloader.beginDownload(of: URLRequest(url: origin), identifier: "archive", options: down) {
            identifier, result in
            switch result {
            case .success((let file, _)): tell("\(identifier) \(file.path)")
            case .failure(let error): tell("\(identifier) \(error)")
            }
        }
    }

    private func note(_ line: String) {
        guard let file = fopen(home + "/notes", "a") else { return }
        fputs(line + "\n", file)
        fclose(file)
    }
}
