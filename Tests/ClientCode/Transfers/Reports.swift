// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation

/// An app that sends its reports: what a program for the package of the same name writes, with one `switch` over the answer.
struct Reports {
    let uploader = Uploader(sessionConfiguration: URLSessionConfiguration.background(withIdentifier: "org.example.app"))

    func send(_ file: URL, named identifier: String) {
        var request = URLRequest(url: URL(string: "https://example.org/reports")!)
        request.httpMethod = "POST"
        let uploader = uploader
        let prepared = request
        Task<Void, Never> {
            let answer = await uploader.networkResponse(from: prepared, uploading: file, with: identifier)
            switch answer {
            case .rejected:
                print("refused", identifier)
            case let .retry(response):
                print("again in", response.retryAfterInterval ?? 60.0)
            case let .failed(error):
                print("failed", error)
            case let .success(_, response):
                print("sent", response.statusCode)
            }
        }
    }

    func sendByHandler(_ file: URL, to url: URL) async {
        await uploader.beginUpload(of: file, with: URLRequest(url: url), identifier: "one") { identifier, result in
            switch result {
            case .success(let response):
                let status = (try? response.httpResponse)?.statusCode
                print(identifier, status ?? 0, NetworkResponse<Void>(response: response))
            case .failure(let error):
                print(identifier, error, NetworkResponse<Void>(response: nil, error: error))
            }
        }
    }

    func sendAndWait(_ file: URL, to url: URL) async throws -> Int {
        let response = try await uploader.uploadFile(at: file, with: URLRequest(url: url), identifier: "two")
        return try response.httpResponse.statusCode
    }
}
