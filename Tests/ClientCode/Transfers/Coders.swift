// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import Background
import Foundation

/// Programs that keep identifiers in their own way.
enum Coders {
    static func byAddress() -> Uploader {
        Uploader(
            sessionConfiguration: .background(withIdentifier: "org.example.app"),
            identifierProvider: { task in task.originalRequest?.url?.absoluteString })
    }

    static func byPrefix() -> Downloader {
        let configuration = BackgroundTaskConfiguration(
            getIdentifier: { $0.taskDescription.map { String($0.dropFirst(3)) } },
            prepareTask: { task, request, identifier in
                task.taskDescription = "id:" + identifier
                task.priority = URLSessionTask.highPriority
                task.countOfBytesClientExpectsToReceive = 1 << 20
            })
        return Downloader(
            sessionConfiguration: .background(withIdentifier: "org.example.app"), taskConfiguration: configuration)
    }

    static func byDescription() -> Downloader {
        Downloader(
            sessionConfiguration: .background(withIdentifier: "org.example.app"),
            taskConfiguration: BackgroundTaskConfiguration.taskDescriptionCoder)
    }

    static func seconds(of task: URLSessionTask) -> TimeInterval? { task.retryAfterInterval }

    static func judge(_ error: NetworkResponseError) -> String {
        switch error {
        case .protocolError(let error): (error as? URLError)?.transferFailure?.remedy ?? "\(error)"
        case .noResponseOrError, .httpReponseInvalid, .requestInvalid, .missingOriginalRequest,
            .expectedContentMissing:
            "\(error)"
        case .noHTTPResponse(let response): "\(response)"
        case .transientFailure(let seconds): "\(seconds ?? 0)"
        }
    }

    static func count(_ response: NetworkResponse<Data>) -> Int {
        if case .success(let data, _) = response { data.count } else { 0 }
    }
}
