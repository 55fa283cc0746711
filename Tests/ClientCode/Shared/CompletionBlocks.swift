// SPDX-License-Identifier: Apache-2.0
// Copyright (c) 2026 the swift-background authors

import BackgroundTasks

// Code in the manner of Objective-C: blocks that call blocks, typed closures kept in properties.

typealias FetchCompletion = @Sendable (Result<Data, any Error>) -> Void
typealias LaunchHandler = (BGTask) -> Void

final class Fetcher: NSObject {
    nonisolated func fetch(from address: URL, completion: @escaping FetchCompletion) {
        // URLSession comes with the import, as on Apple's systems.
        let task = URLSession.shared.dataTask(with: URLRequest(url: address)) { data, _, error in
            if let error { completion(.failure(error)) } else { completion(.success(data ?? Data())) }
        }
        task.resume()
    }
}

final class BlockStyle: NSObject {
    let fetcher = Fetcher()
    var onExpire: (() -> Void)?
    lazy var handler: LaunchHandler = { [weak self] task in
        guard let self else {
            task.setTaskCompleted(success: false)
            return
        }
        self.perform(task)
    }

    func setUp() {
        BGTaskScheduler.shared.register(forTaskWithIdentifier: "org.example.blocks", using: nil, launchHandler: handler)
        BGTaskScheduler.shared.getPendingTaskRequests { requests in
            guard !requests.contains(where: { $0.identifier == "org.example.blocks" }) else { return }
            BGTaskScheduler.shared.cancelAllTaskRequests()
        }
        BGTaskScheduler.shared.getPendingTaskRequests(completionHandler: { (requests: [BGTaskRequest]) -> Void in
            for request in requests where request is BGProcessingTaskRequest { print(request.identifier) }
        })
        BGTaskScheduler.shared.submitTaskRequest(BGAppRefreshTaskRequest(identifier: "org.example.blocks")) { error in
            if let error { print(error) }
        }
    }

    func perform(_ task: BGTask) {
        task.expirationHandler = onExpire
        task.expirationHandler?()
        task.expirationHandler = nil
        nonisolated(unsafe) let task = task
        fetcher.fetch(from: URL(string: "https://example.org")!) { result in
            switch result {
            case .success: task.setTaskCompleted(success: true)
            case .failure: task.setTaskCompleted(success: false)
            }
        }
    }
}

func copies() -> Bool {
    let request = BGProcessingTaskRequest(identifier: "org.example.copied")
    request.requiresExternalPower = true
    let copy = request.copy() as! BGProcessingTaskRequest
    let other = request.copy(with: nil) as? BGTaskRequest
    return copy !== request && copy != request && other?.identifier == copy.identifier && copy.isEqual(copy)
}
