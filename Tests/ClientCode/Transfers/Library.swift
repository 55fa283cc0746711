// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation

/// An app that loads films, and is called back by its system when something has come meanwhile.
struct Library {
    let downloader: Downloader

    init() {
        let configuration = URLSessionConfiguration.background(withIdentifier: "org.example.library")
        configuration.isDiscretionary = true
        configuration.sessionSendsLaunchEvents = true
        configuration.allowsExpensiveNetworkAccess = false
        configuration.allowsConstrainedNetworkAccess = false
        configuration.waitsForConnectivity = true
        configuration.allowsCellularAccess = false
        configuration.httpMaximumConnectionsPerHost = 2
        configuration.timeoutIntervalForRequest = 30
        configuration.timeoutIntervalForResource = 24 * 3600
        configuration.httpAdditionalHeaders = ["Accept": "video/mp4"]
        downloader = Downloader(sessionConfiguration: configuration)
    }

    func load(_ url: URL, named identifier: String) {
        let downloader = downloader
        Task<Void, Never> {
            let answer = await downloader.networkResponse(from: URLRequest(url: url), with: identifier)
            switch answer {
            case .rejected: print("refused")
            case let .retry(response): print("again in", response.retryAfterInterval ?? 60.0)
            case let .failed(error): print("failed", error)
            case let .success(file, response): print(file.path, response.statusCode)
            }
        }
    }

    func loadByHandler(_ url: URL) async {
        await downloader.beginDownload(of: URLRequest(url: url), identifier: "film") { identifier, result in
            switch result {
            case .success((let file, let response)):
                try? FileManager.default.moveItem(at: file, to: URL(fileURLWithPath: "/srv/films/" + identifier))
                print(response)
            case .failure(let error): print(error)
            }
        }
    }

    func loadAndWait(_ url: URL) async throws -> URL {
        try await downloader.download(URLRequest(url: url), with: "film").0
    }

    func sessionHasEvents(_ identifier: String, completion: @escaping @Sendable () -> Void) {
        downloader.handleBackgroundSessionEvents(completion)
    }
}
