// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation

// The code of the articles on transfers: ArticlesTests compares them with what stands between the marks.

enum QuickStart {
    // [example]
    static func send(_ film: URL, to server: URL) async throws {
        let configuration = URLSessionConfiguration.background(withIdentifier: "org.example.films")
        let uploader = Uploader(sessionConfiguration: configuration)
        switch await uploader.networkResponse(from: URLRequest(url: server), uploading: film, with: film.path) {
        case .success(_, let response): print("sent, status \(response.statusCode)")
        case .retry(let response): print("not now; again in \(response.retryAfterInterval ?? 60) s")
        case .rejected: print("the server does not want it")
        case .failed(let error): print(error)
        }
    }
    // [end]

    // [example]
    static func fetch(_ film: URL, into folder: URL) async throws -> URL {
        let configuration = URLSessionConfiguration.background(withIdentifier: "org.example.films")
        let downloader = Downloader(sessionConfiguration: configuration)
        let there = folder.appendingPathComponent(film.lastPathComponent)
        return try await downloader.download(URLRequest(url: film), with: film.path, options: .to(there)).0
    }
    // [end]
}

enum Surviving {
    // [example]
    static func launched() async throws {
        let uploader = Uploader(sessionConfiguration: .background(withIdentifier: "org.example.films"))
        for transfer in try await uploader.transfers() {
            await uploader.attach(to: transfer.identifier) { name, result in
                print(name, result)  // the end is kept until this has returned
            }
        }
        if try await TaskScheduler.shared.handleBackgroundLaunch() { return }
        // an ordinary launch goes on here, and leaves what it has begun to a background launch
        try await uploader.continueInBackground()
    }
    // [end]

    // [example]
    static func look(_ uploader: Uploader) async throws {
        for transfer in try await uploader.transfers() {
            if case .waiting(let reason, let until) = transfer.state {
                print("\(transfer.identifier) waits (\(reason)) until \(until?.description ?? "something changes")")
            }
        }
    }
    // [end]
}

enum Resuming {
    // [example]
    static func send(_ film: URL, to server: URL, token: @escaping @Sendable (Bool) async throws -> String) async throws
    {
        let uploader = Uploader(sessionConfiguration: .background(withIdentifier: "org.example.films"))
        try uploader.authorize("films") { request in .bearer(try await token(request.isRefresh)) }
        var options = TransferOptions.tus
        options.authorizer = "films"
        let response = try await uploader.uploadFile(
            at: film, with: URLRequest(url: server), identifier: film.path, options: options)
        print(response)
    }
    // [end]

    // [example]
    static func follow(_ identifier: String, of uploader: Uploader) async {
        for await progress in uploader.progress(of: identifier) {
            print("\(Int(progress.fractionCompleted * 100)) %, \(Int(progress.bytesPerSecond ?? 0)) bytes/s")
        }
    }
    // [end]
}

enum Errors {
    // [example]
    static func explain(_ error: any Error) -> String {
        guard let error = error as? URLError else { return "\(error)" }
        if error.code == .cancelled { return "cancelled" }
        return error.transferFailure?.description ?? error.localizedDescription
    }
    // [end]
}
